//! What brokers answer, step by step.

use std::sync::Arc;

use weir::broker::ProducerFencing;
use weir::host::{IsolationLevel, TransactionResult};
use weir::runtime::rpc::BrokerRpc;

use super::script::{Step, check, check_with};
use super::world::World;
use IsolationLevel::{ReadCommitted, ReadUncommitted};
use Step::{Again, Crash, Drop, End, Expire, Init, List, Pass, Produce, Read, Refuse};
use TransactionResult::{Abort, Commit};

fn is_marker(rpc: &BrokerRpc) -> bool {
    matches!(rpc, BrokerRpc::WriteMarker { .. })
}

fn nothing(_rpc: &BrokerRpc) -> bool {
    false
}

#[test]
fn a_batch_that_comes_again_is_there_once() {
    let steps = [
        Init(0, ""),
        Produce(0, 0, "", 0, "a"),
        Again,
        Produce(0, 0, "", 1, "b"),
        Produce(0, 0, "", 0, "a"),
        Produce(0, 0, "", 5, "gap"),
        Crash(0),
        Produce(0, 0, "", 1, "b"),
        Produce(0, 0, "", 2, "c"),
        Read(0, 0, ReadCommitted),
        Read(0, 3, ReadCommitted),
        Read(0, 4, ReadCommitted),
        Read(7, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 0/0 (producer-initialized)
    appended at 0 (records-appended, stable-offset-advanced)
    appended at 0 ()
    appended at 1 (records-appended, stable-offset-advanced)
    appended at 0 ()
    OUT_OF_ORDER_SEQUENCE_NUMBER (append-refused)
     (log-recovered, stable-offset-advanced)
    appended at 1 ()
    appended at 2 (records-appended, stable-offset-advanced)
    [0:a 1:b 2:c] next 3 ()
    after a while [] next 3 ()
    OFFSET_OUT_OF_RANGE ()
    UNKNOWN_TOPIC_OR_PARTITION ()
    ");
}

#[test]
fn an_open_transaction_holds_up_readers_of_what_is_committed() {
    let steps = [
        Init(0, "t"),
        Produce(0, 0, "t", 0, "a"),
        Produce(0, 1, "t", 0, "A"),
        Init(1, ""),
        Produce(1, 0, "", 0, "x"),
        List,
        Read(0, 0, ReadCommitted),
        Read(0, 0, ReadUncommitted),
        End(0, "t", Commit),
        Again,
        End(0, "t", Abort),
        List,
        Read(0, 0, ReadCommitted),
        Read(1, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    appended at 0 (partition-joined, records-appended)
    appended at 0 (partition-joined, records-appended)
    producer 0/0 (producer-initialized)
    appended at 1 (records-appended)
    open: t ()
    after a while [] next 0 ()
    [0:a 1:x] next 2 ()
    done (transaction-decided, marker-written, stable-offset-advanced, marker-written, stable-offset-advanced, transaction-ended)
    done ()
    INVALID_TXN_STATE ()
    open:  ()
    [0:a 1:x] next 3 ()
    [0:A] next 2 ()
    ");
}

#[test]
fn whoever_initializes_a_transactional_id_fences_the_one_before() {
    let steps = [
        Init(0, "t"),
        Again,
        End(0, "t", Commit),
        Produce(0, 0, "t", 0, "old"),
        Init(1, "t"),
        Again,
        Produce(0, 0, "t", 1, "zombie"),
        Produce(0, 1, "t", 0, "zombie"),
        End(0, "t", Commit),
        Produce(1, 0, "t", 0, "new"),
        End(1, "t", Commit),
        End(2, "t", Commit),
        End(1, "other", Commit),
        Read(0, 0, ReadCommitted),
        Read(0, 0, ReadUncommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    producer 1/0 ()
    done ()
    appended at 0 (partition-joined, records-appended)
    producer 1/2 (transaction-decided, marker-written, stable-offset-advanced, transaction-ended, producer-initialized)
    producer 1/2 ()
    INVALID_PRODUCER_EPOCH (producer-fenced, append-refused)
    PRODUCER_FENCED (producer-fenced, append-refused)
    PRODUCER_FENCED (producer-fenced)
    appended at 2 (partition-joined, records-appended)
    done (transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    INVALID_PRODUCER_ID_MAPPING ()
    INVALID_PRODUCER_ID_MAPPING ()
    [2:new] next 4 ()
    [0:old 2:new] next 4 ()
    ");
}

#[test]
fn a_transaction_that_is_open_for_too_long_is_aborted() {
    let steps = [
        Init(0, "t"),
        Produce(0, 0, "t", 0, "a"),
        Crash(0),
        Crash(1),
        Pass(9_000),
        List,
        Pass(1_000),
        End(0, "t", Commit),
        Produce(0, 0, "t", 1, "zombie"),
        Read(0, 0, ReadCommitted),
        Init(0, "t"),
        Produce(0, 0, "t", 0, "b"),
        End(0, "t", Commit),
        Read(0, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    appended at 0 (partition-joined, records-appended)
     (log-recovered)
     (log-recovered)
    open: t ()
     (transaction-expired, transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    PRODUCER_FENCED (producer-fenced)
    INVALID_PRODUCER_EPOCH (producer-fenced, append-refused)
    after a while [] next 2 ()
    producer 1/2 (producer-initialized)
    appended at 2 (partition-joined, records-appended)
    done (transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    [2:b] next 4 ()
    ");
}

#[test]
fn a_transaction_whose_time_is_taken_for_passed_is_aborted() {
    let steps = [
        Init(0, "t"),
        Expire,
        Produce(0, 0, "t", 0, "a"),
        Expire,
        Expire,
        End(0, "t", Commit),
        Produce(0, 0, "t", 1, "zombie"),
        Read(0, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    0 were open ()
    appended at 0 (partition-joined, records-appended)
    1 were open (transaction-expired, transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    0 were open ()
    PRODUCER_FENCED (producer-fenced)
    INVALID_PRODUCER_EPOCH (producer-fenced, append-refused)
    after a while [] next 2 ()
    ");
}

#[test]
fn what_is_decided_is_done_after_a_crash() {
    let steps = [
        Init(0, "t"),
        Produce(0, 0, "t", 0, "a"),
        Produce(0, 1, "t", 0, "A"),
        Drop(is_marker),
        End(0, "t", Commit),
        Crash(0),
        Crash(1),
        Read(0, 0, ReadCommitted),
        Init(1, "t"),
        Drop(nothing),
        Crash(0),
        Crash(1),
        Pass(500),
        Read(0, 0, ReadCommitted),
        Read(1, 0, ReadCommitted),
        Init(1, "t"),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 1/0 (producer-initialized)
    appended at 0 (partition-joined, records-appended)
    appended at 0 (partition-joined, records-appended)
    no answer (transaction-decided)
     (log-recovered)
     (log-recovered, transaction-decided)
    after a while [] next 0 ()
    no answer ()
     (log-recovered)
     (log-recovered, transaction-decided, marker-written, stable-offset-advanced, marker-written, stable-offset-advanced, transaction-ended)
    [0:a] next 2 ()
    [0:A] next 2 ()
    producer 1/1 (producer-initialized)
    ");
}

#[test]
fn nothing_is_answered_that_the_disk_has_refused() {
    let steps = [
        Init(0, ""),
        Refuse(0, 5),
        Produce(0, 0, "", 0, "a"),
        Again,
        Pass(500),
        Again,
        Refuse(0, 0),
        Produce(0, 0, "", 1, "b"),
        Crash(0),
        Read(0, 0, ReadCommitted),
    ];
    insta::assert_snapshot!(check(&steps), @"
    producer 0/0 (producer-initialized)
    no answer ()
    no answer ()
     (records-appended, stable-offset-advanced)
    appended at 0 ()
    appended at 1 (records-appended, stable-offset-advanced)
     (log-recovered, stable-offset-advanced)
    [0:a 1:b] next 2 ()
    ");
}

/// A part that fences nobody.
#[derive(Debug)]
struct FenceNobody;

impl ProducerFencing for FenceNobody {
    fn admits(&self, _epoch: u32, _current: u32) -> bool {
        true
    }
}

#[test]
fn a_part_that_fences_nobody_lets_a_zombie_into_the_transaction_of_another() {
    let steps = [
        Init(0, "t"),
        Produce(0, 0, "t", 0, "old"),
        Init(1, "t"),
        Produce(1, 0, "t", 0, "new"),
        Produce(0, 0, "t", 1, "zombie"),
        End(1, "t", Commit),
        Read(0, 0, ReadCommitted),
    ];
    let world = World::with_fencing(1, Arc::new(FenceNobody));
    insta::assert_snapshot!(check_with(world, &steps), @"
    producer 1/0 (producer-initialized)
    appended at 0 (partition-joined, records-appended)
    producer 1/2 (transaction-decided, marker-written, stable-offset-advanced, transaction-ended, producer-initialized)
    appended at 2 (partition-joined, records-appended)
    appended at 3 (records-appended)
    done (transaction-decided, marker-written, stable-offset-advanced, transaction-ended)
    [2:new 3:zombie] next 5 ()
    ");
}
