//! `weir sweep`.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::available_parallelism;
use std::time::Instant;

use weir::gallery::Registry;
use weir::mutant::Mutant;
use weir::sweep::{
    Faults, STANDARD, StandardScenario, Subject, SweepError, SweepOptions, SweepReport, Tally, hunt,
};

use super::arguments::{Mutants, SweepArguments};
use super::interrupt::{self, INTERRUPTED};
use super::output::Pending;
use super::{BUG, Console, Failure, sweep_result};
use crate::progress::Display;

/// No file of faults is larger.
const LARGEST: u64 = 1 << 18;

/// Sweeps scenarios, writes the report and prints what it came to.
#[expect(clippy::disallowed_methods, reason = "how long a sweep takes is a question of real time")]
pub fn sweep(
    arguments: &SweepArguments,
    registry: &Registry,
    console: &mut Console,
) -> Result<u8, Failure> {
    let subjects = subjects(arguments, registry)?;
    let pending = arguments.report.as_deref().map(Pending::new).transpose()?;
    let stop = Arc::new(AtomicBool::new(false));
    interrupt::listen(&stop)?;
    let tally = Arc::new(Tally::default());
    let display = if console.shows_progress() { Display::of_sweep(tally.clone()) } else { None };
    let start = Instant::now();
    let result = carry_out(arguments, &subjects, registry, &tally, &stop);
    let seconds = start.elapsed().as_secs_f64();
    drop(display);
    let report = match result {
        Err(SweepError::Interrupted) => {
            console.error("interrupted");
            return Ok(INTERRUPTED);
        }
        result => result?,
    };
    if let Some(pending) = pending {
        let json = serde_json::to_string_pretty(&report.to_json(seconds));
        let json = json.map_err(|error| Failure::Bug(error.to_string()))?;
        pending.finish(format!("{json}\n").as_bytes())?;
    }
    if console.json() {
        console.document(&report.to_json(seconds))?;
    } else if !console.quiet() {
        sweep_result::print(&report, seconds, console)?;
    }
    sweep_result::complain(&report, console);
    Ok(match report.holds() {
        true => 0,
        false if report.panicked() => BUG,
        false => 1,
    })
}

fn carry_out(
    arguments: &SweepArguments,
    subjects: &[Subject],
    registry: &Registry,
    tally: &Tally,
    stop: &Arc<AtomicBool>,
) -> Result<SweepReport, SweepError> {
    let processors = || available_parallelism().map_or(1, usize::from);
    let options = SweepOptions {
        seeds: arguments.seeds.clone(),
        jobs: arguments.jobs.map_or_else(processors, usize::from),
        shard: arguments.shard,
        shrink: arguments.shrink,
    };
    let mutants: Vec<Mutant> = match arguments.mutant {
        None => return weir::sweep::sweep(subjects, registry, &options, tally, stop),
        Some(Mutants::One(mutant)) => vec![mutant],
        Some(Mutants::All) => Mutant::all().collect(),
    };
    hunt(&mutants, subjects, registry, &options, tally, stop)
}

fn subjects(arguments: &SweepArguments, registry: &Registry) -> Result<Vec<Subject>, Failure> {
    let faults = match arguments.faults.as_str() {
        "none" => Faults::None,
        "random" => Faults::Random,
        path => Faults::Given { path: path.to_owned(), text: read(Path::new(path))? },
    };
    let sets = &arguments.sets;
    match &arguments.scenario {
        Some(name) => Ok(vec![Subject::load(name, sets, &faults, registry)?]),
        None => {
            let load = |it: &StandardScenario| Ok(it.subject(&faults, sets, registry)?);
            STANDARD.iter().map(load).collect()
        }
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let file = File::open(path).map_err(Failure::file(path))?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(Failure::file(path))?;
    Ok(text)
}
