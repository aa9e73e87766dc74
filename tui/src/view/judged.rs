//! What the run proves as far as it is known: the invariants, and what sinks have shown.

use std::collections::BTreeMap;
use std::fmt;

use weir::base::Name;
use weir::check::{Checker, Judged, SinkSoFar, SinkVerdict};
use weir::replay::{Place, Timeline};
use weir::trace::{Event, Recorded, SinkEvent};

/// Where an invariant did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// The position just after the last of the events that show it.
    pub position: usize,
    /// Which invariant, and what shows that it does not hold.
    pub text: String,
}

/// See the module.
pub(super) struct Judgement {
    /// Before the run has come to its end.
    checker: Option<Checker>,
    /// The first violation of each invariant, in order.
    violations: Vec<Violation>,
    /// For each sink, from which positions on it had shown what it must not.
    so_far: BTreeMap<Name, Vec<(usize, SinkSoFar)>>,
    /// What has become of the sinks, once the run has come to its end.
    sinks: BTreeMap<Name, SinkVerdict>,
}

impl fmt::Debug for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judgement").field("violations", &self.violations).finish_non_exhaustive()
    }
}

impl Judgement {
    pub fn new(timeline: &Timeline) -> Self {
        Self {
            checker: Some(Checker::new(timeline.header())),
            violations: Vec::new(),
            so_far: BTreeMap::new(),
            sinks: BTreeMap::new(),
        }
    }

    /// Takes in the next event, just after which is `position`.
    pub fn take(&mut self, position: usize, recorded: &Recorded) {
        let Some(checker) = &mut self.checker else { return };
        checker.apply(recorded);
        if let Event::Sink(SinkEvent::RowsVisible { sink, .. }) = &recorded.event {
            let now = checker.sink_so_far(sink);
            let before = self.so_far.get(sink).and_then(|changes| changes.last());
            if before.is_none_or(|(_, before)| *before != now) {
                self.so_far.entry(sink.clone()).or_default().push((position, now));
            }
        }
    }

    /// Draws conclusions from all that was taken in.
    pub fn conclude(&mut self, timeline: &Timeline) {
        match (timeline.ended(), self.checker.take()) {
            (Some(end), Some(checker)) => {
                let verdict = checker.finish(end);
                self.violations = violations(timeline, &verdict.invariants);
                self.sinks = verdict.sinks;
            }
            // Nothing is held against a run that it might still do.
            (None, Some(checker)) => {
                self.violations = violations(timeline, &checker.invariants_so_far());
                self.checker = Some(checker);
            }
            (_, None) => {}
        }
    }

    /// Where invariants did not hold, in order.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// What a sink had shown at a position that it must not.
    pub fn so_far(&self, sink: &Name, position: usize) -> SinkSoFar {
        let Some(changes) = self.so_far.get(sink) else { return SinkSoFar::default() };
        let after = changes.partition_point(|(from, _)| *from <= position);
        after.checked_sub(1).map(|last| changes[last].1).unwrap_or_default()
    }

    /// What has become of a sink, if the run has come to its end.
    pub fn sink(&self, sink: &Name) -> Option<&SinkVerdict> {
        self.sinks.get(sink)
    }
}

fn violations(timeline: &Timeline, judged: &[Judged]) -> Vec<Violation> {
    let found = judged.iter().filter_map(|judged| {
        let (invariant, witness) = (judged.invariant, judged.witness.as_ref()?);
        let position = match witness.steps.last() {
            Some(step) => timeline.position_of(Place { step: *step, sub: 0 }),
            None => timeline.len(),
        };
        let times = match judged.violations {
            1 => String::new(),
            times => format!("\n{times} times in this run; this is the first."),
        };
        let sentence = invariant.sentence();
        let text =
            format!("It does not hold that {sentence} ({invariant}):\n{}{times}", witness.text);
        Some(Violation { position, text })
    });
    let mut violations: Vec<_> = found.collect();
    violations.sort_by_key(|violation| violation.position);
    violations
}
