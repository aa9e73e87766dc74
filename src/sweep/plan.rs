//! Which faults strike in a run: a pure function of the run's seed and of what there is to strike.
//!
//! Half of them are aimed: they wait for an event of the checkpoint protocol or of a restart, so
//! that moments that are short in time are hit as often as long ones. The others strike at any time
//! of the expected run. All are optional: the moment that one waits for may never come, since
//! another one came before.

use std::collections::BTreeMap;

use rand::Rng;

use super::FaultKind;
use crate::base::{Seed, SimDuration, SimTime, StreamRng};
use crate::cluster::{BROKER, DATABASE, STORAGE};
use crate::sim::{DiskTrouble, FaultAction, FaultOptions, When};
use crate::trace::Pattern;

/// No run has more faults.
const MOST: u64 = 5;

/// The random stream from which plans are drawn.
const STREAM: &str = "sweep/faults";

/// Faults wait for the first to the fourth event that fits.
const NTH: u64 = 4;

/// There are more of those.
const LOG_NTH: u64 = 12;

/// Later checkpoints are not aimed at by number.
const LATEST_CHECKPOINT: u64 = 8;

/// The JobManager's node.
const JOBMANAGER: &str = "jobmanager-1";

/// The events that faults wait for, and whether they say of which checkpoint they are.
const AIMS: [(&str, bool); 12] = [
    ("checkpoint-triggered", true),
    ("barrier-sent", true),
    ("barrier-received", true),
    ("alignment-started", true),
    ("snapshot-taken", true),
    ("snapshot-stored", true),
    ("checkpoint-acknowledged", true),
    ("metadata-stored", true),
    ("checkpoint-completed", true),
    ("completion-notified", true),
    (RESTART, false),
    ("state-restored", true),
];

/// The same of the second phase, where there is a log; none says of which checkpoint it is.
const LOG_AIMS: [&str; 8] = [
    "transaction-begun",
    "records-appended",
    "transaction-pre-committed",
    "commit-requested",
    "transaction-decided",
    "marker-written",
    "transaction-committed",
    "stable-offset-advanced",
];

/// The same of the database.
const DATABASE_AIMS: [&str; 7] = [
    "transaction-begun",
    "transaction-prepared",
    "transaction-pre-committed",
    "commit-requested",
    "prepared-committed",
    "transaction-committed",
    "table-changed",
];

/// The one of them that comes without checkpoints.
const RESTART: &str = "restart-scheduled";

/// What there is to strike, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// How many TaskManagers there are.
    pub taskmanagers: u16,
    /// The subtasks of all jobs.
    pub subtasks: Vec<String>,
    /// Whether there are checkpoints, and with them durable storage.
    pub checkpointed: bool,
    /// How many brokers of the log there are.
    pub brokers: u16,
    /// Whether there is a database.
    pub database: bool,
    /// How many checkpoints the run without faults completes.
    pub checkpoints: u64,
    /// How long that run takes.
    pub span: SimDuration,
}

/// The faults of a run.
pub fn plan(seed: Seed, stage: &Stage) -> Vec<FaultOptions> {
    let mut dice = Dice(seed.stream(STREAM));
    let count = dice.between(1, MOST);
    (0..count)
        .map(|_| FaultOptions {
            when: dice.when(stage),
            action: dice.action(stage),
            optional: true,
        })
        .collect()
}

/// Draws, written out so that no library's choice of algorithm changes a plan.
struct Dice(StreamRng);

