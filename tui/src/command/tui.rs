//! `weir tui`.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use weir::gallery::Registry;
use weir::replay::Timeline;
use weir::scenario::{Scenario, embedded, load};
use weir::sim::Watch;
use weir::trace::{Level, TraceFile};

use super::arguments::{ScenarioArguments, TuiArguments};
use super::interrupt::{self, INTERRUPTED};
use super::live::Live;
use super::{Console, Failure, run, settings};
use crate::config::Config;
use crate::view::{self, Ended, Entry, Options, Source};

/// Shows a run, computed from a scenario or read from a trace.
pub fn tui(
    arguments: &TuiArguments,
    registry: &Registry,
    console: &mut Console,
) -> Result<u8, Failure> {
    let config = settings::load(arguments.config.as_deref())?;
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        let message = "weir tui needs a terminal; `weir trace` shows a trace without one";
        return Err(Failure::Usage(message.to_owned()));
    }
    let options = options(arguments, config, console);
    // From here on a signal is a wish that is looked at, so that the terminal is given back.
    let watch = Watch::default();
    let shown = Arc::new(AtomicBool::new(true));
    interrupt::listen_while_shown(&watch.stop, &shown)?;
    let name = match &arguments.source {
        Some(name) => name.clone(),
        None => match choose(&options, &watch)? {
            Ended::Left(Some(name)) => name,
            Ended::Left(None) => return Ok(0),
            Ended::Stopped => return Ok(INTERRUPTED),
        },
    };
    let (source, live, feed) = match trace_bytes(&name)? {
        Some(_) if arguments.seed.is_some() => {
            let message = format!("{name} is a trace: its run has its seed already");
            return Err(Failure::Usage(message));
        }
        Some(bytes) => {
            let trace = TraceFile::parse(bytes)
                .map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
            let scenario = embedded_scenario(&trace.header().scenario);
            let source = source(scenario, Timeline::of(trace), false);
            (source, None, mpsc::channel().1)
        }
        None => {
            let wanted = ScenarioArguments {
                scenario: name.clone(),
                seed: arguments.seed,
                sets: Vec::new(),
            };
            let (scenario, lowered) = run::prepare(&wanted, registry, Level::Records)?;
            let (live, timeline, feed) = Live::begin(lowered, &watch);
            (source(Some(scenario), timeline, true), Some(live), feed)
        }
    };
    let ended = view::run(source, &feed, &options, &watch.stop);
    // A run that waits for somebody to take in what it tells must hear that nobody does any more.
    drop(feed);
    shown.store(false, Ordering::Relaxed);
    if let Some(broken) = view::take_broken() {
        console.error(&broken);
    }
    if let Some(live) = live {
        live.end()?;
    }
    match ended? {
        Ended::Left(()) => Ok(0),
        Ended::Stopped => Ok(INTERRUPTED),
    }
}

/// What is said on the command line goes before what is said in the file.
fn options(arguments: &TuiArguments, config: Config, console: &Console) -> Options {
    let Config { theme, ascii, mouse, keys } = config;
    // A theme that is asked for here and now is wanted although NO_COLOR is set. One in the file
    // says which colours there are, and not whether.
    let asked_for = arguments.theme.is_some() && !console.refuses_color();
    Options {
        color: console.color() || asked_for,
        theme: arguments.theme.or(theme).unwrap_or_default(),
        ascii: ascii.unwrap_or_else(|| !speaks_unicode()),
        mouse: mouse.unwrap_or(true),
        keys,
        at: arguments.at,
    }
}

/// Offers the embedded scenarios.
fn choose(options: &Options, watch: &Watch) -> Result<Ended<Option<String>>, Failure> {
    let mut entries = Vec::new();
    for name in embedded().names() {
        let Scenario { title, teaches, about, .. } = load(&name)?;
        entries.push(Entry { name, title, teaches, about });
    }
    let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    Ok(match view::choose(entries, options, &watch.stop)? {
        Ended::Left(index) => Ended::Left(index.map(|index| names[index].clone())),
        Ended::Stopped => Ended::Stopped,
    })
}

/// The contents of a file that is no scenario.
fn trace_bytes(name: &str) -> Result<Option<Vec<u8>>, Failure> {
    let path = Path::new(name);
    let scenario = path.extension().is_some_and(|extension| extension == "toml");
    if scenario || embedded().text(name).is_some() || !path.is_file() {
        return Ok(None);
    }
    fs::read(path).map(Some).map_err(Failure::file(path))
}

/// What a trace was of, if it still explains itself.
fn embedded_scenario(name: &str) -> Option<Scenario> {
    embedded().text(name)?;
    load(name).ok()
}

fn source(scenario: Option<Scenario>, timeline: Timeline, grows: bool) -> Source {
    match scenario {
        Some(Scenario { title, teaches, about, .. }) => {
            Source { title, teaches, about, timeline, grows }
        }
        None => Source {
            title: timeline.header().scenario.clone(),
            teaches: Vec::new(),
            about: String::new(),
            timeline,
            grows,
        },
    }
}

/// Whether the locale is one whose terminals show more than ASCII.
fn speaks_unicode() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
    set.is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
