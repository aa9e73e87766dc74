//! Every scenario with every seed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::coverage::unreachable;
use super::pool::in_order;
use super::shrink::shrink;
use super::trial::Runner;
use super::{Coverage, Failure, Reference, Seeds, Shard, Subject, SweepError, SweepReport, Trial};
use crate::base::Seed;
use crate::gallery::Registry;

/// How to sweep.
#[derive(Clone, Debug)]
pub struct SweepOptions {
    /// The seeds.
    pub seeds: Seeds,
    /// On how many threads.
    pub jobs: usize,
    /// Which part of it.
    pub shard: Shard,
    /// Whether faults that a failure does not need are taken away.
    pub shrink: bool,
}

/// How far a sweep is, for whoever shows that.
#[derive(Debug, Default)]
pub struct Tally {
    planned: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
}

impl Tally {
    /// How many runs there will be, at most.
    pub fn planned(&self) -> u64 {
        self.planned.load(Ordering::Relaxed)
    }

    /// How many are done.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// With how many of them something is wrong.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn plan(&self, runs: usize) {
        self.planned.fetch_add(runs as u64, Ordering::Relaxed);
    }

    pub(super) fn tick(&self, failed: bool) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
    }
}

/// What one run came to.
type Unit = (Coverage, Option<Failure>);

/// Sweeps `subjects`. `stop` ends it early, without a result.
pub fn sweep(
    subjects: &[Subject],
    registry: &Registry,
    options: &SweepOptions,
    tally: &Tally,
    stop: &Arc<AtomicBool>,
) -> Result<SweepReport, SweepError> {
    let runner = Runner { registry, stop };
    let seeds = &options.seeds;
    let places: Vec<usize> = options.shard.places(subjects.len() * seeds.count()).collect();
    tally.plan(places.len());
    let references = References::default();
    let work = |piece: usize| {
        let place = places[piece];
        let (subject, seed) = (place / seeds.count(), seeds.get(place % seeds.count()));
        let unit = one(runner, subjects, subject, &references, seed, options.shrink);
        tally.tick(unit.as_ref().is_ok_and(|(_, failure)| failure.is_some()));
        unit
    };
    let units = in_order(places.len(), options.jobs, stop, Result::is_err, work);
    let mut report = empty(subjects, options);
    for unit in units.ok_or(SweepError::Interrupted)? {
        let (coverage, failure) = unit?;
        report.runs += 1;
        report.coverage.merge(&coverage);
        report.failures.extend(failure);
    }
    Ok(report)
}

/// Before the first run.
pub(super) fn empty(subjects: &[Subject], options: &SweepOptions) -> SweepReport {
    let checkpointing: Vec<_> = subjects.iter().map(Subject::checkpointing).collect();
    SweepReport {
        scenarios: subjects.iter().map(|subject| subject.scenario().name.clone()).collect(),
        seeds: options.seeds.clone(),
        shard: options.shard,
        runs: 0,
        failures: Vec::new(),
        coverage: Coverage::default(),
        unreachable: unreachable(&checkpointing),
        hunted: Vec::new(),
    }
}

/// The runs without faults, by subject; made when they are needed first.
#[derive(Default)]
pub(super) struct References(Mutex<BTreeMap<usize, Arc<Result<Reference, Trial>>>>);

impl References {
    /// That of a subject; or what is to be told of it, if it panics.
    pub fn of(
        &self,
        runner: Runner<'_>,
        subjects: &[Subject],
        place: usize,
    ) -> Result<Arc<Result<Reference, Trial>>, SweepError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reference) = known().get(&place).cloned() {
            return Ok(reference);
        }
        let scenario = subjects[place].scenario();
        let plain = subjects[place].token(scenario.seed, None, None);
        let reference = Arc::new(runner.reference(&plain, scenario)?);
        known().insert(place, reference.clone());
        Ok(reference)
    }
}

fn one(
    runner: Runner<'_>,
    subjects: &[Subject],
    place: usize,
    references: &References,
    seed: Seed,
    shrinks: bool,
) -> Result<Unit, SweepError> {
    let subject = &subjects[place];
    let scenario = subject.scenario();
    let found = match subject.is_compared(None) {
        true => Some(references.of(runner, subjects, place)?),
        false => None,
    };
    let reference = match found.as_deref() {
        None => None,
        Some(Ok(reference)) => Some(reference),
        Some(Err(panic)) => {
            let plain = subject.token(scenario.seed, None, None);
            return Ok((Coverage::default(), Some(Failure::new(plain, panic.clone()))));
        }
    };
    let token = subject.token(seed, None, reference);
    let trial = runner.attempt(&token, scenario, reference)?;
    let coverage = trial.coverage.clone();
    if trial.violations.is_empty() {
        return Ok((coverage, None));
    }
    let mut failing = (token, trial);
    if shrinks {
        failing = shrink(runner, scenario, reference, failing)?;
    }
    Ok((coverage, Some(Failure::new(failing.0, failing.1))))
}