impl Dice {
    /// A number from `low` to `high`, each as likely as any other.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = u128::from(high - low) + 1;
        low + ((u128::from(self.0.next_u64()) * span) >> 64) as u64
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.between(1, count) == 1
    }

    fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        let last = choices.len() as u64 - 1;
        choices[self.between(0, last) as usize]
    }

    fn millis(&mut self, low: u64, high: u64) -> SimDuration {
        SimDuration::from_millis(self.between(low, high))
    }

    fn when(&mut self, stage: &Stage) -> When {
        // Without checkpoints there is nothing to aim at but a restart, which needs another fault.
        let aimed = self.one_in(if stage.checkpointed { 2 } else { 8 });
        if !aimed {
            let micros = u64::try_from(stage.span.as_micros()).unwrap_or(u64::MAX);
            return When::At(SimTime::ZERO + SimDuration::from_micros(self.between(0, micros)));
        }
        let (kind, numbered) =
            if stage.checkpointed { self.choose(&AIMS) } else { (RESTART, false) };
        if stage.brokers > 0 && self.one_in(2) {
            let (kind, nth) = (self.choose(&LOG_AIMS).to_owned(), self.between(1, LOG_NTH) as u32);
            let pattern = Pattern { kind, fields: BTreeMap::new() };
            return When::Event { pattern, nth };
        }
        if stage.database && self.one_in(2) {
            let kind = self.choose(&DATABASE_AIMS).to_owned();
            let nth = self.between(1, LOG_NTH) as u32;
            return When::Event { pattern: Pattern { kind, fields: BTreeMap::new() }, nth };
        }
        let mut fields = BTreeMap::new();
        // Otherwise nearly all would strike during the first checkpoint, when there is none yet to
        // restore from.
        if numbered && stage.checkpoints > 1 && self.one_in(2) {
            let checkpoint = self.between(2, stage.checkpoints.min(LATEST_CHECKPOINT));
            fields.insert("checkpoint".to_owned(), checkpoint.into());
        }
        let nth = self.between(1, NTH) as u32;
        When::Event { pattern: Pattern { kind: kind.to_owned(), fields }, nth }
    }

    /// A broker in the place of a TaskManager, now and then, where there is one.
    fn or_broker(&mut self, stage: &Stage, kind: FaultKind, node: String) -> String {
        if stage.brokers == 0 || kind == FaultKind::Fail || !self.one_in(3) {
            return node;
        }
        format!("{BROKER}{}", self.between(1, u64::from(stage.brokers)))
    }

    /// The database in its place, now and then, where there is one.
    fn or_database(&mut self, stage: &Stage, kind: FaultKind, node: String) -> String {
        if !stage.database || kind == FaultKind::Fail || !self.one_in(3) {
            return node;
        }
        DATABASE.to_owned()
    }

    fn action(&mut self, stage: &Stage) -> FaultAction {
        let kinds: Vec<FaultKind> = FaultKind::all()
            .filter(|kind| stage.checkpointed || *kind != FaultKind::Disk)
            .filter(|kind| stage.database || *kind != FaultKind::Lock)
            .filter(|kind| !stage.subtasks.is_empty() || *kind != FaultKind::Fail)
            .collect();
        let kind = self.choose(&kinds);
        let node = format!("taskmanager-{}", self.between(1, u64::from(stage.taskmanagers).max(1)));
        let node = self.or_broker(stage, kind, node);
        let node = self.or_database(stage, kind, node);
        let is_outside = node.starts_with(BROKER) || node == DATABASE;
        match kind {
            FaultKind::Kill => {
                FaultAction::Kill { node, restart_after: Some(self.millis(200, 2_000)) }
            }
            FaultKind::Lock => FaultAction::Lock {
                node: DATABASE.to_owned(),
                duration: Some(self.millis(200, 3_000)),
            },
            FaultKind::Fail => {
                let last = stage.subtasks.len().saturating_sub(1) as u64;
                let place = self.between(0, last) as usize;
                let subtask = stage.subtasks.get(place).cloned().unwrap_or_default();
                FaultAction::Fail { subtask }
            }
            FaultKind::Pause => {
                FaultAction::Pause { node, duration: Some(self.millis(100, 4_000)) }
            }
            FaultKind::Partition => {
                let (all, jobmanager) = (None, Some(JOBMANAGER));
                let to = match stage.checkpointed {
                    _ if is_outside => all,
                    true => self.choose(&[all, jobmanager, Some(STORAGE)]),
                    false => self.choose(&[all, jobmanager]),
                };
                FaultAction::Partition {
                    from: vec![node],
                    to: to.into_iter().map(str::to_owned).collect(),
                    one_way: false,
                    duration: Some(self.millis(200, 5_000)),
                }
            }
            FaultKind::Disk => {
                let factor = self.between(2, 100) as f64;
                let trouble = self.choose(&[DiskTrouble::Errors, DiskTrouble::Slow(factor)]);
                let duration = Some(self.millis(200, 3_000));
                let node = if is_outside { node } else { STORAGE.to_owned() };
                FaultAction::Disk { node, trouble, duration }
            }
        }
    }
}
