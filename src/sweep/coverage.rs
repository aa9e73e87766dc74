//! Which kinds of faults struck in which phases.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::phase::PhaseFold;
use super::{FaultKind, Phase};
use crate::checkpoint::CheckpointConfig;
use crate::sim::FaultOptions;
use crate::trace::{Event, FaultEvent, Recorded};

/// How often each kind of fault struck in each phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<(FaultKind, Phase), u64>,
}

impl Coverage {
    /// How often `kind` struck in `phase`.
    pub fn count(&self, kind: FaultKind, phase: Phase) -> u64 {
        self.counts.get(&(kind, phase)).copied().unwrap_or(0)
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (cell, count) in &other.counts {
            *self.counts.entry(*cell).or_default() += count;
        }
    }

    /// The counts by kind and phase.
    pub fn to_json(&self) -> Value {
        let of_kind = |kind: FaultKind| {
            let cells = Phase::all();
            let cells = cells.map(|it| (it.name().to_owned(), json!(self.count(kind, it))));
            Value::Object(cells.collect::<Map<_, _>>())
        };
        let kinds = FaultKind::all().map(|kind| (kind.name().to_owned(), of_kind(kind)));
        Value::Object(kinds.collect())
    }
}

/// Counts the faults of one run.
#[derive(Debug, Default)]
pub(super) struct CoverageFold {
    kinds: Vec<Option<FaultKind>>,
    phase: PhaseFold,
    coverage: Coverage,
}

impl CoverageFold {
    /// Before the first event of a run with these faults.
    pub fn new(faults: &[FaultOptions]) -> Self {
        Self {
            kinds: faults.iter().map(|fault| FaultKind::of(&fault.action)).collect(),
            phase: PhaseFold::default(),
            coverage: Coverage::default(),
        }
    }

    /// Takes an event in.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.phase.apply(&recorded.event);
        if let Event::Fault(FaultEvent::FaultInjected { fault, .. }) = &recorded.event {
            let place = (*fault as usize).wrapping_sub(1);
            if let Some(kind) = self.kinds.get(place).copied().flatten() {
                *self.coverage.counts.entry((kind, self.phase.phase())).or_default() += 1;
            }
        }
    }

    /// What was counted.
    pub fn into_coverage(self) -> Coverage {
        self.coverage
    }
}

/// A cell that no run of a sweep can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// The kind of fault.
    pub kind: FaultKind,
    /// The phase.
    pub phase: Phase,
    /// Why.
    pub why: &'static str,
}

/// Whether it applies, which cells it covers, and why they cannot be reached.
type Rule = (bool, fn(FaultKind, Phase) -> bool, &'static str);

/// The cells that a sweep over jobs that are checkpointed like that cannot reach. Each reason
/// stands here and nowhere else.
pub(super) fn unreachable(checkpointing: &[Option<&CheckpointConfig>]) -> Vec<Unreachable> {
    let configs = || checkpointing.iter().copied().flatten();
    let aligns = |config: &CheckpointConfig| !config.unaligned || config.aligned_timeout.is_some();
    let rules: [Rule; 3] = [
        (
            configs().next().is_none(),
            |kind, _| kind == FaultKind::Disk,
            "there are no checkpoints, and so no durable storage",
        ),
        (
            configs().next().is_none(),
            |_, phase| phase.is_of_checkpoint(),
            "there are no checkpoints",
        ),
        (
            !configs().any(aligns),
            |_, phase| phase == Phase::Aligning,
            "no channel waits for another: barriers overtake",
        ),
    ];
    let cells = FaultKind::all().flat_map(|kind| Phase::all().map(move |phase| (kind, phase)));
    let why = |(kind, phase)| {
        let mut rules = rules.iter().filter(|(applies, ..)| *applies);
        let rule = rules.find(|(_, covers, _)| covers(kind, phase));
        rule.map(|(.., why)| Unreachable { kind, phase, why })
    };
    cells.filter_map(why).collect()
}
