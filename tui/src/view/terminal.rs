//! The edge: the real terminal, its events and its clock.

use std::io::{self, stdout};
use std::panic;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{
    self, DisableMouseCapture, EnableMouseCapture, Event as TerminalEvent,
};
use ratatui::crossterm::execute;

use super::app::{App, Options, Source, UiEvent};
use super::draw::draw;
use super::update::{Flow, update};

/// How often time is told of while nothing else happens.
const TICK: Duration = Duration::from_millis(33);

/// Gives the terminal back as it was, also when what follows fails.
struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    fn open() -> io::Result<Self> {
        // `try_init` adds a hook that restores the terminal when there is a panic.
        let terminal = ratatui::try_init()?;
        let screen = Self { terminal };
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // There is nobody left to tell if this fails too.
            let _ = execute!(stdout(), DisableMouseCapture);
            previous(panic);
        }));
        execute!(stdout(), EnableMouseCapture)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(stdout(), DisableMouseCapture);
        ratatui::restore();
    }
}

/// Shows a run until one has seen enough.
#[expect(clippy::disallowed_methods, reason = "this is the edge: playing follows real time")]
pub fn run(source: Source, options: &Options) -> io::Result<()> {
    let mut screen = Screen::open()?;
    let size = screen.terminal.size()?;
    let mut app = App::new(source, options, (size.width, size.height));
    let mut told = Instant::now();
    let mut stale = true;
    loop {
        if stale {
            screen.terminal.draw(|frame| draw(&app, frame.buffer_mut()))?;
        }
        stale = app.is_playing();
        if event::poll(TICK)? {
            let event = match event::read()? {
                TerminalEvent::Key(key) => Some(UiEvent::Key(key)),
                TerminalEvent::Mouse(mouse) => Some(UiEvent::Mouse(mouse)),
                TerminalEvent::Resize(width, height) => Some(UiEvent::Resize(width, height)),
                TerminalEvent::FocusGained | TerminalEvent::FocusLost | TerminalEvent::Paste(_) => {
                    None
                }
            };
            stale = true;
            if let Some(event) = event
                && update(&mut app, event) == Flow::Quit
            {
                return Ok(());
            }
        }
        let passed = told.elapsed();
        if passed >= TICK {
            told += passed;
            update(&mut app, UiEvent::Tick(passed));
        }
    }
}
