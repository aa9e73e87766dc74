//! Looks for the first run that notices each mutant.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::pool::in_order;
use super::runs::{References, empty};
use super::shrink::shrink;
use super::trial::Runner;
use super::{Coverage, Failure, Hunted, Subject, SweepError, SweepOptions, SweepReport, Tally};
use crate::gallery::Registry;
use crate::mutant::Mutant;

/// Sweeps `subjects` with each of `mutants` until one run notices it: something is wrong with that
/// run, and nothing with the same run without the mutant. Seeds come first, so that the first one is
/// the smallest. A shard is a part of the mutants.
pub fn hunt(
    mutants: &[Mutant],
    subjects: &[Subject],
    registry: &Registry,
    options: &SweepOptions,
    tally: &Tally,
    stop: &Arc<AtomicBool>,
) -> Result<SweepReport, SweepError> {
    let hunter = Hunter {
        runner: Runner { registry, stop },
        subjects,
        options,
        references: References::default(),
    };
    let mut report = empty(subjects, options);
    for place in options.shard.places(mutants.len()) {
        let mutant = mutants[place];
        let count = subjects.len() * options.seeds.count();
        tally.plan(count);
        let work = |piece| {
            let tried = hunter.try_out(mutant, piece);
            tally.tick(tried.as_ref().is_ok_and(|(_, found)| found.is_some()));
            tried
        };
        let enough = |tried: &Result<Tried, SweepError>| {
            tried.as_ref().map_or(true, |(_, found)| found.is_some())
        };
        let tried = in_order(count, options.jobs, stop, enough, work);
        let mut hunted = Hunted { mutant, runs: 0, found: None };
        for tried in tried.ok_or(SweepError::Interrupted)? {
            let (coverage, found) = tried?;
            hunted.runs += 1;
            report.coverage.merge(&coverage);
            hunted.found = found;
        }
        report.runs += hunted.runs;
        report.failures.extend(hunted.found.clone());
        report.hunted.push(hunted);
    }
    Ok(report)
}

/// What one run came to, and whether it noticed the mutant.
type Tried = (Coverage, Option<Failure>);

struct Hunter<'a> {
    runner: Runner<'a>,
    subjects: &'a [Subject],
    options: &'a SweepOptions,
    references: References,
}

impl Hunter<'_> {
    fn try_out(&self, mutant: Mutant, piece: usize) -> Result<Tried, SweepError> {
        let place = piece % self.subjects.len();
        let subject = &self.subjects[place];
        let seed = self.options.seeds.get(piece / self.subjects.len());
        let reference = self.references.of(self.runner, self.subjects, place)?;
        // One that panics can show nothing of a mutant.
        let Ok(reference) = &*reference else { return Ok((Coverage::default(), None)) };
        let reference = Some(reference);
        let scenario = subject.scenario();
        let token = subject.token(seed, Some(mutant), reference);
        let mut trial = self.runner.attempt(&token, scenario, reference)?;
        // That something did not happen at the moment of a note shows nothing.
        trial.violations.retain(|violation| !violation.is_vacuity());
        let coverage = trial.coverage.clone();
        if trial.violations.is_empty() {
            return Ok((coverage, None));
        }
        let right = subject.token(seed, None, reference);
        if !self.runner.attempt(&right, scenario, reference)?.violations.is_empty() {
            return Ok((coverage, None));
        }
        let mut failing = (token, trial);
        if self.options.shrink {
            failing = shrink(self.runner, scenario, reference, failing)?;
        }
        Ok((coverage, Some(Failure::new(failing.0, failing.1))))
    }
}
