//! One partition, and the bytes of the write-ahead log.

use proptest::prelude::*;
use weir::base::{SimDuration, SimTime};
use weir::broker::{Batch, BrokerState, FenceOlderEpochs, Place, WalEntry};
use weir::host::{Append, IsolationLevel, LogError, ProducerIdentity, TransactionResult};
use weir::record::{append_frame, read_frames};

use super::{TOPIC, partition, records, text};

fn append(id: u64, sequence: u64, transactional: bool, texts: &[&str]) -> Append {
    let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
    Append {
        to: partition(0),
        producer: ProducerIdentity { id, epoch: 0 },
        transactional_id: transactional.then(|| format!("t{id}").into()),
        sequence,
        records: records(&texts),
    }
}

fn appended(append: Append) -> WalEntry {
    appended_at(append, 0)
}

fn appended_at(append: Append, seconds: u64) -> WalEntry {
    WalEntry::Appended { to: partition(0), batch: Batch::new(append, second(seconds)) }
}

fn second(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

fn marker(id: u64, result: TransactionResult) -> WalEntry {
    let producer = ProducerIdentity { id, epoch: 0 };
    WalEntry::Marker { partition: partition(0), producer, result }
}

fn state() -> BrokerState {
    BrokerState::new(Place { own: 0, brokers: 1 }, [(TOPIC.into(), 1)])
}

#[test]
fn only_what_is_durable_is_read_and_retention_removes_what_is_stable() {
    let mut state = state();
    state.apply(&appended(append(1, 0, true, &["a", "b"])));
    state.apply(&appended(append(2, 0, false, &["x", "y"])));
    state.apply(&marker(1, TransactionResult::Abort));
    let log = state.partitions.get_mut(&partition(0)).expect("it is there");
    let read = |log: &weir::broker::PartitionLog, position, at_most| {
        log.fetch(position, IsolationLevel::ReadCommitted, at_most).map(|fetched| {
            let texts: Vec<String> = fetched.records.iter().map(|(_, it)| text(it)).collect();
            (texts.join(""), fetched.next)
        })
    };
    assert_eq!(read(log, 0, 10), Ok((String::new(), 0)), "nothing is durable");
    assert_eq!(read(log, 1, 10), Err(LogError::OffsetOutOfRange));
    log.advance_high_watermark(4);
    assert_eq!(log.last_stable(), 0, "a crash may take the marker");
    let retention = SimDuration::from_secs(1);
    assert_eq!(log.expired(second(1), retention), 0, "nor is it deleted before");
    log.advance_high_watermark(5);
    assert_eq!(log.last_stable(), 5);
    assert_eq!(read(log, 0, 10), Ok(("xy".to_string(), 5)));
    assert_eq!(read(log, 0, 1), Ok(("x".to_string(), 3)));
    assert_eq!(read(log, 3, 10), Ok(("y".to_string(), 5)));
    assert_eq!(log.expired(second(0), retention), 0, "all of it is young");
    assert_eq!(log.expired(second(1), retention), 5);
    state.apply(&WalEntry::Deleted { partition: partition(0), before: 3 });
    let log = &state.partitions[&partition(0)];
    assert_eq!(read(log, 2, 10), Err(LogError::OffsetOutOfRange));
    assert_eq!(read(log, 3, 10), Ok(("y".to_string(), 5)));
    let ends = log.offsets(IsolationLevel::ReadCommitted);
    assert_eq!((ends.earliest, ends.latest), (3, 5));
}

#[test]
fn retention_ends_at_the_first_batch_that_is_young() {
    let mut state = state();
    state.apply(&appended_at(append(1, 0, false, &["a", "b"]), 0));
    state.apply(&appended_at(append(1, 2, false, &["c"]), 1));
    state.apply(&appended_at(append(1, 3, false, &["d"]), 3));
    state.all_is_durable();
    let expired = |state: &BrokerState, now| {
        state.partitions[&partition(0)].expired(second(now), SimDuration::from_secs(2))
    };
    assert_eq!([1, 2, 3, 4, 5].map(|now| expired(&state, now)), [0, 2, 3, 3, 4]);

    // What was deleted is so again when it is read again, before anything is known to be durable.
    let deleted = WalEntry::Deleted { partition: partition(0), before: 3 };
    let mut again = self::state();
    again.apply(&appended_at(append(1, 0, false, &["a", "b"]), 0));
    again.apply(&appended_at(append(1, 2, false, &["c"]), 1));
    again.apply(&deleted);
    again.apply(&appended_at(append(1, 3, false, &["d"]), 3));
    again.all_is_durable();
    state.apply(&deleted);
    assert_eq!(again, state);
    assert_eq!(expired(&state, 4), 3);
}

#[test]
fn a_later_epoch_begins_at_zero_and_ends_the_one_before() {
    let mut state = state();
    state.apply(&appended(append(1, 0, false, &["a"])));
    let next = |epoch, sequence| Append {
        producer: ProducerIdentity { id: 1, epoch },
        ..append(1, sequence, false, &["b"])
    };
    let admit = |state: &BrokerState, append: &Append| {
        state.partitions[&partition(0)].admit(append, &FenceOlderEpochs).is_ok()
    };
    assert!(!admit(&state, &next(1, 1)));
    assert!(admit(&state, &next(1, 0)));
    state.apply(&appended(next(1, 0)));
    assert!(!admit(&state, &next(0, 1)));
    assert!(admit(&state, &next(1, 1)));
}

proptest! {
    #[test]
    fn a_log_that_is_cut_anywhere_reads_as_the_entries_before_the_cut(
        lengths in prop::collection::vec(0_usize..40, 1..8),
        cut in any::<prop::sample::Index>(),
        flip in any::<prop::sample::Index>(),
    ) {
        let entries: Vec<WalEntry> = lengths
            .iter()
            .enumerate()
            .map(|(i, length)| appended(append(i as u64, 0, i % 2 == 0, &[&"z".repeat(*length)])))
            .collect();
        let (mut bytes, mut ends) = (Vec::new(), vec![0]);
        for entry in &entries {
            append_frame(entry, &mut bytes);
            ends.push(bytes.len());
        }
        let cut = cut.index(bytes.len() + 1);
        let read = read_frames::<WalEntry>(&bytes[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
        prop_assert_eq!(&read.entries, &entries[..whole]);
        prop_assert_eq!((read.whole_bytes, read.torn_bytes), (ends[whole], cut - ends[whole]));

        let bit = flip.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let before = ends.iter().filter(|end| **end <= bit / 8).count() - 1;
        prop_assert_eq!(&read_frames::<WalEntry>(&bytes).entries, &entries[..before]);
    }
}
