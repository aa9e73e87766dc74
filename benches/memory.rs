//! Bytes of memory and disk that idle state and timers take: `cargo bench --bench memory`.
//!
//! Counted by the allocator, not worked out from the sizes of types, so what hash tables leave
//! empty and what keys own elsewhere is in it. A million of each thing is made, and what memory has
//! grown by is divided by a million.

use std::alloc::System;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use weir::base::{EventTime, TimeDomain};
use weir::record::{Key, KeyGroupRange, SideOutputs};
use weir::state::{
    KeyedBackend, KeyedTable, LsmOptions, LsmStore, MapStateDescriptor, StateTtlConfig,
    ValueStateDescriptor,
};
use weir::time::InternalTimerService;
use weir::window::{
    Aggregated, KeyOf, Reduce, StreamRecord, WindowAssigner, WindowOperator, WindowOutput,
    WindowShape, WindowSpec,
};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MANY: u64 = 1_000_000;
const GROUPS: u32 = 128;
const RANGE: KeyGroupRange = KeyGroupRange { start: 0, end: 127 };

/// Prints how many bytes of memory one of `MANY` things takes that `make` makes, and gives them.
fn measure<X>(what: &str, make: impl FnOnce() -> X) -> X {
    let region = Region::new(ALLOCATOR);
    let made = make();
    let grown = region.change();
    let bytes = grown.bytes_allocated as i64 - grown.bytes_deallocated as i64;
    println!("{what:58} {:6.1}", bytes as f64 / MANY as f64);
    made
}

/// A key of each number.
trait Numbered: Key {
    fn number(number: u64) -> Self;
}

impl Numbered for u64 {
    fn number(number: u64) -> Self {
        number
    }
}

impl Numbered for String {
    fn number(number: u64) -> Self {
        format!("sensor-{number:05}")
    }
}

fn with_values<K: Numbered>(
    mut backend: KeyedBackend<K>,
    ttl: Option<StateTtlConfig>,
) -> KeyedBackend<K> {
    let descriptor = ValueStateDescriptor::<u64>::new("value");
    let descriptor = match ttl {
        Some(ttl) => descriptor.enable_time_to_live(ttl),
        None => descriptor,
    };
    let state = backend.state(descriptor).unwrap();
    for number in 0..MANY {
        let key = K::number(number);
        backend.set_current_key(key.hash_code(), &key).unwrap();
        state.update(&mut backend, number).unwrap();
    }
    backend
}

fn with_maps(mut backend: KeyedBackend<u64>) -> KeyedBackend<u64> {
    let state = backend.state(MapStateDescriptor::<u32, u64>::new("map")).unwrap();
    for key in 0..MANY {
        backend.set_current_key(key.hash_code(), &key).unwrap();
        state.put(&mut backend, 1, key).unwrap();
    }
    backend
}

struct Itself;

impl KeyOf<u64> for Itself {
    type Key = u64;
    fn hash(&self, value: &u64) -> i32 {
        value.hash_code()
    }
    fn matches(&self, value: &u64, key: &u64) -> bool {
        value == key
    }
    fn key(&self, value: &u64) -> u64 {
        *value
    }
}

/// Takes what no window here emits.
struct Nothing;

impl WindowOutput<u64, u64> for Nothing {
    fn emit(&mut self, _value: u64, _timestamp: EventTime) {}
    fn late(&mut self, _record: StreamRecord<u64>, _watermark: EventTime) {}
    fn sides(&self) -> SideOutputs {
        SideOutputs::none()
    }
}

fn with_windows() -> impl Sized {
    let shape = WindowShape::Tumbling { size: 10_000, offset: 0 };
    let spec = WindowSpec::new(WindowAssigner::shape(TimeDomain::EventTime, shape).unwrap());
    let sum = Aggregated(Reduce(|sum: &mut u64, value| *sum += value));
    let states = KeyedBackend::hashmap(GROUPS, RANGE);
    let mut operator = WindowOperator::new(spec, sum, KeyedTable::new(GROUPS), states).unwrap();
    for key in 0..MANY {
        let record = StreamRecord::new(key, EventTime(5));
        operator.process_element(key.hash_code(), &Itself, record, &mut Nothing).unwrap();
    }
    operator
}

fn with_timers<K: Numbered>() -> InternalTimerService<K, ()> {
    let mut timers = InternalTimerService::new();
    for number in 0..MANY {
        let key = K::number(number);
        timers.register_event_time(EventTime(number as i64), key.hash_code(), key, ());
    }
    timers
}

fn main() {
    let hashmap = || KeyedBackend::hashmap(GROUPS, RANGE);
    println!("bytes of memory for each of a million");
    measure("key with a value, u64 to u64, `hashmap`", || with_values::<u64>(hashmap(), None));
    measure("key with a value, String of 12 to u64, `hashmap`", || {
        with_values::<String>(KeyedBackend::hashmap(GROUPS, RANGE), None)
    });
    let day = Duration::from_secs(86_400);
    measure("key with a value that expires, u64 to u64, `hashmap`", || {
        with_values::<u64>(hashmap(), Some(StateTtlConfig::new(day)))
    });
    measure("key with a map of one entry, u32 to u64, `hashmap`", || with_maps(hashmap()));
    measure("key with one open window and its timer, `hashmap`", with_windows);
    measure("timer of a u64 key", with_timers::<u64>);
    measure("timer of a String key of 12", with_timers::<String>);

    let directory = tempfile::tempdir().unwrap();
    let cached = LsmOptions { cache_bytes: 1 << 30, ..LsmOptions::default() };
    let store = LsmStore::open(directory.path().join("cached"), cached, None).unwrap();
    measure("key with a value, u64 to u64, `lsm`, all in the cache", || {
        with_values::<u64>(KeyedBackend::lsm(GROUPS, RANGE, store.clone()), None)
    });
    let small = LsmOptions {
        cache_bytes: 1 << 20,
        write_buffer_bytes: 1 << 20,
        block_cache_bytes: 1 << 20,
        ..LsmOptions::default()
    };
    let store = LsmStore::open(directory.path().join("idle"), small, None).unwrap();
    let mut backend = measure("key with a value, u64 to u64, `lsm`, none in the cache", || {
        let mut backend = with_values::<u64>(KeyedBackend::lsm(GROUPS, RANGE, store.clone()), None);
        backend.files_snapshot().unwrap();
        backend
    });
    let files = backend.files_snapshot().unwrap().expect("the backend is of files");
    let bytes: u64 = files.manifest.files.iter().map(|file| file.bytes).sum();
    println!("{:58} {:6.1}", "the same, bytes of files", bytes as f64 / MANY as f64);
}
