//! Window operators against the naive model on random streams, delays, lateness, parallelism,
//! batches and restarts.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use weir::base::EventTime;
use weir::record::{Batch, Collector, Key, KeyGroupRange, SideOutputs, key_group};
use weir::state::StateBackendKind::Hashmap;
use weir::state::{KeyedStore, KeyedTable};
use weir::window::{
    Aggregated, Buffered, KeyOf, KeyWindows, Lateness, ProcessClosure, Reduce, StreamRecord,
    TimeDomain, Window, WindowAssigner, WindowChange, WindowContext, WindowFunction,
    WindowOperator, WindowOutput, WindowShape, WindowSpec,
};

use crate::state::only;

use super::model::{Closed, Model, Spec};

const MAX_PARALLELISM: u32 = 8;

/// A record that knows which records it is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Traced {
    key: u8,
    ids: Vec<u32>,
}

struct ByKey;

impl KeyOf<Traced> for ByKey {
    type Key = u8;
    fn hash(&self, value: &Traced) -> i32 {
        value.key.hash_code()
    }
    fn matches(&self, value: &Traced, key: &u8) -> bool {
        value.key == *key
    }
    fn key(&self, value: &Traced) -> u8 {
        value.key
    }
}

#[derive(Clone, Debug)]
enum Step {
    Element { key: u8, timestamp: i64 },
    Watermark(i64),
    Restart,
}

/// The last that each window emitted before it closed, and the late records.
#[derive(Default)]
struct Seen {
    emitted: Option<Traced>,
    last: BTreeMap<(String, Window), Traced>,
    fired: Option<(String, Window)>,
    closed: Vec<Closed>,
    late: Vec<u32>,
}

impl Seen {
    /// What was emitted belongs to the window that fired before.
    fn settle(&mut self) {
        if let Some(emitted) = self.emitted.take() {
            let fired = self.fired.clone().expect("only a window that fires emits");
            if let Some(before) = self.last.insert(fired, emitted.clone()) {
                assert!(emitted.ids.starts_with(&before.ids), "{emitted:?} after {before:?}");
            }
        }
    }
}

impl WindowOutput<Traced, Traced> for Seen {
    fn emit(&mut self, value: Traced, timestamp: EventTime) {
        let (_, window) = self.fired.as_ref().expect("only a window that fires emits");
        assert_eq!(timestamp, window.max_timestamp());
        self.emitted = Some(value);
        self.settle();
    }
    fn late(&mut self, record: StreamRecord<Traced>, _watermark: EventTime) {
        self.late.extend(record.value.ids);
    }
    fn sides(&self) -> SideOutputs {
        SideOutputs::none()
    }
    fn observe(&mut self, key: &dyn Debug, window: Window, change: WindowChange<'_>) {
        let place = (format!("{key:?}"), window);
        match change {
            WindowChange::Fired => self.fired = Some(place),
            WindowChange::Cleaned => {
                let last = self.last.remove(&place).expect("a window fires before it closes");
                let span = window.time().expect("these windows are of time");
                let mut ids = last.ids;
                ids.sort_unstable();
                self.closed.push((last.key, span.start.0, span.end.0, ids));
            }
            WindowChange::Merged(merged) => {
                for window in merged {
                    self.last.remove(&(place.0.clone(), Window::Time(*window)));
                }
            }
            WindowChange::Created
            | WindowChange::Purged
            | WindowChange::Contents { .. }
            | WindowChange::StateUsed { .. } => {}
        }
    }
}

type Table<F> = KeyedTable<u8, KeyWindows<<F as WindowFunction<u8, Traced>>::Contents, Traced>>;
type Operator<F> = WindowOperator<u8, Traced, F, Table<F>>;

struct Subtask<F: WindowFunction<u8, Traced, Out = Traced>> {
    spec: Spec,
    function: fn() -> F,
    index: u32,
    parallelism: u32,
    operator: Operator<F>,
    waiting: Batch<Traced>,
    seen: Seen,
}

impl<F: WindowFunction<u8, Traced, Out = Traced>> Subtask<F> {
    fn new(spec: Spec, function: fn() -> F, index: u32, parallelism: u32) -> Self {
        let operator = Self::operator(spec, function);
        let (waiting, seen) = (Batch::default(), Seen::default());
        Self { spec, function, index, parallelism, operator, waiting, seen }
    }

    fn operator(spec: Spec, function: fn() -> F) -> Operator<F> {
        let assigner = WindowAssigner::shape(TimeDomain::EventTime, spec.shape).unwrap();
        let windows = WindowSpec {
            lateness: Lateness::allowed(spec.lateness).unwrap(),
            ..WindowSpec::new(assigner)
        };
        let table = KeyedTable::new(MAX_PARALLELISM);
        WindowOperator::new(windows, function(), table, only(Hashmap)).unwrap()
    }

