//! The command line: what there is to say, and what becomes of it.
//!
//! Invariants: a command ends with one of the exit codes of [`Failure`] or with 0; results go to
//! stdout and everything else to stderr; a reader that goes away is no error.

mod arguments;
mod bench;
mod check;
mod console;
mod failure;
mod graph;
mod interrupt;
mod list;
mod live;
mod metrics;
mod output;
mod result;
mod run;
mod settings;
mod sweep;
mod sweep_result;
mod table;
mod token;
mod trace;
mod tui;
mod verify;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, FromArgMatches};
use weir::gallery::Registry;

use arguments::{Cli, Command};
use console::Console;
use failure::Failure;
use interrupt::INTERRUPTED;

/// The exit code of a bug in Weir.
const BUG: u8 = 70;

/// Runs the command line over the jobs of `registry`, with its exit code as the result.
#[expect(clippy::needless_pass_by_value, reason = "a program ends with it: it owns its registry")]
pub fn main(registry: Registry) -> ExitCode {
    let parsed = Cli::command()
        .color(colors_of_usage())
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // clap knows which of its messages are errors; a closed pipe is not one of ours.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut console = Console::new(cli.color, cli.quiet, cli.json);
    let dispatched = catch_unwind(AssertUnwindSafe(|| {
        let result = dispatch(cli.command, &registry, &mut console);
        let flushed = console.flush().map_err(Failure::from);
        match result? {
            // What interrupts may be that the terminal is gone: nobody waits for the rest.
            INTERRUPTED => Ok(INTERRUPTED),
            code => flushed.map(|()| code),
        }
    }));
    let code = match dispatched {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => {
            console.failure(&failure);
            failure.exit_code()
        }
        Err(_) => {
            console.error("this is a bug in Weir; the message above says where");
            BUG
        }
    };
    ExitCode::from(code)
}

/// What `--color` says of the parser's own messages, which may be about the very arguments that
/// say it.
fn colors_of_usage() -> ColorChoice {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let follows = |index: usize| arguments.get(index + 1).and_then(|value| value.to_str());
    let wanted = arguments.iter().enumerate().find_map(|(index, argument)| {
        let argument = argument.to_str()?;
        if argument == "--color" { follows(index) } else { argument.strip_prefix("--color=") }
    });
    match wanted {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        Some(_) | None => ColorChoice::Auto,
    }
}

fn dispatch(command: Command, registry: &Registry, console: &mut Console) -> Result<u8, Failure> {
    match command {
        Command::Run(arguments) => run::run(&arguments, registry, console),
        Command::Graph(arguments) => graph::graph(&arguments, registry, console),
        Command::Trace(arguments) => trace::trace(&arguments, console),
        Command::Check(arguments) => check::check(&arguments, console),
        Command::Verify(arguments) => verify::verify(&arguments, registry, console),
        Command::Sweep(arguments) => sweep::sweep(&arguments, registry, console),
        Command::Token(arguments) => token::token(&arguments, registry, console),
        Command::Tui(arguments) => tui::tui(&arguments, registry, console),
        Command::Bench(arguments) => bench::bench(&arguments, console),
        Command::List => list::list(registry, console),
    }
}
