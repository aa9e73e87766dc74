//! When a source reads which record: one split after the other or side by side, by themselves, at
//! a rate, or both.

use std::sync::Arc;
use std::time::Duration;

use weir::api::SourceOptions;
use weir::connector::{Splits, Timed};
use weir::trace::{Event, Level, RecordEvent, TaskEvent};

use super::{cluster, events, run};

fn letters() -> Arc<dyn Splits<char>> {
    Arc::new(('a'..='f').collect::<Vec<_>>())
}

/// Letters, each due so many milliseconds after the start.
fn timed(due: [u64; 6]) -> Arc<dyn Splits<char>> {
    let letters = due.into_iter().zip('a'..='f');
    Arc::new(Timed(letters.map(|(due, letter)| (Duration::from_millis(due), letter)).collect()))
}

/// What is read, and how many milliseconds after the start.
fn check(splits: &Arc<dyn Splits<char>>, options: SourceOptions, expected: &str) {
    let mut cluster = cluster();
    cluster.sim.level = Level::Records;
    let report = run(cluster, |env| {
        env.from_splits("letters", splits.clone(), options).uid("letters").discard();
    });
    let (mut started, mut read) = (None, Vec::new());
    for (at, event) in events(&report) {
        match event {
            Event::Task(TaskEvent::TaskStarted { subtask, .. }) if subtask.contains("letters") => {
                started = Some(at);
            }
            Event::Record(RecordEvent::RecordsEmitted { operator, values, .. })
                if &*operator == "letters" =>
            {
                let after = at.since(started.expect("it runs")).as_millis();
                read.push(format!("{after} {}", values.concat().replace('\'', "")));
            }
            _ => {}
        }
    }
    assert_eq!(read.join(", "), expected);
}

#[test]
fn splits_are_read_one_after_the_other_or_side_by_side() {
    let one = SourceOptions::default();
    check(&letters(), one, "0 abcdef");
    let two = SourceOptions { splits: Some(2), ..one };
    check(&letters(), two, "0 abc, 0 def");
    let at_rate = SourceOptions { rate: Some(10.0), ..two };
    check(&letters(), at_rate, "0 a, 100 b, 200 c, 300 d, 400 e, 500 f");
    // In turn: the one that was read longest ago comes next.
    let side_by_side = SourceOptions { side_by_side: true, ..at_rate };
    check(&letters(), side_by_side, "0 a, 100 d, 200 b, 300 e, 400 c, 500 f");
    let more_splits_than_records = SourceOptions { splits: Some(9), ..side_by_side };
    check(&letters(), more_splits_than_records, "0 a, 100 b, 200 c, 300 d, 400 e, 500 f");
}

#[test]
fn records_that_come_by_themselves_are_read_when_they_are_due_and_in_order() {
    let one = SourceOptions::default();
    check(&timed([0, 50, 50, 20, 90, 200]), one, "0 a, 50 bcd, 90 e, 200 f");
    // The second split has its first record before the last of the first split.
    let two = SourceOptions { splits: Some(2), ..one };
    check(&timed([0, 100, 100, 30, 60, 300]), two, "0 a, 100 bc, 100 de, 300 f");
    let side_by_side = SourceOptions { side_by_side: true, ..two };
    check(&timed([0, 100, 100, 30, 60, 300]), side_by_side, "0 a, 30 d, 60 e, 100 bc, 300 f");
}

#[test]
fn with_a_rate_a_record_that_is_due_waits_for_its_turn() {
    let at_rate = SourceOptions::at_rate(20.0);
    check(&timed([0, 0, 0, 0, 200, 310]), at_rate, "0 a, 50 b, 100 c, 150 d, 200 e, 310 f");
    // What the rate would have allowed meanwhile may be read at once.
    check(&timed([0, 200, 200, 200, 200, 200]), at_rate, "0 a, 200 bcde, 250 f");
}
