//! Window functions with states of their own: of a key, and of a window of a key.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use weir::api::{EventTimeSessionWindows, StreamExecutionEnvironment, TumblingEventTimeWindows};
use weir::base::{EventTime, StateBackendKind};
use weir::cluster::RunReport;
use weir::function::{AccumulatorValue, LongCounter};
use weir::record::{Collector, Failure, OutputTag};
use weir::state::handle::KeyedState;
use weir::state::{ReducingState, ReducingStateDescriptor, ValueState, ValueStateDescriptor};
use weir::time::WatermarkStrategy;
use weir::trace::{Event, Level, StateEvent};
use weir::window::{
    NullKey, ProcessAllWindowFunction, ProcessWindowFunction, Trigger, Window, WindowContext,
    WindowOpenContext,
};

use super::{cluster, events, rows, run};
use crate::state::KINDS;

/// A key and a millisecond.
type Reading = (u8, i64);

const SIZE: i64 = 10;

fn readings(
    env: &StreamExecutionEnvironment,
    readings: &[Reading],
) -> weir::api::DataStream<Reading> {
    let strategy = WatermarkStrategy::for_punctuated(|_, at: EventTime| Some(at))
        .with_timestamp_assigner(|reading: &Reading, _| EventTime(reading.1));
    env.from_collection(readings.to_vec()).assign_timestamps_and_watermarks(strategy)
}

fn start(window: Window) -> i64 {
    window.time().map_or(i64::MIN, |window| window.start.0)
}

/// Counts how often each window, and each key, has been evaluated, and tells how often a window had
/// been when it is removed.
#[derive(Clone)]
pub struct CountFirings {
    of_window: ReducingState<u64, Window>,
    of_key: ValueState<u64>,
    removed: OutputTag<(u8, i64, u64)>,
    clears: bool,
}

impl CountFirings {
    pub fn new(clears: bool) -> Self {
        let removed = OutputTag::new("removed");
        let (of_window, of_key) = (ReducingState::default(), ValueState::default());
        Self { of_window, of_key, removed, clears }
    }
}

impl ProcessWindowFunction<u8, Reading> for CountFirings {
    type Out = (u8, i64, u64, u64);

    fn open(&mut self, context: &mut WindowOpenContext<'_, u8>) -> Result<(), Failure> {
        let sum = ReducingStateDescriptor::new("window-firings", |sum: &mut u64, one| *sum += one);
        self.of_window = context.window_state(sum)?;
        self.of_key = context.global_state(ValueStateDescriptor::new("key-firings"))?;
        Ok(())
    }

