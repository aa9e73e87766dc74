//! Barriers and records in random order over random channels: what each way of waiting guarantees,
//! checked against a gate that does what it is told.

mod coordinator;
mod page;
mod storage;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use weir::checkpoint::{
    Alignment, BarrierAction, CheckpointBarrier, CheckpointBarrierTracker, CheckpointId,
    CheckpointKind, SingleCheckpointBarrierHandler,
};

/// What a channel holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Element {
    Record,
    Barrier(u64),
    End,
}

/// A channel: what is still in it, and what has happened to it.
#[derive(Debug, Default)]
struct Channel {
    elements: VecDeque<Element>,
    /// How many records were in front of each barrier.
    before: BTreeMap<u64, usize>,
    consumed: usize,
    blocked: bool,
    /// Barriers that have overtaken and are not to be delivered again.
    overtaken: BTreeSet<u64>,
}

enum Handler {
    Single(Box<SingleCheckpointBarrierHandler>),
    Tracker(CheckpointBarrierTracker),
}

/// A gate with its handler, and the snapshots that were taken.
struct Gate {
    channels: Vec<Channel>,
    handler: Handler,
    kind: CheckpointKind,
    now: i64,
    /// The checkpoint whose overtaken records are kept, and how many those are by channel.
    keeping: Option<(u64, Vec<usize>)>,
    /// Of each triggered checkpoint: what had been consumed, then what is kept, by channel.
    snapshots: BTreeMap<u64, (Vec<usize>, Vec<usize>)>,
    complete: BTreeSet<u64>,
    aborted: BTreeSet<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Aligned,
    Unaligned,
    AlignedWithTimeout,
    AtLeastOnce,
}

/// How many milliseconds barriers keep their place.
const TIMEOUT: i64 = 20;

impl Gate {
    fn new(way: Way, contents: Vec<Vec<Element>>) -> Self {
        let single = |alignment| {
            let handler = SingleCheckpointBarrierHandler::new(alignment, contents.len());
            Handler::Single(Box::new(handler))
        };
        let (handler, kind) = match way {
            Way::Aligned => {
                (single(Alignment::Aligned), CheckpointKind::Aligned { timeout_ms: None })
            }
            Way::Unaligned => (single(Alignment::Unaligned), CheckpointKind::Unaligned),
            Way::AlignedWithTimeout => (
                single(Alignment::AlignedWithTimeout),
                CheckpointKind::Aligned { timeout_ms: Some(TIMEOUT) },
            ),
            Way::AtLeastOnce => {
                let tracker = CheckpointBarrierTracker::new(contents.len());
                (Handler::Tracker(tracker), CheckpointKind::AtLeastOnce)
            }
        };
        let channels = contents.into_iter().map(|elements| {
            let mut before = BTreeMap::new();
            for (place, element) in elements.iter().enumerate() {
                if let Element::Barrier(id) = element {
                    let records = &elements[..place];
                    let count = records.iter().filter(|it| **it == Element::Record).count();
                    before.insert(*id, count);
                }
            }
            Channel { elements: elements.into(), before, ..Channel::default() }
        });
        Self {
            channels: channels.collect(),
            handler,
            kind,
            now: 0,
            keeping: None,
            snapshots: BTreeMap::new(),
            complete: BTreeSet::new(),
            aborted: BTreeSet::new(),
        }
    }

    fn barrier(&self, id: u64) -> CheckpointBarrier {
        // Checkpoints begin fifty milliseconds after each other.
        CheckpointBarrier {
            id: CheckpointId(id),
            timestamp: id as i64 * 50,
            kind: self.kind,
            base: CheckpointId(0),
        }
    }

    /// Lets a channel deliver what comes next. A barrier that overtakes comes at once.
    fn deliver(&mut self, place: usize) {
        self.now += 7;
        let at = self.now;
        let due = match &self.handler {
            Handler::Single(handler) => handler.timeout_at().is_some_and(|due| due <= at),
            Handler::Tracker(_) => false,
        };
        if due && let Handler::Single(handler) = &mut self.handler {
            let actions = handler.on_clock(at);
            self.act(&actions);
        }
        if self.channels[place].blocked {
            return;
        }
        let Some(element) = self.channels[place].elements.pop_front() else { return };
        match element {
            Element::Record => {
                self.channels[place].consumed += 1;
                self.keep(place);
            }
            Element::Barrier(id) if self.channels[place].overtaken.contains(&id) => {}
            Element::Barrier(id) => {
                let barrier = self.barrier(id);
                self.announce_or_bring(barrier, place);
            }
            Element::End => {
                let actions = match &mut self.handler {
                    Handler::Single(handler) => handler.process_end_of_partition(place, at),
                    Handler::Tracker(tracker) => tracker.process_end_of_partition(place),
                };
                self.act(&actions);
            }
        }
    }

