//! `weir tui`.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;

use weir::gallery::Registry;
use weir::replay::Timeline;
use weir::scenario::{Scenario, embedded, load};
use weir::sim::Watch;
use weir::trace::{Level, TraceFile};

use super::arguments::{ScenarioArguments, TuiArguments};
use super::{Console, Failure, interrupt, run};
use crate::view::{self, Options, Source};

/// What is shown when nothing is named.
const FIRST: &str = "basics/word-count";

/// Shows a run, computed from a scenario or read from a trace.
pub fn tui(
    arguments: &TuiArguments,
    registry: &Registry,
    console: &mut Console,
) -> Result<u8, Failure> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        let message = "weir tui needs a terminal; `weir trace` shows a trace without one";
        return Err(Failure::Usage(message.to_owned()));
    }
    let name = arguments.source.as_deref().unwrap_or(FIRST);
    let (scenario, bytes) = match trace_bytes(name)? {
        Some(bytes) => (None, bytes),
        None => {
            let wanted = ScenarioArguments {
                scenario: name.to_owned(),
                seed: arguments.seed,
                sets: Vec::new(),
            };
            let (scenario, lowered) = run::prepare(&wanted, registry, Level::Records)?;
            let watch = Watch::default();
            interrupt::listen(&watch.stop)?;
            let (outcome, _) = run::execute(lowered, console, &watch)?;
            if outcome.exit_code() == 130 {
                return Ok(130);
            }
            (Some(scenario), outcome.report.trace.unwrap_or_default())
        }
    };
    let trace =
        TraceFile::parse(bytes).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
    let scenario = scenario.or_else(|| embedded_scenario(&trace.header().scenario));
    let timeline = Timeline::new(trace.header().clone(), trace.iter());
    let source = source(scenario, &trace, timeline);
    let options = Options { color: console.color(), ascii: !speaks_unicode(), at: arguments.at };
    view::run(source, &options)?;
    Ok(0)
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

fn source(scenario: Option<Scenario>, trace: &TraceFile, timeline: Timeline) -> Source {
    match scenario {
        Some(Scenario { title, teaches, about, .. }) => Source { title, teaches, about, timeline },
        None => Source {
            title: trace.header().scenario.clone(),
            teaches: Vec::new(),
            about: String::new(),
            timeline,
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
