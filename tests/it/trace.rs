//! The trace: what is recorded comes back, in every form; what is damaged is refused.

mod checkpoint_examples;
mod checkpoint_spans;
mod damage;
mod database_examples;
mod examples;
mod log_examples;
pub mod schema;
mod select;
pub mod strategy;
mod views;

use std::sync::Arc;

use proptest::prelude::*;
use weir::base::{Incarnation, NodeId, Seed, SimTime, Step};
use weir::trace::{
    Event, Finished, Header, Level, Recorded, Recorder, TraceFile, kinds, write_jsonl,
};

use strategy::{Given, arbitrary_run, event_of};

fn header() -> Header {
    let nodes = ["client", "jobmanager-1", "taskmanager-1", "taskmanager-2"];
    Header::new("demo/word-count", "0123456789abcdef", Seed(7), nodes.map(Arc::from).to_vec())
}

fn record(level: Level, run: &[Given]) -> (Finished, Vec<Recorded>) {
    let mut recorder = Recorder::new(header(), level);
    let (sender, seen) = std::sync::mpsc::channel();
    recorder.observe(Box::new(move |event| sender.send(event.clone()).expect("it is read below")));
    let mut at = 0;
    for (delta, node, incarnation, event) in run {
        at += delta;
        recorder.record(SimTime(at), NodeId(*node), Incarnation(*incarnation), event);
    }
    (recorder.finish("completed"), seen.try_iter().collect())
}

fn trace_of(level: Level, run: &[Given]) -> TraceFile {
    let bytes = record(level, run).0.bytes.expect("this level keeps events");
    TraceFile::parse(bytes).expect("what was written can be read")
}

fn jsonl(trace: &TraceFile) -> Vec<u8> {
    let mut lines = Vec::new();
    write_jsonl(trace, &mut lines).expect("a Vec takes all");
    lines
}

#[test]
fn the_strategy_covers_every_kind() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for kind in kinds() {
        let event = event_of(kind).new_tree(&mut runner).expect("a value").current();
        assert_eq!((event.kind(), event.area(), event.level()), (kind.kind, kind.area, kind.level));
    }
    assert_eq!(kinds().len(), Event::samples().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_recorded_comes_back(run in arbitrary_run(0..60)) {
        let (finished, seen) = record(Level::Records, &run);
        let trace = TraceFile::parse(finished.bytes.expect("kept")).expect("whole");
        prop_assert_eq!(trace.iter().collect::<Vec<_>>(), seen.clone());
        prop_assert_eq!(trace.len(), run.len());
        prop_assert_eq!(&trace.trailer().digest, &finished.digest);
        let again = TraceFile::parse(jsonl(&trace));
        prop_assert_eq!(again.expect("lines come back").iter().collect::<Vec<_>>(), seen);
    }

    #[test]
    fn levels_agree_on_steps_and_digest(run in arbitrary_run(0..40)) {
        let [off, control, records] =
            [Level::Off, Level::Control, Level::Records].map(|level| record(level, &run));
        prop_assert_eq!(off.0.bytes, None);
        prop_assert_eq!(&off.0.digest, &records.0.digest);
        prop_assert_eq!(&control.0.digest, &records.0.digest);
        prop_assert_eq!(off.0.events, records.0.events);
        let mut of_records = records.1;
        of_records.retain(|event| event.sub == 0);
        prop_assert_eq!(control.1, of_records);
    }

    #[test]
    fn any_step_and_time_can_be_sought(run in arbitrary_run(1..40), repeat in 1..80_usize) {
        let run: Vec<_> = run.iter().cycle().take(run.len() * repeat).cloned().collect();
        let trace = trace_of(Level::Records, &run);
        let all: Vec<_> = trace.iter().collect();
        for wanted in [0, 1, all.len() / 3, all.len() - 1, all.len()] {
            let step = all.get(wanted).map_or(Step(u64::MAX), |event| event.step);
            let from = trace.iter_from(step).collect::<Vec<_>>();
            prop_assert!(from == all[all.partition_point(|event| event.step < step)..]);
            let at = all.get(wanted).map_or(SimTime::MAX, |event| event.at);
            let from = trace.iter_from_time(at).collect::<Vec<_>>();
            prop_assert!(from == all[all.partition_point(|event| event.at < at)..]);
        }
    }
}

#[test]
fn a_long_trace_is_packed_in_blocks() {
    let run: Vec<Given> =
        Event::samples().into_iter().cycle().take(30_000).map(|event| (7, 1, 0, event)).collect();
    let trace = trace_of(Level::Records, &run);
    assert_eq!(trace.len(), run.len());
    assert!(trace.as_bytes().len() < 60_000, "packed: {}", trace.as_bytes().len());
    let events = trace.trailer().events;
    let last: Vec<_> = trace.iter_from(Step(events)).collect();
    assert_eq!(last[0].step, Step(events));
    assert_eq!(trace.iter().skip(trace.len() - last.len()).collect::<Vec<_>>(), last);
}

#[test]
fn json_names_are_unambiguous() {
    let envelope = weir::trace::ENVELOPE.map(|(name, _)| name);
    for (place, kind) in kinds().iter().enumerate() {
        assert!(kinds()[..place].iter().all(|other| other.kind != kind.kind), "{}", kind.kind);
        for field in &kind.fields {
            assert!(!envelope.contains(&field.name.as_str()), "{}.{}", kind.kind, field.name);
            assert!(!field.about.is_empty(), "{}.{}", kind.kind, field.name);
        }
    }
}
