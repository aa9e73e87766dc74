//! How far sources of a group may go.

use std::sync::Arc;
use std::time::Duration;

use weir::base::EventTime;
use weir::time::{SourceAlignment, SplitAlignment, WatermarkAlignment, WatermarkAlignmentParams};

const END: i64 = i64::MAX;
const START: i64 = i64::MIN;

/// Reports (source, subtask, watermark) in turn, all in one group with a drift of 10 ms; what each
/// asked source then announces: how far, and to whom.
fn check(reports: &[(&str, u32, i64)], asked: &str, max_watermark: i64, subtasks: &[u32]) {
    let params = params("group");
    let mut alignment = WatermarkAlignment::default();
    for &(source, subtask, watermark) in reports {
        alignment.on_reported_watermark(&params, &source.into(), subtask, EventTime(watermark));
    }
    let announced = alignment.announce_combined_watermark(&params, &Arc::from(asked));
    assert_eq!(announced.max_watermark, EventTime(max_watermark), "{reports:?}");
    assert_eq!(announced.subtasks, subtasks, "{reports:?}");
}

fn params(group: &str) -> WatermarkAlignmentParams {
    WatermarkAlignmentParams {
        watermark_group: group.into(),
        max_allowed_watermark_drift: Duration::from_millis(10),
        update_interval: Duration::from_secs(1),
    }
}

#[test]
fn the_slowest_reporter_of_the_group_decides() {
    check(&[], "a", START + 10, &[]);
    check(&[("a", 0, 5)], "a", 15, &[0]);
    // A source that has not reported is told nothing, and holds nobody.
    check(&[("a", 0, 5)], "b", 15, &[]);
    check(&[("a", 0, 50), ("a", 1, 20), ("b", 0, 30)], "a", 30, &[0, 1]);
    check(&[("a", 0, 50), ("a", 1, 20), ("b", 0, 30)], "b", 30, &[0]);
    check(&[("a", 0, 50), ("a", 1, 20), ("b", 0, 30), ("a", 1, 60)], "a", 40, &[0, 1]);
    // An idle subtask reports the end of time.
    check(&[("a", 0, 50), ("a", 1, END), ("b", 0, END)], "b", 60, &[0]);
    check(&[("a", 0, END), ("b", 0, END)], "a", END, &[0]);
    // A subtask that starts again may report less.
    check(&[("a", 0, 50), ("b", 0, 60), ("a", 0, 7)], "b", 17, &[0]);
}

#[test]
fn who_is_over_holds_nobody_and_is_told_nothing() {
    let params = params("group");
    let mut alignment = WatermarkAlignment::default();
    for (source, subtask, watermark) in [("a", 0, 5), ("a", 1, 20), ("b", 0, 30)] {
        alignment.on_reported_watermark(&params, &source.into(), subtask, EventTime(watermark));
    }
    let mut over = |source: &str, subtask, asked: &str| {
        alignment.on_subtask_over(&params, &source.into(), subtask);
        let announced = alignment.announce_combined_watermark(&params, &asked.into());
        (announced.max_watermark.0, announced.subtasks)
    };
    // Someone who has never reported.
    assert_eq!(over("c", 0, "b"), (15, vec![0]));
    assert_eq!(over("a", 7, "b"), (15, vec![0]));
    assert_eq!(over("a", 0, "a"), (30, vec![1]));
    assert_eq!(over("a", 1, "b"), (40, vec![0]));
    assert_eq!(over("a", 1, "a"), (40, vec![]));
    assert_eq!(over("b", 0, "b"), (START + 10, vec![]));
}

#[test]
fn groups_do_not_wait_for_each_other() {
    let mut alignment = WatermarkAlignment::default();
    let (left, right) = (params("left"), params("right"));
    alignment.on_reported_watermark(&left, &"a".into(), 0, EventTime(1));
    alignment.on_reported_watermark(&right, &"b".into(), 0, EventTime(100));
    let announced = alignment.announce_combined_watermark(&right, &"b".into());
    assert_eq!(announced.max_watermark, EventTime(110));
}

#[test]
fn a_subtask_waits_only_beyond_what_it_was_told() {
    let mut source = SourceAlignment::<u8>::default();
    assert!(!source.should_wait(EventTime(END)));
    source.on_alignment(EventTime(20));
    assert!(!source.should_wait(EventTime(20)));
    assert!(source.should_wait(EventTime(21)));
}

#[test]
fn splits_ahead_pause_and_go_on_once_the_group_has_caught_up() {
    let mut source = SourceAlignment::<u8>::default();
    let at = |zero, one| [(&0, EventTime(zero)), (&1, EventTime(one))];
    let change =
        |pause: &[u8], resume: &[u8]| SplitAlignment { pause: pause.into(), resume: resume.into() };
    assert_eq!(source.check_splits(at(5, 90)), change(&[], &[]));
    source.on_alignment(EventTime(20));
    assert_eq!(source.check_splits(at(5, 90)), change(&[1], &[]));
    assert_eq!(source.check_splits(at(21, 90)), change(&[0], &[]));
    source.on_alignment(EventTime(50));
    assert_eq!(source.check_splits(at(21, 90)), change(&[], &[0]));
    source.on_split_finished(&1);
    source.on_alignment(EventTime(100));
    assert_eq!(source.check_splits(at(21, 90)), change(&[], &[]));
}
