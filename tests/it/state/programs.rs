//! Programs of state operations, and how they run on backends.

use std::time::Duration;

use weir::base::EventTime;
use weir::record::{Key, KeyGroupRange, key_group};
use weir::state::{
    AggregateFunction, AggregatingState, AggregatingStateDescriptor, KeyedBackend, KeyedSnapshot,
    KeyedState, ListState, ListStateDescriptor, MapState, MapStateDescriptor, ReducingState,
    ReducingStateDescriptor, StateBackendKind, StateError, StateTtlConfig, StateVisibility,
    UpdateType, ValueState, ValueStateDescriptor,
};

use super::backends::backend;

/// Few groups, so that keys share them.
pub const MAX_PARALLELISM: u32 = 8;

/// How values live in a program.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    pub millis: i64,
    pub renews_on_read: bool,
    pub returns_expired: bool,
    pub full_snapshot: bool,
    pub every_record: bool,
}

impl Life {
    fn config(self) -> StateTtlConfig {
        let config = StateTtlConfig::new(Duration::from_millis(self.millis as u64));
        let mut config = config.with_update_type(if self.renews_on_read {
            UpdateType::OnReadAndWrite
        } else {
            UpdateType::OnCreateAndWrite
        });
        if self.full_snapshot {
            config = config.cleanup_full_snapshot();
        }
        if self.returns_expired {
            // What the background has come to would be seen.
            return config
                .with_visibility(StateVisibility::ReturnExpiredIfNotCleanedUp)
                .disable_cleanup_in_background();
        }
        config.cleanup_incrementally(2, self.every_record)
    }
}

/// What is done to the state of a key.
#[derive(Clone, Debug)]
pub enum Use {
    ValueGet,
    ValueUpdate(u32),
    ValueChange(u32),
    ValueChangeIfThere(u32),
    ListGet,
    ListAdd(Vec<u32>),
    ListUpdate(Vec<u32>),
    MapGet(u8),
    MapContains(u8),
    MapPut(u8, u32),
    MapChange(u8, u32),
    MapRemove(u8),
    MapEntries,
    MapIsEmpty,
    ReducingGet,
    ReducingAdd(u32),
    AggregatingGet,
    AggregatingAdd(u32),
    Clear(u8),
}

/// A step of a program.
#[derive(Clone, Debug)]
pub enum Step {
    /// A key and a namespace, and what is done for them.
    Use(i64, u8, Use),
    /// Time passes.
    Wait(i64),
    /// Everything is stored and starts anew with so many subtasks; whether states are registered
    /// before they are restored.
    Restart(u32, bool),
    /// Everything is forgotten.
    ClearAll,
}

/// Largest, smallest and sum: an accumulator that is not what comes out.
pub struct Spread;

impl AggregateFunction<u32> for Spread {
    type Accumulator = (u32, u32, u64);
    type Out = String;

    fn create_accumulator(&self) -> (u32, u32, u64) {
        (0, u32::MAX, 0)
    }
    fn add(&self, accumulator: &mut (u32, u32, u64), value: u32) {
        let (largest, smallest, sum) = *accumulator;
        *accumulator = (largest.max(value), smallest.min(value), sum + u64::from(value));
    }
    fn get_result(&self, (largest, smallest, sum): &(u32, u32, u64)) -> String {
        format!("{smallest} to {largest}, {sum}")
    }
    fn merge(&self, accumulator: &mut (u32, u32, u64), other: (u32, u32, u64)) {
        let (largest, smallest, sum) = *accumulator;
        *accumulator = (largest.max(other.0), smallest.min(other.1), sum + other.2);
    }
}

/// A reduce function for which order counts.
pub fn reduce(into: &mut u32, value: u32) {
    *into = into.wrapping_mul(31).wrapping_add(value);
}

/// The handles of a program.
struct Handles {
    value: ValueState<u32>,
    list: ListState<u32, u8>,
    map: MapState<u8, u32, u8>,
    reducing: ReducingState<u32, u8>,
    aggregating: AggregatingState<u32, Spread>,
}

impl Handles {
    fn register(backend: &mut KeyedBackend<i64>, life: Option<Life>) -> Result<Self, StateError> {
        let mut value = ValueStateDescriptor::new("value");
        let mut list = ListStateDescriptor::new("list");
        let mut map = MapStateDescriptor::new("map");
        let mut reducing = ReducingStateDescriptor::new("reducing", reduce);
        let mut aggregating = AggregatingStateDescriptor::new("aggregating", Spread);
        if let Some(config) = life.map(Life::config) {
            value = value.enable_time_to_live(config);
            list = list.enable_time_to_live(config);
            map = map.enable_time_to_live(config);
            reducing = reducing.enable_time_to_live(config);
            aggregating = aggregating.enable_time_to_live(config);
        }
        Ok(Self {
            value: backend.state(value)?,
            list: backend.namespaced_state(list)?,
            map: backend.namespaced_state(map)?,
            reducing: backend.namespaced_state(reducing)?,
            aggregating: backend.state(aggregating)?,
        })
    }
}

/// A subtask with its handles.
struct Subtask {
    backend: KeyedBackend<i64>,
    handles: Handles,
}

/// A program on backends.
pub struct Run {
    kinds: Vec<StateBackendKind>,
    restarts: usize,
    life: Option<Life>,
    now: i64,
    subtasks: Vec<Subtask>,
}

