//! Packed events are the events, wherever one reads them.

use proptest::prelude::*;
use weir::cluster::Onlooker;
use weir::gallery::registry;
use weir::replay::Timeline;
use weir::scenario::{Overrides, load, lower, run_lowered};
use weir::trace::{EventLog, EventRef, Level, Recorded, TraceFile};

use super::generate::events;

fn owned(events: impl Iterator<Item = EventRef>) -> Vec<Recorded> {
    events.map(|event| (*event).clone()).collect()
}

fn check(log: &EventLog, events: &[Recorded], range: std::ops::Range<usize>) {
    assert_eq!(log.len(), events.len());
    assert_eq!(log.is_empty(), events.is_empty());
    let end = range.end.min(events.len());
    let there = &events[range.start.min(end)..end];
    assert_eq!(log.range(range.clone()).len(), there.len());
    assert_eq!(owned(log.range(range.clone())), there);
    let mut back = owned(log.range(range.clone()).rev());
    back.reverse();
    assert_eq!(back, there);
    // From both ends at once, until they meet.
    let (mut both, mut front, mut back) = (log.range(range.clone()), Vec::new(), Vec::new());
    while let Some(event) = both.next() {
        front.push((*event).clone());
        back.extend(both.next_back().map(|event| (*event).clone()));
    }
    back.reverse();
    assert_eq!([front, back].concat(), there);
    let one = |index: usize| log.get(index).map(|event| (*event).clone());
    assert_eq!(one(range.start), events.get(range.start).cloned());
    assert_eq!(one(events.len()), None);
    if let Some(at) = events.get(range.start).map(|event| event.at) {
        let before = events.partition_point(|event| event.at < at);
        assert_eq!(log.partition_point(|event| event.at < at), before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_log_that_grows_holds_all_events(
        events in events(),
        pieces in prop::collection::vec(1usize..40, 1..6),
        start in any::<prop::sample::Index>(),
        len in 0usize..200,
    ) {
        let mut log = EventLog::default();
        let mut rest = events.as_slice();
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (new, after) = rest.split_at(rest.len().min(*piece));
            log.extend(new);
            // What was read before it grew is no hindrance.
            prop_assert!(log.get(log.len() - 1).is_some());
            rest = after;
        }
        let start = start.index(events.len() + 1);
        check(&log, &events, start..start + len);
        check(&log.clone(), &events, 0..usize::MAX);
    }
}

/// A trace that is taken in bit by bit is the trace, and one need not wait for all of it.
#[test]
fn a_trace_is_taken_in_bit_by_bit() {
    let overrides = Overrides { level: Level::Records, ..Overrides::default() };
    let lowered = lower(&load("checkpoints/alignment").unwrap(), &registry(), &overrides).unwrap();
    let bytes = run_lowered(lowered, Onlooker::default()).unwrap().report.trace.unwrap();
    let trace = TraceFile::parse(bytes).unwrap();
    let events: Vec<Recorded> = trace.iter().collect();
    assert!(events.len() > 6_000);
    check(&EventLog::of(trace.clone()), &events, 100..5_900);
    // What comes after a file is put behind it.
    let mut log = EventLog::of(trace.clone());
    log.extend(&events);
    check(&log, &[events.clone(), events.clone()].concat(), events.len() - 10..events.len() + 10);

    let mut at_once = Timeline::new(trace.header().clone(), events.clone());
    let mut slowly = Timeline::of(trace);
    assert!(slowly.is_behind() && slowly.is_empty());
    assert_eq!((slowly.event(0).is_none(), slowly.ended()), (true, None));
    while slowly.is_behind() {
        slowly.catch_up(700);
        let half = slowly.len() / 2;
        slowly.seek_position(half);
        at_once.seek_position(half);
        assert_eq!(slowly.world(), at_once.world());
        slowly.seek_time(events[events.len() - 1].at);
        assert_eq!(slowly.position(), slowly.len());
    }
    assert_eq!(slowly.ended(), Some("completed"));
    assert_eq!(slowly.end(), at_once.end());
    assert_eq!(slowly.marks(), at_once.marks());
}
