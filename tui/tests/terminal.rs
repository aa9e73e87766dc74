//! The real binary in a real, if invisible, terminal: it starts, follows keys and sizes, and
//! leaves the terminal as it found it, however it is made to go.
//!
//! Only on Linux, where `setsid` can give a program a terminal of its own.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use weir::base::Seed;
use weir::replay::Timeline;
use weir::trace::Header;
use weir_tui::view::{Ended, Options, Source, run};

const LEAVE_SCREEN: &str = "\u{1b}[?1049l";
/// The first of the modes in which a terminal tells of its mouse.
const MOUSE_ON: &str = "\u{1b}[?1000h";
const MOUSE_OFF: &str = "\u{1b}[?1000l";

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
    /// Starts the binary, whoever runs the tests and however they like their terminal.
    fn start(arguments: &[&str]) -> Self {
        Self::at_home(Path::new(env!("CARGO_TARGET_TMPDIR")), arguments)
    }

    /// Starts the binary for somebody with these configuration files.
    fn at_home(configured: &Path, arguments: &[&str]) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_weir"));
        Self::of(program, |command| {
            command.arg("tui").args(arguments).env("XDG_CONFIG_HOME", configured)
        })
    }

    /// Starts a program with what `more` adds.
    fn of(program: &Path, more: impl FnOnce(&mut Command) -> &mut Command) -> Self {
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
        let mut command = Command::new("setsid");
        let program = more(command.arg("--ctty").arg(program))
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
        self.seen(text);
        self
    }

    /// Waits likewise, and gives all that was written.
    fn seen(&mut self, text: &str) -> String {
        let patience = Timespec { tv_sec: 20, tv_nsec: 0 };
        while !self.written.contains(text) {
            let mut ready = [PollFd::new(&self.person, PollFlags::IN)];
            let said = poll(&mut ready, Some(&patience)).unwrap() > 0;
            assert!(said, "{text:?} was never written, but\n{}", self.written);
            let mut bytes = [0; 4096];
            let count = self.person.read(&mut bytes).unwrap();
            self.written.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        std::mem::take(&mut self.written)
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
        self.see(LEAVE_SCREEN);
        self.has_ended(code);
    }

    /// Sees that the program has ended with `code`, and left the terminal as it was.
    fn has_ended(mut self, code: i32) {
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

#[test]
fn what_can_be_done_is_done_by_name() {
    let mut session = Session::start(&["basics/word-count", "--theme", "dark"]);
    let start = session.seen("Nothing has happened yet");
    assert!(start.contains(MOUSE_ON));
    session.press(":");
    session.see("step-forward");
    session.press("show events\r");
    session.see("happened");
    // What has finished has a colour: of the 256, since a theme was asked for.
    session.press(":show graph\r");
    session.press(":end\r");
    session.see("38;5;");
    session.press(":quit\r");
    session.ends(0);
}

#[test]
fn the_configuration_is_found_and_followed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("weir");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("config.toml");
    fs::write(&file, "ascii = true\nmouse = false\n[keys]\nquit = [\"F10\", \"Q\"]\n").unwrap();
    let mut found = Session::at_home(home.path(), &["basics/word-count"]);
    let start = found.seen("F10");
    assert!(start.contains("Nothing") && start.contains("right"), "{start}");
    assert!(!start.contains(MOUSE_ON));
    found.press("q?");
    found.see("Help");
    found.press("Q");
    found.ends(0);
    let given = file.to_str().unwrap();
    let mut given = Session::start(&["basics/word-count", "--config", given]);
    given.see("F10");
    // F10, as terminals send it.
    given.press("\u{1b}[21~");
    given.ends(0);
}

/// What tells the child of the test below what it is: the file for which it waits.
const CHILD: &str = "WEIR_TEST_PANICS_AT";

/// A panic is told on a terminal on which it can be read. There is no key for one, so that this
/// program itself shows a run, in a child of its own, and fails meanwhile.
#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    if let Some(file) = std::env::var_os(CHILD) {
        return panics(file.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("now");
    let this = std::env::current_exe().unwrap();
    let mut session = Session::of(&this, |command| {
        let test = "a_panic_gives_the_terminal_back_before_it_is_told";
        command.args(["--exact", test, "--nocapture"]).env(CHILD, &file)
    });
    session.see("Nothing has happened yet");
    fs::write(&file, "").unwrap();
    let told = session.seen("something is out of order");
    let place = |text: &str| told.find(text).unwrap_or_else(|| panic!("{text:?} is not in {told}"));
    assert!(place(MOUSE_OFF) < place("something is out of order"));
    assert!(place(LEAVE_SCREEN) < place("something is out of order"));
    session.has_ended(0);
}

/// Shows a run in which nothing happens, until a thread panics: the hook does not ask which. It
/// does so as soon as there is a file.
fn panics(file: PathBuf) {
    /// Ends what is shown, however the thread that has it ends.
    struct Stops(Arc<AtomicBool>);

    impl Drop for Stops {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let stop = Arc::new(AtomicBool::new(false));
    let stops = Stops(Arc::clone(&stop));
    let thread = std::thread::Builder::new().spawn(move || {
        let _stops = stops;
        while !file.exists() {
            std::thread::park_timeout(Duration::from_millis(10));
        }
        panic!("something is out of order");
    });
    let timeline = Timeline::new(Header::new("stub", "", Seed(1), Vec::new()), []);
    let (title, teaches, about) = ("Nothing at all".to_owned(), Vec::new(), String::new());
    let source = Source { title, teaches, about, timeline, grows: false };
    let ended = run(source, &mpsc::channel().1, &Options::default(), &stop).unwrap();
    assert_eq!(ended, Ended::Stopped);
    thread.unwrap().join().unwrap_err();
}