impl Run {
    /// Runs on these kinds of backends, one after the other with every restart.
    pub fn new(kinds: &[StateBackendKind], life: Option<Life>) -> Self {
        let mut run =
            Self { kinds: kinds.to_vec(), restarts: 0, life, now: 0, subtasks: Vec::new() };
        run.start(1, false, &[]);
        run
    }

    fn start(&mut self, parallelism: u32, registers_first: bool, snapshots: &[KeyedSnapshot]) {
        let kind = self.kinds[self.restarts % self.kinds.len()];
        self.subtasks.clear();
        for index in 0..parallelism {
            let range = KeyGroupRange::of_subtask(index, parallelism, MAX_PARALLELISM);
            let mut backend = backend(kind, range, MAX_PARALLELISM);
            backend.set_processing_time(EventTime(self.now));
            let early = registers_first.then(|| Handles::register(&mut backend, self.life));
            for snapshot in snapshots {
                // By way of the bytes that a checkpoint has.
                let snapshot = KeyedSnapshot::from_bytes(&snapshot.to_bytes()).unwrap();
                backend.restore(&snapshot).unwrap();
            }
            let handles = early.unwrap_or_else(|| Handles::register(&mut backend, self.life));
            self.subtasks.push(Subtask { backend, handles: handles.unwrap() });
        }
    }

    /// Everything that is stored, by subtask.
    pub fn snapshots(&mut self) -> Vec<KeyedSnapshot> {
        self.subtasks.iter_mut().map(|subtask| subtask.backend.snapshot().unwrap()).collect()
    }

    /// Does a step; what it shows.
    pub fn step(&mut self, step: &Step) -> String {
        match step {
            Step::Use(key, namespace, what) => {
                let group = key_group::assign(key.hash_code(), MAX_PARALLELISM);
                let count = self.subtasks.len() as u32;
                let owner = key_group::owner(group, count, MAX_PARALLELISM);
                self.subtasks[owner as usize].apply(*key, *namespace, what).unwrap()
            }
            Step::Wait(millis) => {
                self.now += millis;
                for subtask in &mut self.subtasks {
                    subtask.backend.set_processing_time(EventTime(self.now));
                }
                String::new()
            }
            Step::Restart(parallelism, registers_first) => {
                let snapshots = self.snapshots();
                self.restarts += 1;
                self.start(*parallelism, *registers_first, &snapshots);
                String::new()
            }
            Step::ClearAll => {
                self.subtasks.iter_mut().for_each(|subtask| subtask.backend.clear().unwrap());
                String::new()
            }
        }
    }
}

impl Subtask {
    fn apply(&mut self, key: i64, namespace: u8, what: &Use) -> Result<String, StateError> {
        let Self { backend, handles } = self;
        let Handles { value, list, map, reducing, aggregating } = handles;
        backend.set_current_key(key.hash_code(), &key)?;
        list.set_namespace(backend, namespace)?;
        map.set_namespace(backend, namespace)?;
        reducing.set_namespace(backend, namespace)?;
        let shown = match what {
            Use::ValueGet => format!("{:?}", value.value(backend)?),
            Use::ValueUpdate(to) => format!("{:?}", value.update(backend, *to)?),
            Use::ValueChange(by) => {
                let value = value.value_or_insert_with(backend, || 7)?;
                reduce(value, *by);
                value.to_string()
            }
            Use::ValueChangeIfThere(by) => {
                let value = value.value_mut(backend)?;
                format!("{:?}", value.map(|value| reduce(value, *by)))
            }
            Use::ListGet => format!("{:?}", list.get(backend)?.collect::<Vec<_>>()),
            Use::ListAdd(values) => format!("{:?}", list.add_all(backend, values.clone())?),
            Use::ListUpdate(values) => format!("{:?}", list.update(backend, values.clone())?),
            Use::MapGet(user_key) => format!("{:?}", map.get(backend, user_key)?),
            Use::MapContains(user_key) => map.contains(backend, user_key)?.to_string(),
            Use::MapPut(user_key, to) => format!("{:?}", map.put(backend, *user_key, *to)?),
            Use::MapChange(user_key, by) => {
                let value = map.value_or_insert_with(backend, user_key, || 7)?;
                reduce(value, *by);
                value.to_string()
            }
            Use::MapRemove(user_key) => format!("{:?}", map.remove(backend, user_key)?),
            Use::MapEntries => format!("{:?}", map.entries(backend)?),
            Use::MapIsEmpty => map.is_empty(backend)?.to_string(),
            Use::ReducingGet => format!("{:?}", reducing.get(backend)?),
            Use::ReducingAdd(value) => format!("{:?}", reducing.add(backend, *value)?),
            Use::AggregatingGet => format!("{:?}", aggregating.get(backend)?),
            Use::AggregatingAdd(value) => format!("{:?}", aggregating.add(backend, *value)?),
            Use::Clear(state) => {
                match state % 5 {
                    0 => value.clear(backend)?,
                    1 => list.clear(backend)?,
                    2 => map.clear(backend)?,
                    3 => reducing.clear(backend)?,
                    _ => aggregating.clear(backend)?,
                }
                "()".to_string()
            }
        };
        backend.clear_current_key();
        Ok(shown)
    }
}
