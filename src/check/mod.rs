//! What the trace of a run proves: invariants, each a fold over the trace alone.
//!
//! No part of the engine is asked. What an invariant rests on was counted below the parts that can
//! be replaced (by gates, partitions, disks), so that a wrong part cannot vouch for itself.
//!
//! | file | what it holds a run to |
//! |---|---|
//! | `cut` | every completed checkpoint is a consistent cut |
//! | `restored` | state after a restore is the state that was snapshotted |
//! | `files` | what is acknowledged is durable, and what is retained is there |
//! | `complete` | a checkpoint is complete when all have acknowledged and its metadata is durable |
//! | `watermarks` | event time never goes back |
//! | `owners` | a key group has one owner, a slot one grant |
//! | `fencing` | what was replaced or is dead changes nothing |
//! | `delivery`, `history`, `story`, `table`, `twice`, `unseen` | not an invariant: whether the outside has seen each row exactly once |
//! | `transactions` | a transaction is committed if, and only if, a checkpoint that holds it is complete |
//! | `steady` | a query whose answer never changes has that answer whenever it is asked |
//! | `left` | not an invariant: what states hold in the end |
//! | `progress` | jobs end, or go on when all faults have healed |
//!
//! Previous: [`crate::trace`]. Next: whoever shows the verdict.

mod complete;
mod counts;
mod cut;
mod delivery;
mod fencing;
mod files;
mod history;
mod left;
mod owners;
mod progress;
mod restored;
mod steady;
mod story;
mod table;
mod transactions;
mod twice;
mod unseen;
mod verdict;
mod watermarks;

use crate::base::{Name, SimTime};
use crate::trace::{Header, Recorded, TraceError, TraceFile};

pub use counts::JobCounts;
pub use delivery::{Delivery, SinkSoFar, SinkVerdict};
pub use left::StatesLeft;
pub use verdict::{Invariant, Judged, Verdict, Witness};

use verdict::Findings;

/// One invariant, as the events go by.
trait Fold {
    /// Takes an event in.
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings);

    /// The run has ended; `completed` says whether by itself, and `at` when.
    fn finish(&mut self, _at: SimTime, _completed: bool, _findings: &mut Findings) {}
}

/// Folds all invariants over a trace.
pub struct Checker {
    folds: Vec<Box<dyn Fold + Send>>,
    counts: counts::Counts,
    left: left::Left,
    delivery: delivery::Deliveries,
    findings: Findings,
    last: SimTime,
}

impl Checker {
    /// Before the first event of the run that `header` heads.
    pub fn new(header: &Header) -> Self {
        let folds: Vec<Box<dyn Fold + Send>> = vec![
            Box::new(cut::ConsistentCut::default()),
            Box::new(restored::RestoredState::default()),
            Box::new(files::Files::default()),
            Box::new(complete::Completeness::default()),
            Box::new(watermarks::Watermarks::default()),
            Box::new(owners::Owners::default()),
            Box::new(fencing::Fencing::default()),
            Box::new(progress::Progress::default()),
            Box::new(transactions::Transactions::default()),
            Box::new(steady::SteadyAnswers),
        ];
        let findings = Findings::new(header);
        let delivery = delivery::Deliveries::new(header);
        let counts = counts::Counts::default();
        let left = left::Left::default();
        Self { folds, counts, left, delivery, findings, last: SimTime::ZERO }
    }

    /// Takes an event in. Record events are passed over.
    pub fn apply(&mut self, recorded: &Recorded) {
        if recorded.sub > 0 {
            return;
        }
        self.last = recorded.at;
        self.counts.apply(&recorded.event);
        self.left.apply(&recorded.event);
        self.delivery.apply(recorded);
        for fold in &mut self.folds {
            fold.apply(recorded, &mut self.findings);
        }
    }

    /// The invariants so far, before anything is held against a run that it did not do in the end.
    pub fn invariants_so_far(&self) -> Vec<Judged> {
        self.findings.judged()
    }

    /// What a sink has shown so far that it must not.
    pub fn sink_so_far(&self, sink: &Name) -> SinkSoFar {
        self.delivery.so_far(sink)
    }

    /// What it has come to. `end` is why the run ended.
    pub fn finish(mut self, end: &str) -> Verdict {
        let completed = end == "completed";
        for fold in &mut self.folds {
            fold.finish(self.last, completed, &mut self.findings);
        }
        let (invariants, jobs) = (self.findings.judged(), self.counts.into_jobs());
        // These make one run of all attempts; the others are about what is made of it.
        let is_sound = |judged: &Judged| {
            judged.holds()
                || matches!(
                    judged.invariant,
                    Invariant::AtomicCommit | Invariant::SteadyAnswers | Invariant::Progress
                )
        };
        let sound = invariants.iter().all(is_sound);
        let (delivery, sinks) = self.delivery.finish(completed, sound);
        let states_left = self.left.into_states();
        Verdict { invariants, jobs, states_left, delivery, sinks }
    }
}

/// The verdict on a whole trace.
pub fn check(file: &TraceFile) -> Verdict {
    let mut checker = Checker::new(file.header());
    for recorded in file {
        checker.apply(&recorded);
    }
    checker.finish(&file.trailer().end)
}

/// The verdict on a trace in memory.
pub fn check_bytes(bytes: Vec<u8>) -> Result<Verdict, TraceError> {
    Ok(check(&TraceFile::parse(bytes)?))
}