    fn process(
        &mut self,
        key: &u8,
        context: &mut WindowContext<'_, u8>,
        _elements: &[Reading],
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure> {
        self.of_window.add(context.state(), 1)?;
        *self.of_key.value_or_insert_with(context.state(), || 0)? += 1;
        let window = start(context.window());
        let of_window = *self.of_window.get(context.state())?.expect("one has just been added");
        let of_key = *self.of_key.value(context.state())?.expect("it has just been set");
        out.collect((*key, window, of_window, of_key));
        Ok(())
    }

    fn clear(&mut self, key: &u8, context: &mut WindowContext<'_, u8>) -> Result<(), Failure> {
        let fired = self.of_window.get(context.state())?.copied().unwrap_or(0);
        let window = start(context.window());
        context.output(&self.removed.clone(), (*key, window, fired));
        if self.clears {
            self.of_window.clear(context.state())?;
        }
        Ok(())
    }
}

/// Runs windows that are evaluated with each second record, at their end, and with late records.
fn count_firings(backend: StateBackendKind, of: &[Reading], level: Level) -> RunReport {
    let mut options = cluster();
    options.sim.level = level;
    run(options, |env| {
        env.set_state_backend(&backend.to_string());
        let function = CountFirings::new(true);
        let removed = function.removed.clone();
        let firings = readings(env, of)
            .key_by(|reading| reading.0)
            .window(TumblingEventTimeWindows::of(Duration::from_millis(SIZE as u64)))
            .trigger(Trigger::Count(2))
            .allowed_lateness(Duration::from_millis(5))
            .process(function);
        firings.get_side_output(&removed).write_to("removed", ["key", "window", "fired"]);
        firings.write_to("firings", ["key", "window", "of_window", "of_key"]);
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn a_window_has_a_state_of_its_own_and_shares_another(
        readings in prop::collection::vec((0_u8..3, 0_i64..60), 0..80),
    ) {
        let mut by_backend = Vec::new();
        for backend in KINDS {
            let report = count_firings(backend, &readings, Level::Off);
            let (mut of_windows, mut of_keys) = (BTreeMap::new(), BTreeMap::new());
            let mut firings: Vec<[u64; 4]> = Vec::new();
            for row in &report.sinks["firings"].rows {
                let numbers: Vec<u64> = row.fields.iter().map(|it| it.parse().unwrap()).collect();
                firings.push(numbers.try_into().unwrap());
            }
            // A key is in one subtask, whose results stay in order; the sink may mix subtasks.
            for [key, window, of_window, of_key] in firings {
                let (windows, keys): (&mut u64, &mut u64) = (
                    of_windows.entry((key, window)).or_default(),
                    of_keys.entry(key).or_default(),
                );
                (*windows, *keys) = (*windows + 1, *keys + 1);
                prop_assert_eq!((of_window, of_key), (*windows, *keys));
            }
            // Every window that was opened is removed, once, with what it had come to.
            for row in &report.sinks["removed"].rows {
                let place = (row.fields[0].parse().unwrap(), row.fields[1].parse().unwrap());
                let fired: u64 = row.fields[2].parse().unwrap();
                prop_assert_eq!(of_windows.remove(&place).unwrap_or(0), fired);
            }
            prop_assert!(of_windows.is_empty(), "{:?} were not removed", of_windows);
            by_backend.push((rows(&report, "firings"), rows(&report, "removed")));
        }
        prop_assert_eq!(&by_backend[0], &by_backend[1]);
    }
}

#[test]
fn the_trace_tells_states_of_windows_from_states_of_keys() {
    let report =
        count_firings(StateBackendKind::Hashmap, &[(1, 1), (1, 2), (1, 99)], Level::Records);
    let mut told = Vec::new();
    for (_, event) in events(&report) {
        if let Event::State(StateEvent::StateWritten { key, state, window, value, .. }) = event {
            let window = window.map_or(String::new(), |it| format!("@{}", it.start));
            told.push(format!("{key} {state}{window}: {}", value.as_deref().unwrap_or("-")));
        }
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    1 window-contents@0: [(1, 1)]
    1 window-contents@0: [(1, 1), (1, 2)]
    1 window-firings@0: 1
    1 key-firings: 1
    1 window-contents@90: [(1, 99)]
    1 window-contents@0: -
    1 window-firings@0: -
    1 window-contents@90: -
    1 window-firings@90: -
    "#);
}

/// Registers a state in a way, and does nothing else.
#[derive(Clone)]
struct Registers(fn(&mut WindowOpenContext<'_, u8>) -> Result<(), Failure>);

impl ProcessWindowFunction<u8, Reading> for Registers {
    type Out = u8;

    fn open(&mut self, context: &mut WindowOpenContext<'_, u8>) -> Result<(), Failure> {
        (self.0)(context)
    }

    fn process(
        &mut self,
        key: &u8,
        context: &mut WindowContext<'_, u8>,
        _elements: &[Reading],
        out: &mut Collector<u8>,
    ) -> Result<(), Failure> {
        let unregistered = ValueState::<u8, Window>::default();
        out.collect(*key);
        unregistered.update(context.state(), 1).map_err(Failure::from)
    }
}

fn check(
    sessions: bool,
    open: fn(&mut WindowOpenContext<'_, u8>) -> Result<(), Failure>,
    expected: &str,
) {
    for backend in KINDS {
        let report = run(cluster(), |env| {
            env.set_state_backend(&backend.to_string());
            let keyed = readings(env, &[(1, 1), (2, 1)]).key_by(|reading| reading.0);
            let size = Duration::from_millis(SIZE as u64);
            let windowed = if sessions {
                keyed.window(EventTimeSessionWindows::with_gap(size))
            } else {
                keyed.window(TumblingEventTimeWindows::of(size))
            };
            windowed.process(Registers(open)).discard();
        });
        let cause = report.jobs[0].cause.clone().expect("the job fails");
        assert!(cause.ends_with(expected), "{cause}");
    }
}

#[test]
fn states_of_window_functions_that_cannot_be() {
    check(
        true,
        |context| context.window_state(ValueStateDescriptor::<u8>::new("value")).map(drop),
        "Per-window state is not allowed when using merging windows.",
    );
    check(
        false,
        |context| {
            context.global_state(ValueStateDescriptor::<u8>::new("window-contents")).map(drop)
        },
        "state \"window-contents\" is the operator's own; give the function's state another name",
    );
    check(
        false,
        |context| {
            context.global_state(ValueStateDescriptor::<u8>::new("value"))?;
            context.window_state(ValueStateDescriptor::<u8>::new("value")).map(drop)
        },
        "state \"value\" is registered with keys of u8, values of u8 and cannot have keys of u8, \
         values of u8, namespaces of Window (Time | Global) too",
    );
    check(
        false,
        |_| Ok(()),
        "state \"(no name)\" is not registered; register its descriptor when the operator opens",
    );
}

/// Numbers the windows that it sees.
#[derive(Clone, Default)]
struct Numbered(ValueState<u64>, LongCounter);

impl ProcessAllWindowFunction<Reading> for Numbered {
    type Out = (u64, i64, u64);

    fn open(&mut self, context: &mut WindowOpenContext<'_, NullKey>) -> Result<(), Failure> {
        self.0 = context.global_state(ValueStateDescriptor::new("seen"))?;
        let first = context.runtime().index == 0;
        assert!(first && context.runtime().parallelism == 1);
        Ok(context.runtime().add_accumulator("windows", &self.1)?)
    }

    fn process(
        &mut self,
        context: &mut WindowContext<'_, NullKey>,
        elements: &[Reading],
        out: &mut Collector<Self::Out>,
    ) -> Result<(), Failure> {
        let number = self.0.value(context.state())?.copied().unwrap_or(0) + 1;
        self.0.update(context.state(), number)?;
        self.1.add(1);
        out.collect((number, start(context.window()), elements.len() as u64));
        Ok(())
    }
}

/// Fails when it is closed, and says what it has seen.
#[derive(Clone, Default)]
struct Closing(usize);

impl ProcessAllWindowFunction<Reading> for Closing {
    type Out = u8;

    fn process(
        &mut self,
        _context: &mut WindowContext<'_, NullKey>,
        elements: &[Reading],
        _out: &mut Collector<u8>,
    ) -> Result<(), Failure> {
        self.0 += elements.len();
        Ok(())
    }

    fn clear(&mut self, _context: &mut WindowContext<'_, NullKey>) -> Result<(), Failure> {
        self.0 += 100;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        Err(Failure(format!("closed after {}", self.0)))
    }
}

#[test]
fn a_window_function_is_closed_when_its_last_window_is_over() {
    let report = run(cluster(), |env| {
        let size = Duration::from_millis(SIZE as u64);
        let windows = TumblingEventTimeWindows::of(size);
        readings(env, &[(1, 1), (2, 3), (1, 15)])
            .window_all(windows)
            .process_all(Closing::default())
            .discard();
    });
    let cause = report.jobs[0].cause.clone().expect("the job fails");
    assert!(cause.ends_with(": closed after 203"), "{cause}");
}

#[test]
fn windows_of_all_records_have_states_too_and_so_have_sessions() {
    for backend in KINDS {
        let of = [(1, 1), (2, 3), (1, 15), (3, 47)];
        let report = run(cluster(), |env| {
            env.set_state_backend(&backend.to_string());
            let size = Duration::from_millis(SIZE as u64);
            readings(env, &of)
                .window_all(TumblingEventTimeWindows::of(size))
                .process_all(Numbered::default())
                .write_to("tumbling", ["number", "start", "records"]);
            readings(env, &of)
                .window_all(EventTimeSessionWindows::with_gap(Duration::from_millis(20)))
                .process_all(Numbered::default())
                .write_to("sessions", ["number", "start", "records"]);
        });
        assert_eq!(rows(&report, "tumbling"), ["1 0 2", "2 10 1", "3 40 1"]);
        assert_eq!(rows(&report, "sessions"), ["1 1 3", "2 47 1"]);
        let windows = &report.jobs[0].accumulators["windows"];
        assert_eq!(windows, &Ok(AccumulatorValue::LongCounter(5)));
    }
}
