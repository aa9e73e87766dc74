//! The edge: the real terminal, its events and its clock.

use std::io::{self, IsTerminal, stdin, stdout};
use std::mem::ManuallyDrop;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{
    self, DisableMouseCapture, EnableMouseCapture, Event as TerminalEvent,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::force_color_output;
use weir::base::SIMULATION_THREAD;

use super::app::{App, Options, Source, UiEvent};
use super::choose::{Choice, Chooser, Entry};
use super::draw::draw;
use super::export::exports;
use super::save::save;
use super::update::{Flow, update};

/// How long is waited for a key while a run is computed.
const GLANCE: Duration = Duration::from_millis(4);

/// How many events of a trace are taken in before the terminal is looked at again.
const AT_ONCE: usize = 16_384;

/// The same of what a run sends.
const FEW: usize = 8;

/// How often time is told of while nothing else happens.
const TICK: Duration = Duration::from_millis(33);

/// Why a screen was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended<T> {
    /// By one who had seen enough, or had chosen.
    Left(T),
    /// The program was told to end, or its terminal is gone.
    Stopped,
}

/// Gives the terminal back as it was, also when what follows fails.
struct Screen {
    /// Never dropped: where it cannot show the cursor again it complains on the standard error,
    /// which is a panic if that was the terminal that is gone.
    terminal: ManuallyDrop<DefaultTerminal>,
}

impl Screen {
    fn open(options: &Options) -> io::Result<Self> {
        // The theme says whether there are colours; a library that looks at NO_COLOR a second time
        // would take away those that were asked for.
        force_color_output(true);
        // `try_init` adds a hook that restores the terminal when there is a panic.
        let terminal = ratatui::try_init()?;
        let screen = Self { terminal: ManuallyDrop::new(terminal) };
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // What breaks a run that is looked at does not break the looking.
            if thread::current().name() == Some(SIMULATION_THREAD) {
                let mut broken = BROKEN.lock().unwrap_or_else(PoisonError::into_inner);
                broken.get_or_insert_with(|| panic.to_string());
                return;
            }
            // There is nobody left to tell if this fails too.
            let _ = execute!(stdout(), DisableMouseCapture);
            previous(panic);
        }));
        if options.mouse {
            execute!(stdout(), EnableMouseCapture)?;
        }
        Ok(screen)
    }

    fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// What broke a run that was looked at. It is told when there is a terminal to tell it on.
static BROKEN: Mutex<Option<String>> = Mutex::new(None);

