//! The real binary in a real, if invisible, terminal: it starts, follows keys and sizes, and
//! leaves the terminal as it found it, however it is made to go.
//!
//! Only on Linux, where `setsid` can give a program a terminal of its own.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

/// A program with a terminal of its own.
struct Session {
    /// What the person has in front of them.
    person: File,
    /// What the program has.
    terminal: OwnedFd,
    program: Child,
    /// Everything the program has written since it was last asked for.
    written: String,
    before: Termios,
}

fn resize(person: &File, columns: u16, rows: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(person, size).unwrap();
}

impl Session {
    fn start(arguments: &[&str]) -> Self {
        let person =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let person = File::from(person);
        resize(&person, 80, 24);
        let terminal =
            open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        let program = Command::new("setsid")
            .arg("--ctty")
            .arg(env!("CARGO_BIN_EXE_weir"))
            .arg("tui")
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .stdin(terminal.try_clone().unwrap())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal.try_clone().unwrap())
            .spawn()
            .expect("setsid is part of util-linux");
        Self { person, terminal, program, written: String::new(), before }
    }

    /// Waits until the program has written `text`, which should be one word or not plain: what is
    /// blank already is not written again; twenty seconds of silence are too long.
    fn see(&mut self, text: &str) -> &mut Self {
        let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
        while !self.written.contains(text) {
            let mut ready = [PollFd::new(&self.person, PollFlags::IN)];
            let said = poll(&mut ready, Some(&patience)).unwrap() > 0;
            assert!(said, "{text:?} was never written, but\n{}", self.written);
            let mut bytes = [0; 4096];
            let count = self.person.read(&mut bytes).unwrap();
            self.written.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        self.written.clear();
        self
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        self.person.write_all(keys.as_bytes()).unwrap();
        self
    }

    fn signal(&mut self, signal: Signal) -> &mut Self {
        kill_process(Pid::from_child(&self.program), signal).unwrap();
        self
    }

    /// Sees the program leave its screen and end with `code`.
    fn ends(mut self, code: i32) {
        const LEAVE_SCREEN: &str = "\u{1b}[?1049l";
        self.see(LEAVE_SCREEN);
        assert_eq!(self.program.wait().unwrap().code(), Some(code));
        let after = tcgetattr(&self.terminal).unwrap();
        let modes = |it: &Termios| (it.input_modes, it.output_modes, it.local_modes);
        assert_eq!(modes(&after), modes(&self.before));
    }
}

#[test]
fn a_scenario_is_chosen_walked_through_and_left() {
    let mut session = Session::start(&[]);
    let names = weir::scenario::embedded().names();
    let place = names.iter().position(|name| *name == "basics/word-count").unwrap();
    session.see("Which run would you like").press(&"j".repeat(place)).press("\r");
    session.see("Nothing has happened yet");
    resize(&session.person, 160, 50);
    session.see("what happened");
    resize(&session.person, 30, 5);
    session.see("needs");
    resize(&session.person, 80, 24);
    session.see("Counting words").press("?");
    session.see(" Help ").press("q");
    session.ends(0);
}

#[test]
fn whatever_ends_it_the_terminal_is_given_back() {
    let shown = || {
        let mut session = Session::start(&["basics/word-count"]);
        session.see("Nothing has happened yet");
        session
    };
    let mut session = shown();
    session.press("\u{3}");
    session.ends(0);
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut session = shown();
        session.signal(signal);
        session.ends(130);
    }
}

#[test]
fn a_program_whose_terminal_is_gone_ends() {
    let mut session = Session::start(&["basics/word-count"]);
    session.see("Nothing has happened yet");
    let Session { person, terminal, mut program, .. } = session;
    drop((person, terminal));
    assert_eq!(program.wait().unwrap().code(), Some(130));
}
