//! Topics as a whole, step by step: records that are too old, and more partitions.

use std::sync::Arc;

use weir::broker::Retention;
use weir::connector::{FeedGrowth, LogFeed};
use weir::host::{IsolationLevel, TransactionResult};

use super::records;
use super::script::{Step, check, check_with};
use super::world::{World, millis};
use IsolationLevel::{ReadCommitted, ReadUncommitted};
use Step::{Again, Crash, Create, Describe, End, Init, Pass, Produce, Read, Refuse};
use TransactionResult::Abort;

/// Two seconds.
const RETENTION: Retention = Retention { after: millis(2_000), check_interval: millis(500) };

#[test]
fn what_is_too_old_and_stable_is_deleted_for_good() {
    let steps = [
        Init(0, ""),
        Produce(0, 0, "", 0, "a"),
        Init(1, "t"),
        Produce(1, 0, "t", 0, "open"),
        Produce(0, 0, "", 1, "b"),
        Pass(2_600),
        Read(0, 0, ReadCommitted),
        Read(0, 1, ReadUncommitted),
        Crash(0),
        Read(0, 0, ReadCommitted),
        End(1, "t", Abort),
        Pass(500),
        Read(0, 4, ReadCommitted),
        Produce(0, 0, "", 2, "c"),
        Read(0, 4, ReadCommitted),
    ];
    insta::assert_snapshot!(check_with(World::keeping(1, RETENTION), &steps), @"
    producer 0/0 (producer-initialized)
    appended at 0 (records-appended, stable-offset-advanced)
    producer 1/0 (producer-initialized)
    appended at 1 (partition-joined, records-appended)
    appended at 2 (records-appended)
     (records-deleted)
    OFFSET_OUT_OF_RANGE ()
    [1:open 2:b] next 3 ()
     (log-recovered)
    OFFSET_OUT_OF_RANGE ()
    done (transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
     (records-deleted)
    after a while [] next 4 ()
    appended at 4 (records-appended, stable-offset-advanced)
    [4:c] next 5 ()
    ");
}

#[test]
fn what_the_disk_has_not_deleted_yet_nobody_hears_of() {
    let steps = [
        Init(0, ""),
        Produce(0, 0, "", 0, "a"),
        Refuse(0, 1_000),
        Pass(2_600),
        Read(0, 0, ReadCommitted),
        Refuse(0, 0),
        Crash(0),
        Read(0, 0, ReadCommitted),
        Pass(500),
        Read(0, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check_with(World::keeping(1, RETENTION), &steps), @"
    producer 0/0 (producer-initialized)
    appended at 0 (records-appended, stable-offset-advanced)
    after a while no answer ()
     (log-recovered, stable-offset-advanced)
    [0:a] next 1 ()
     (records-deleted)
    OFFSET_OUT_OF_RANGE ()
    ");
}

#[test]
fn added_partitions_survive_a_crash_and_are_not_taken_away() {
    let steps = [
        Describe(0),
        Create(0, 4),
        Again,
        Describe(0),
        Describe(1),
        Create(0, 3),
        Init(0, ""),
        Produce(0, 2, "", 0, "a"),
        Produce(0, 3, "", 0, "b"),
        Crash(0),
        Describe(0),
        Read(2, 0, ReadCommitted),
        Create(1, 4),
        Produce(0, 3, "", 0, "b"),
    ];
    insta::assert_snapshot!(check(&steps), @"
    2 partitions ()
    created (partitions-added)
    created ()
    4 partitions ()
    2 partitions ()
    INVALID_PARTITIONS ()
    producer 0/0 (producer-initialized)
    appended at 0 (records-appended, stable-offset-advanced)
    UNKNOWN_TOPIC_OR_PARTITION (append-refused)
     (log-recovered, stable-offset-advanced)
    4 partitions ()
    [0:a] next 1 ()
    created (partitions-added)
    appended at 0 (records-appended, stable-offset-advanced)
    ");
}

#[test]
fn partitions_that_a_crash_may_take_are_told_to_nobody() {
    let steps = [Refuse(0, 1_000), Create(0, 4), Describe(0), Refuse(0, 0), Crash(0), Describe(0)];
    insta::assert_snapshot!(check(&steps), @"
    no answer ()
    no answer ()
    2 partitions ()
    ");
}

/// Where the partitions of a feed end that has three in the beginning.
fn ends(records_in_all: u64, grows: Option<(u64, u16)>) -> Vec<u64> {
    let feed = LogFeed {
        topic: "in".into(),
        partitions: 3,
        records: records_in_all,
        rate: 1.0,
        record: Arc::new(|place| records(&[place.to_string()])[0].clone()),
        grows: grows.map(|(after, partitions)| FeedGrowth { after, partitions }),
    };
    feed.ends()
}

#[test]
fn a_feed_knows_where_its_partitions_end() {
    assert_eq!(ends(10, None), [4, 3, 3]);
    assert_eq!(ends(10, Some((4, 5))), [4, 2, 2, 1, 1]);
    assert_eq!(ends(10, Some((0, 4))), [3, 3, 2, 2]);
    assert_eq!(ends(10, Some((10, 4))), [4, 3, 3], "there is nothing behind");
    assert_eq!(ends(10, Some((4, 2))), [4, 3, 3], "there are more already");
}