    /// A record is processed: it is part of the checkpoint at hand if its barrier has not come.
    fn keep(&mut self, place: usize) {
        let Some((id, kept)) = &mut self.keeping else { return };
        let channel = &self.channels[place];
        let before = channel.before.get(id).copied().unwrap_or(usize::MAX);
        if channel.consumed <= before && !channel.overtaken.contains(id) {
            kept[place] += 1;
        }
    }

    fn announce_or_bring(&mut self, barrier: CheckpointBarrier, place: usize) {
        let now = self.now;
        let actions = match &mut self.handler {
            Handler::Single(handler) => handler.process_barrier(barrier, place, now),
            Handler::Tracker(tracker) => tracker.process_barrier(barrier, place),
        };
        self.act(&actions);
    }

    fn act(&mut self, actions: &[BarrierAction]) {
        for action in actions {
            match *action {
                BarrierAction::Block(place) => self.channels[place].blocked = true,
                BarrierAction::Resume(place) => self.channels[place].blocked = false,
                BarrierAction::ConvertToPriority(_) | BarrierAction::InitInputs(_) => {}
                BarrierAction::InputsStarted(id) => {
                    self.keeping = Some((id.0, vec![0; self.channels.len()]));
                }
                BarrierAction::InputsStopped(id) => {
                    if let Some((kept_for, kept)) = self.keeping.take()
                        && kept_for == id.0
                        && let Some((_, of_snapshot)) = self.snapshots.get_mut(&id.0)
                    {
                        *of_snapshot = kept;
                        self.complete.insert(id.0);
                    }
                }
                BarrierAction::Trigger(barrier) => {
                    let consumed = self.channels.iter().map(|channel| channel.consumed).collect();
                    let kept = vec![0; self.channels.len()];
                    let again = self.snapshots.insert(barrier.id.0, (consumed, kept));
                    assert!(again.is_none(), "{} is triggered twice", barrier.id);
                    assert!(!self.aborted.contains(&barrier.id.0), "{} was aborted", barrier.id);
                    if !barrier.is_unaligned() {
                        self.complete.insert(barrier.id.0);
                    }
                }
                BarrierAction::Abort(id, _) => {
                    self.aborted.insert(id.0);
                    self.complete.remove(&id.0);
                }
            }
        }
    }
}

/// Records, each barrier of 1 to 3 in its place unless it is left out, and perhaps an end.
fn contents() -> impl Strategy<Value = Vec<Element>> {
    let gaps = prop::collection::vec(0_usize..5, 4);
    (gaps, prop::collection::vec(prop::bool::weighted(0.9), 3), prop::bool::weighted(0.3)).prop_map(
        |(gaps, sent, ends)| {
            let mut elements = Vec::new();
            for (number, gap) in gaps.iter().enumerate() {
                elements.extend(std::iter::repeat_n(Element::Record, *gap));
                let ended = ends && number == 2;
                if ended {
                    elements.push(Element::End);
                    break;
                }
                if number < 3 && sent[number] {
                    elements.push(Element::Barrier(number as u64 + 1));
                }
            }
            elements
        },
    )
}

fn check(way: Way, contents: Vec<Vec<Element>>, turns: &[usize]) -> Result<(), TestCaseError> {
    let mut gate = Gate::new(way, contents);
    let count = gate.channels.len();
    for turn in turns {
        gate.deliver(turn % count);
    }
    // What is left comes round robin, as long as anything moves.
    for _ in 0..60 {
        (0..count).for_each(|place| gate.deliver(place));
    }
    for (id, (consumed, kept)) in &gate.snapshots {
        if !gate.complete.contains(id) {
            continue;
        }
        for (place, channel) in gate.channels.iter().enumerate() {
            // A channel that had ended without this barrier counts with all that it had.
            let total = channel.consumed;
            let before = channel.before.get(id).copied().unwrap_or(total);
            let held = consumed[place] + kept[place];
            let what = format!("{way:?}: checkpoint {id}, channel {place} of {count}");
            match way {
                // No more and no less than what was in front of the barrier.
                Way::Aligned | Way::Unaligned | Way::AlignedWithTimeout => {
                    prop_assert_eq!(held, before, "{}", what);
                }
                Way::AtLeastOnce => prop_assert!(held >= before, "{}", what),
            }
        }
    }
    let pending = match &gate.handler {
        Handler::Single(handler) => handler.is_pending(),
        Handler::Tracker(_) => true,
    };
    if !pending {
        prop_assert!(gate.channels.iter().all(|channel| !channel.blocked), "nothing waits");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn a_snapshot_holds_what_was_before_the_barriers(
        way in prop::sample::select(vec![
            Way::Aligned, Way::Unaligned, Way::AlignedWithTimeout, Way::AtLeastOnce,
        ]),
        contents in prop::collection::vec(contents(), 1..5),
        turns in prop::collection::vec(0_usize..4, 0..80),
    ) {
        check(way, contents, &turns)?;
    }
}