/// What has broken a run that was looked at, and where, if its code did.
pub fn take_broken() -> Option<String> {
    BROKEN.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Leaves the terminal as it was found.
pub fn give_back() {
    // Not `restore`: a terminal that is gone is nothing to complain of.
    let _ = execute!(stdout(), DisableMouseCapture, Show);
    let _ = ratatui::try_restore();
}

/// What happens on the terminal within `wait`, if anything does; `None` if `stop` is set.
fn next(stop: &AtomicBool, wait: Duration) -> io::Result<Option<Vec<UiEvent>>> {
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    if !event::poll(wait)? {
        return Ok(Some(Vec::new()));
    }
    // What came in the meantime is taken in together: a key that is held down must not be
    // outrun by the drawing.
    let mut events = Vec::new();
    loop {
        match event::read()? {
            TerminalEvent::Key(key) => events.push(UiEvent::Key(key)),
            TerminalEvent::Mouse(mouse) => events.push(UiEvent::Mouse(mouse)),
            TerminalEvent::Resize(width, height) => events.push(UiEvent::Resize(width, height)),
            TerminalEvent::FocusGained | TerminalEvent::FocusLost | TerminalEvent::Paste(_) => {}
        }
        if events.len() == MOST_AT_ONCE || !event::poll(Duration::ZERO)? {
            return Ok(Some(events));
        }
    }
}

/// How many events are taken in before the screen is drawn again.
const MOST_AT_ONCE: usize = 64;

/// Takes what failed because the terminal is gone, which may be noticed here before the signal
/// is, for being told to end.
fn unless_gone<T>(ended: io::Result<Ended<T>>, stop: &AtomicBool) -> io::Result<Ended<T>> {
    // One that has hung up does not answer as a terminal any more.
    let gone = || stop.load(Ordering::Relaxed) || !stdin().is_terminal();
    match ended {
        Err(_) if gone() => Ok(Ended::Stopped),
        ended => ended,
    }
}

/// Shows a run until one has seen enough or `stop` is set. What is new of it comes from `feed`.
pub fn run(
    source: Source,
    feed: &Receiver<UiEvent>,
    options: &Options,
    stop: &AtomicBool,
) -> io::Result<Ended<()>> {
    unless_gone(show(source, feed, options, stop), stop)
}

#[expect(clippy::disallowed_methods, reason = "this is the edge: playing follows real time")]
fn show(
    source: Source,
    feed: &Receiver<UiEvent>,
    options: &Options,
    stop: &AtomicBool,
) -> io::Result<Ended<()>> {
    let mut screen = Screen::open(options)?;
    let mut app = App::new(source, options, screen.size()?);
    let mut told = Instant::now();
    let mut drawn: Option<Instant> = None;
    let mut stale = true;
    loop {
        // A run that grows fast is drawn as often as one that plays.
        if stale && drawn.is_none_or(|drawn| !app.is_growing() || drawn.elapsed() >= TICK) {
            screen.terminal.draw(|frame| draw(&app, frame.buffer_mut()))?;
            drawn = Some(Instant::now());
            stale = false;
        }
        let new: Vec<UiEvent> = match app.timeline().is_behind() {
            true => vec![UiEvent::CatchUp(AT_ONCE)],
            false => feed.try_iter().take(FEW).collect(),
        };
        let wait = if new.is_empty() { TICK } else { Duration::ZERO };
        let wait = if app.is_growing() { wait.min(GLANCE) } else { wait };
        let Some(events) = next(stop, wait)? else { return Ok(Ended::Stopped) };
        if !events.is_empty() {
            drawn = None;
        }
        stale |= app.is_playing() || !events.is_empty() || !new.is_empty();
        for event in new.into_iter().chain(events) {
            match update(&mut app, event) {
                Flow::Stay => {}
                Flow::Save => {
                    let saved = UiEvent::Saved(saved(&app));
                    update(&mut app, saved);
                }
                Flow::Quit => return Ok(Ended::Left(())),
            }
        }
        let passed = told.elapsed();
        if passed >= TICK {
            told += passed;
            update(&mut app, UiEvent::Tick(passed));
        }
    }
}

/// Writes what is on the screen into the current folder. Says how the files are called, or what is
/// in the way.
fn saved(app: &App) -> Result<Vec<String>, String> {
    let paths = save(Path::new("."), &exports(app)).map_err(|error| error.to_string())?;
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(paths.iter().map(name).collect())
}

/// Lets one choose among `entries` until one has, or has enough, or `stop` is set.
pub fn choose(
    entries: Vec<Entry>,
    options: &Options,
    stop: &AtomicBool,
) -> io::Result<Ended<Option<usize>>> {
    unless_gone(offer(entries, options, stop), stop)
}

fn offer(
    entries: Vec<Entry>,
    options: &Options,
    stop: &AtomicBool,
) -> io::Result<Ended<Option<usize>>> {
    let mut screen = Screen::open(options)?;
    let mut chooser = Chooser::new(entries, options, screen.size()?);
    loop {
        screen.terminal.draw(|frame| chooser.draw(frame.buffer_mut()))?;
        let Some(events) = next(stop, TICK)? else { return Ok(Ended::Stopped) };
        for event in events {
            match chooser.update(&event) {
                Choice::Open => {}
                Choice::Made(index) => return Ok(Ended::Left(Some(index))),
                Choice::Abandoned => return Ok(Ended::Left(None)),
            }
        }
    }
}