    fn owns(&self, key: u8) -> bool {
        let group = key_group::assign(key.hash_code(), MAX_PARALLELISM);
        key_group::owner(group, self.parallelism, MAX_PARALLELISM) == self.index
    }

    fn flush(&mut self) {
        let batch = self.waiting.take();
        self.operator.process_batch(batch, &ByKey, &mut self.seen).unwrap();
    }

    fn watermark(&mut self, watermark: i64) {
        self.flush();
        self.operator.advance_watermark(EventTime(watermark), &mut self.seen).unwrap();
    }

    /// Stores everything, builds the operator anew and reads it back.
    fn restart(&mut self) {
        self.flush();
        let mut fresh = Self::operator(self.spec, self.function);
        self.operator.store().visit(&mut |_, key, windows| {
            let text = serde_json::to_string(windows).unwrap();
            fresh.store().find_or_insert(
                key.hash_code(),
                |_| false,
                || *key,
                || serde_json::from_str(&text).unwrap(),
            );
        });
        let timers = self.operator.timers().snapshot(MAX_PARALLELISM);
        let text = serde_json::to_string(&timers).unwrap();
        let range = KeyGroupRange::of_subtask(self.index, self.parallelism, MAX_PARALLELISM);
        fresh.restore_timers(range, serde_json::from_str(&text).unwrap());
        fresh.start_watermark(self.operator.current_watermark());
        self.operator = fresh;
    }
}

/// What the operators made of a stream: closed windows and late records, sorted.
fn run<F: WindowFunction<u8, Traced, Out = Traced>>(
    spec: Spec,
    function: fn() -> F,
    parallelism: u32,
    batched: bool,
    steps: &[Step],
) -> (Vec<Closed>, Vec<u32>) {
    let mut subtasks: Vec<Subtask<F>> =
        (0..parallelism).map(|index| Subtask::new(spec, function, index, parallelism)).collect();
    for (id, step) in (0..).zip(steps) {
        match step {
            Step::Element { key, timestamp } => {
                let subtask = subtasks.iter_mut().find(|subtask| subtask.owns(*key)).unwrap();
                let (value, timestamp) =
                    (Traced { key: *key, ids: vec![id] }, EventTime(*timestamp));
                if batched {
                    subtask.waiting.push(value, Some(timestamp), None);
                } else {
                    let record = StreamRecord::new(value, timestamp);
                    let (operator, seen) = (&mut subtask.operator, &mut subtask.seen);
                    operator.process_element(key.hash_code(), &ByKey, record, seen).unwrap();
                }
            }
            Step::Watermark(watermark) => {
                subtasks.iter_mut().for_each(|subtask| subtask.watermark(*watermark));
            }
            Step::Restart => subtasks.iter_mut().for_each(Subtask::restart),
        }
    }
    let (mut closed, mut late) = (Vec::new(), Vec::new());
    for mut subtask in subtasks {
        subtask.watermark(i64::MAX);
        assert_eq!(subtask.operator.store().count(), 0, "state is left behind");
        assert!(subtask.operator.timers().is_empty(), "timers are left behind");
        assert!(subtask.seen.last.is_empty(), "windows are left open");
        closed.append(&mut subtask.seen.closed);
        late.append(&mut subtask.seen.late);
    }
    closed.sort();
    late.sort_unstable();
    (closed, late)
}

fn reduce() -> impl WindowFunction<u8, Traced, Out = Traced> {
    Aggregated(Reduce(|all: &mut Traced, mut one: Traced| all.ids.append(&mut one.ids)))
}

fn buffer() -> impl WindowFunction<u8, Traced, Out = Traced> {
    Buffered(ProcessClosure::new(
        |key: &u8,
         _: &mut WindowContext<'_, _>,
         elements: &[Traced],
         out: &mut Collector<Traced>| {
            let ids = elements.iter().flat_map(|element| element.ids.clone()).collect();
            out.collect(Traced { key: *key, ids });
        },
    ))
}

fn shape() -> impl Strategy<Value = WindowShape> {
    prop_oneof![
        (1_i64..20)
            .prop_flat_map(|size| (Just(size), 1 - size..size))
            .prop_map(|(size, offset)| WindowShape::Tumbling { size, offset }),
        (1_i64..20, 1_i64..20)
            .prop_flat_map(|(size, slide)| (Just(size), Just(slide), 1 - slide..slide))
            .prop_map(|(size, slide, offset)| WindowShape::Sliding { size, slide, offset }),
        (1_i64..12).prop_map(|gap| WindowShape::Session { gap }),
    ]
}

