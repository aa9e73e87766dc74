//! What a program does wrong is an error that says so.

use weir::record::{Key, KeyGroupRange};
use weir::state::{
    KeyedBackend, ListStateDescriptor, MapStateDescriptor, StateBackendKind, StateError,
    StateTtlConfig, ValueState, ValueStateDescriptor,
};

use super::backends::{KINDS, backend as backend_of, only};

fn told<T>(result: Result<T, StateError>) -> String {
    result.err().expect("it is an error").to_string()
}

fn with_key(kind: StateBackendKind) -> KeyedBackend<u32> {
    let mut backend = only(kind);
    backend.set_current_key(7, &7).unwrap();
    backend
}

#[test]
fn wrong_uses_are_told() {
    for kind in KINDS {
        let mut backend = only::<u32>(kind);
        let total = backend.state(ValueStateDescriptor::<u64>::new("total")).unwrap();
        let by_window = ListStateDescriptor::<u64>::new("by window");
        let by_window = backend.namespaced_state::<u8, _>(by_window).unwrap();
        let outside = told(total.update(&mut backend, 1));
        backend.set_current_key(7, &7).unwrap();
        total.update(&mut backend, 1).unwrap();
        let no_namespace = told(by_window.add(&mut backend, 1));
        backend.clear_current_key();
        let after = told(total.value(&mut backend));
        assert_eq!(outside, after);
        let never = told(ValueState::<u64>::default().value(&mut with_key(kind)));
        let foreign = told(total.value(&mut with_key(kind)));
        let range = KeyGroupRange { start: 0, end: 3 };
        let mut part = backend_of::<u32>(kind, range, 128);
        let not_mine = told(part.set_current_key(1.hash_code(), &1));
        insta::allow_duplicates! {
            insta::assert_snapshot!(
                [outside, no_namespace, never, foreign, not_mine].join("\n"),
                @r#"
                keyed state "total" was used while no record and no timer of a key was at work
                state "by window" was used before its namespace was set
                state "(no name)" is not registered; register its descriptor when the operator opens
                state "total" is not registered; register its descriptor when the operator opens
                key group 86 is not of this subtask, which owns 0 to 3
                "#
            );
        }
    }
}

#[test]
fn keys_that_are_the_same_have_one_state() {
    // Two of the many numbers that are not a number, as Java holds them for one.
    let (one, other) = (f64::NAN, f64::from_bits(0xfff8_0000_0000_0001));
    for kind in KINDS {
        let mut backend = only::<(f64, Option<f32>)>(kind);
        let count = backend.state(ValueStateDescriptor::<u64>::new("count")).unwrap();
        for first in [one, 1.0, other, 1.0, one, -0.0, 0.0] {
            let key = (first, Some(f32::NAN));
            backend.set_current_key(key.hash_code(), &key).unwrap();
            *count.value_or_insert_with(&mut backend, || 0).unwrap() += 1;
        }
        let range = backend.key_group_range();
        let keys = backend.keys_and_namespaces(&count, range).unwrap();
        assert_eq!(keys.len(), 4, "not a number, one, and two zeros");
        let key = (other, Some(f32::NAN));
        backend.set_current_key(key.hash_code(), &key).unwrap();
        assert_eq!(count.value(&mut backend).unwrap(), Some(&3));
    }
}

#[test]
fn a_handle_lists_keys_of_its_own_operator_only() {
    for kind in KINDS {
        let mut backend = with_key(kind);
        let mine = backend.state(ValueStateDescriptor::<u64>::new("mine")).unwrap();
        mine.update(&mut backend, 1).unwrap();
        let mut other = with_key(kind);
        let theirs = other.state(ValueStateDescriptor::<u64>::new("theirs")).unwrap();
        let range = backend.key_group_range();
        let error = told(backend.keys_and_namespaces(&theirs, range));
        assert!(error.starts_with("state \"theirs\" is not registered"), "{error}");
    }
}

#[test]
fn values_must_live_for_a_while() {
    for kind in KINDS {
        let config = StateTtlConfig::new(std::time::Duration::from_micros(999));
        let value = ValueStateDescriptor::<u64>::new("value").enable_time_to_live(config);
        let error = told(with_key(kind).state(value));
        let expected =
            "TTL is expected to be positive, that of state \"value\" is below a millisecond";
        assert_eq!(error, expected);
    }
}

