//! Timers against a plain list: the same set, and never a later one before an earlier one. (Which
//! of equal ones comes first is a matter for the golden vectors.)

use proptest::prelude::*;
use weir::base::EventTime;
use weir::record::{Key, KeyGroupRange};
use weir::time::{InternalTimerService, Timer};

type Timers = InternalTimerService<String, u8>;

/// What the model keeps of a timer.
type Known = (i64, String, u8);

#[derive(Clone, Debug)]
enum Operation {
    Register(Known),
    Delete(Known),
    /// Takes out at most this many of those that are due.
    Fire(i64, usize),
    /// Through a snapshot, with so many subtasks.
    Restore(u32),
}

const MAX_PARALLELISM: u32 = 16;

fn timer() -> impl Strategy<Value = Known> {
    // "Aa" and "BB" have the same hash.
    let key = prop::sample::select(vec!["a", "Aa", "BB", "key"]).prop_map(str::to_string);
    (-5..15_i64, key, 0..3_u8)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => timer().prop_map(Operation::Register),
        3 => timer().prop_map(Operation::Delete),
        2 => (-5..15_i64, 0..6_usize).prop_map(|(to, count)| Operation::Fire(to, count)),
        1 => (1..4_u32).prop_map(Operation::Restore),
    ]
}

fn known(timer: Timer<String, u8>) -> Known {
    assert_eq!(timer.hash_code, timer.key.hash_code());
    (timer.timestamp.0, timer.key, timer.namespace)
}

/// Applies operations to timers and to a list, and compares everything that can be seen.
fn check(operations: Vec<Operation>) {
    let mut timers = Timers::new();
    let mut model = Vec::<Known>::new();
    for operation in operations {
        match operation {
            Operation::Register((at, key, namespace)) => {
                let is_new = !model.contains(&(at, key.clone(), namespace));
                if is_new {
                    model.push((at, key.clone(), namespace));
                }
                let hash_code = key.hash_code();
                let added = timers.register_event_time(EventTime(at), hash_code, key, namespace);
                assert_eq!(added, is_new);
            }
            Operation::Delete((at, key, namespace)) => {
                let before = model.len();
                model.retain(|it| *it != (at, key.clone(), namespace));
                let hash_code = key.hash_code();
                let deleted = timers.delete_event_time(EventTime(at), hash_code, &key, &namespace);
                assert_eq!(deleted, model.len() < before);
            }
            Operation::Fire(watermark, count) => {
                for _ in 0..count {
                    let earliest = model.iter().map(|it| it.0).min();
                    let due = earliest.filter(|&at| at <= watermark);
                    let fired = timers.pop_due_event(EventTime(watermark)).map(known);
                    assert_eq!(fired.as_ref().map(|it| it.0), due);
                    let Some(fired) = fired else { break };
                    let place = model.iter().position(|it| *it == fired);
                    model.remove(place.expect("only a timer that was registered fires"));
                }
            }
            Operation::Restore(parallelism) => timers = restore(&timers, parallelism),
        }
        assert_eq!(timers.event_time_len(), model.len());
        assert_eq!(timers.next_event_time().map(|it| it.0), model.iter().map(|it| it.0).min());
    }
    let drained = std::iter::from_fn(|| timers.pop_due_event(EventTime::MAX).map(known));
    let drained: Vec<Known> = drained.collect();
    assert!(drained.is_sorted_by_key(|it| it.0));
    let sorted = |mut list: Vec<Known>| {
        list.sort();
        list
    };
    assert_eq!(sorted(drained), sorted(model));
}

/// Spreads the timers over subtasks by key group and brings them together again.
fn restore(timers: &Timers, parallelism: u32) -> Timers {
    let mut together = Timers::new();
    let all = KeyGroupRange::of_subtask(0, 1, MAX_PARALLELISM);
    for index in 0..parallelism {
        let range = KeyGroupRange::of_subtask(index, parallelism, MAX_PARALLELISM);
        let mut subtask = Timers::new();
        subtask.restore(range, timers.snapshot(MAX_PARALLELISM));
        let snapshot = subtask.snapshot(MAX_PARALLELISM);
        assert!(snapshot.iter().all(|group| range.contains(group.key_group)));
        together.restore(all, snapshot);
    }
    together
}

proptest! {
    #[test]
    fn timers_are_a_set_that_leaves_in_order_of_time(
        operations in prop::collection::vec(operation(), 0..120),
    ) {
        check(operations);
    }
}

#[test]
fn a_snapshot_restored_as_it_was_taken_leaves_in_the_same_order() {
    let mut timers = Timers::new();
    for (at, namespace) in [(7, 0), (3, 1), (3, 2), (3, 0), (7, 1), (1, 0), (3, 3)] {
        // One key, so one key group: its list is the whole heap.
        timers.register_event_time(
            EventTime(at),
            "a".to_string().hash_code(),
            "a".into(),
            namespace,
        );
    }
    let mut restored = Timers::new();
    let all = KeyGroupRange::of_subtask(0, 1, MAX_PARALLELISM);
    restored.restore(all, timers.snapshot(MAX_PARALLELISM));
    while let Some(timer) = timers.pop_due_event(EventTime::MAX) {
        assert_eq!(restored.pop_due_event(EventTime::MAX), Some(timer));
    }
    assert!(restored.is_empty());
}

#[test]
fn event_and_processing_time_do_not_meet() {
    let mut timers = Timers::new();
    let (key, hash_code) = ("a".to_string(), "a".to_string().hash_code());
    timers.register_event_time(EventTime(5), hash_code, key.clone(), 0);
    timers.register_processing_time(EventTime(3), hash_code, key.clone(), 0);
    assert!(!timers.delete_event_time(EventTime(3), hash_code, &key, &0));
    assert_eq!(timers.next_processing_time(), Some(EventTime(3)));
    assert_eq!(timers.pop_due_event(EventTime(4)), None);
    assert!(timers.pop_due_processing(EventTime(3)).is_some());
    assert_eq!(timers.next_processing_time(), None);
    assert_eq!(timers.len(), 1);
}

#[test]
fn a_timer_of_a_number_and_a_window_takes_at_most_72_bytes() {
    let mut timers = InternalTimerService::<u64, (i64, i64)>::new();
    let count = 1 << 17;
    for key in 0..count {
        let at = (key * 7919 % count) as i64;
        timers.register_event_time(EventTime(at), key.hash_code(), key, (at, at + 10));
    }
    let per_timer = timers.memory() as f64 / count as f64;
    assert!(per_timer <= 72.0, "{per_timer} bytes per timer");
    // Slots are used again.
    let before = timers.memory();
    for _ in 0..count {
        let timer = timers.pop_due_event(EventTime::MAX).expect("as many as were registered");
        let at = EventTime(timer.timestamp.0 + count as i64);
        timers.register_event_time(at, timer.hash_code, timer.key, timer.namespace);
    }
    assert_eq!(timers.memory(), before);
}