/// Records around a moment that moves on, each at most `delay` behind it, and watermarks that
/// trail it by `bound`: with `bound >= delay` nothing is late.
fn stream(bound: impl Strategy<Value = i64>) -> impl Strategy<Value = (i64, Vec<Step>)> {
    let events = prop::collection::vec((0_i64..6, 0_i64..15, 0_u8..5, 0_u8..20), 1..120);
    (0_i64..15, bound, -60_i64..20, events).prop_map(|(delay, bound, start, events)| {
        let (mut moment, mut watermark, mut steps) = (start, i64::MIN, Vec::new());
        for (forward, behind, key, kind) in events {
            moment += forward;
            match kind {
                0..=3 if moment - bound > watermark => {
                    watermark = moment - bound - 1;
                    steps.push(Step::Watermark(watermark));
                }
                4 => steps.push(Step::Restart),
                _ => {
                    let timestamp = moment - behind.min(delay);
                    steps.push(Step::Element { key, timestamp });
                }
            }
        }
        (delay, steps)
    })
}

fn model(spec: Spec, steps: &[Step]) -> (Vec<Closed>, Vec<u32>) {
    let mut model = Model::new(spec);
    for (id, step) in (0..).zip(steps) {
        match step {
            Step::Element { key, timestamp } => model.element(*key, *timestamp, id),
            Step::Watermark(watermark) => model.watermark(*watermark),
            Step::Restart => {}
        }
    }
    model.watermark(i64::MAX);
    model.closed.sort();
    model.late.sort_unstable();
    (model.closed, model.late)
}

fn check(
    shape: WindowShape,
    lateness: i64,
    parallelism: u32,
    batched: bool,
    steps: &[Step],
) -> Result<Vec<u32>, TestCaseError> {
    let spec = Spec { shape, lateness };
    let expected = model(spec, steps);
    let reduced = run(spec, reduce, parallelism, batched, steps);
    prop_assert_eq!(&reduced, &expected, "reduced");
    let buffered = run(spec, buffer, parallelism, batched, steps);
    prop_assert_eq!(&buffered, &expected, "buffered");
    let (closed, late) = buffered;
    each_record_once(shape, steps, &closed, &late)?;
    Ok(late)
}

/// By identity, without the model: a record is in windows that hold its timestamp, at most once in
/// each; it is late only if it is in none; where windows neither overlap nor pause, it is in
/// exactly one of all these places.
fn each_record_once(
    shape: WindowShape,
    steps: &[Step],
    closed: &[Closed],
    late: &[u32],
) -> Result<(), TestCaseError> {
    for (id, step) in (0_u32..).zip(steps) {
        let Step::Element { key, timestamp } = step else { continue };
        let times_late = late.iter().filter(|late| **late == id).count();
        let mut windows = 0;
        for (of, start, end, ids) in closed {
            let times = ids.iter().filter(|found| **found == id).count();
            prop_assert!(times <= 1, "record {} is twice in [{}, {})", id, start, end);
            prop_assert!(times == 0 || (of == key && start <= timestamp && timestamp < end));
            windows += times;
        }
        prop_assert!(times_late <= 1 && (times_late == 0 || windows == 0), "record {}", id);
        match shape {
            WindowShape::Tumbling { .. } | WindowShape::Session { .. } => {
                prop_assert_eq!(windows + times_late, 1, "record {}", id);
            }
            WindowShape::Sliding { size, slide, .. } => {
                let fewest = (size / slide) as usize;
                prop_assert!(windows <= fewest + 1, "record {}", id);
                prop_assert!(size < slide || windows + times_late >= 1, "record {}", id);
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn windows_agree_with_the_naive_model(
        shape in shape(),
        lateness in 0_i64..15,
        parallelism in 1_u32..=4,
        batched: bool,
        (_, steps) in stream(0_i64..10),
    ) {
        check(shape, lateness, parallelism, batched, &steps)?;
    }

    #[test]
    fn nothing_is_late_when_watermarks_wait_for_the_longest_delay(
        shape in shape(),
        parallelism in 1_u32..=4,
        batched: bool,
        (_, steps) in stream(Just(15_i64)),
    ) {
        let late = check(shape, 0, parallelism, batched, &steps)?;
        prop_assert!(late.is_empty());
    }

    #[test]
    fn nothing_is_late_when_windows_wait_for_the_longest_delay(
        shape in shape(),
        parallelism in 1_u32..=4,
        batched: bool,
        (delay, steps) in stream(Just(0_i64)),
    ) {
        let late = check(shape, delay, parallelism, batched, &steps)?;
        prop_assert!(late.is_empty());
    }
}