#[test]
fn a_name_has_one_kind_one_type_and_one_life() {
    use std::time::Duration;
    for kind in KINDS {
        let mut backend = only::<u32>(kind);
        let total = ValueStateDescriptor::<u64>::new("total");
        let first = backend.state(total.clone()).unwrap();
        let again = backend.state(total.clone()).unwrap();
        backend.set_current_key(7, &7).unwrap();
        first.update(&mut backend, 3).unwrap();
        assert_eq!(again.value(&mut backend).unwrap(), Some(&3), "both are the same state");
        let lives = total.enable_time_to_live(StateTtlConfig::new(Duration::from_secs(1)));
        let told = [
            told(backend.state(ListStateDescriptor::<u64>::new("total"))),
            told(backend.state(ValueStateDescriptor::<String>::new("total"))),
            told(backend.namespaced_state::<u8, _>(ValueStateDescriptor::<u64>::new("total"))),
            told(backend.state(lives)),
        ];
        insta::allow_duplicates! {
            insta::assert_snapshot!(told.join("\n"), @r#"
            state "total" is registered as value state and cannot be list state too
            state "total" is registered with keys of u32, values of u64 and cannot have keys of u32, values of text too
            state "total" is registered with keys of u32, values of u64 and cannot have keys of u32, values of u64, namespaces of u8 too
            state "total" is registered with another time to live
            "#);
        }
    }
}

#[test]
fn a_changed_type_is_not_restored() {
    for kind in KINDS {
        let mut old = with_key(kind);
        let total = old.state(ValueStateDescriptor::<u64>::new("total")).unwrap();
        total.update(&mut old, 1).unwrap();
        let snapshot = old.snapshot().unwrap();
        let mut new = only::<u32>(kind);
        new.restore(&snapshot).unwrap();
        let mut other_keys = only::<String>(kind);
        other_keys.restore(&snapshot).unwrap();
        let told = [
            told(new.state(ValueStateDescriptor::<i32>::new("total"))),
            told(new.state(MapStateDescriptor::<u8, u64>::new("total"))),
            told(other_keys.state(ValueStateDescriptor::<u64>::new("total"))),
            told(
                backend_of::<u32>(kind, KeyGroupRange { start: 0, end: 63 }, 64).restore(&snapshot),
            ),
        ];
        insta::allow_duplicates! {
            insta::assert_snapshot!(told.join("\n"), @r#"
            state "total" cannot be restored: the type of its values has changed: it was u64 and is i32
            state "total" cannot be restored: it was value state and is map state
            state "total" cannot be restored: the type of its keys has changed: it was u32 and is text
            the snapshot has maximum parallelism 128, the operator has 64
            "#);
        }
        let total = new.state(ValueStateDescriptor::<u64>::new("total")).unwrap();
        new.set_current_key(7, &7).unwrap();
        assert_eq!(total.value(&mut new).unwrap(), Some(&1), "what was refused is still there");
    }
}

#[test]
fn what_nobody_registers_is_kept() {
    for kind in KINDS {
        let mut old = with_key(kind);
        let total = old.state(ValueStateDescriptor::<u64>::new("total")).unwrap();
        total.update(&mut old, 1).unwrap();
        let snapshot = old.snapshot().unwrap();
        let mut between = only::<u32>(kind);
        between.restore(&snapshot).unwrap();
        assert_eq!(between.snapshot().unwrap(), snapshot);
    }
}

#[test]
fn backends_have_their_names_and_those_of_flink() {
    let parse = |name: &str| name.parse::<StateBackendKind>();
    for name in ["hashmap", "memory", "filesystem"] {
        assert_eq!(parse(name), Ok(StateBackendKind::Hashmap));
    }
    for name in ["lsm", "rocksdb"] {
        assert_eq!(parse(name), Ok(StateBackendKind::Lsm));
    }
    insta::assert_snapshot!(parse("redis").unwrap_err(), @r#"there is no state backend "redis"; the backends are `hashmap` (also called `memory` and `filesystem`) and `lsm` (also called `rocksdb`)"#);
}
