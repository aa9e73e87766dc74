//! What the trace tells of keyed state in places that are easily forgotten.

use std::collections::BTreeMap;
use std::time::Duration;

use weir::api::{SourceOptions, StreamExecutionEnvironment};
use weir::base::{EventTime, SimDuration};
use weir::cluster::{ClusterOptions, execute};
use weir::operator::{
    KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedContext, KeyedOpenContext,
};
use weir::record::{Collector, Failure};
use weir::state::{ValueState, ValueStateDescriptor};
use weir::time::WatermarkStrategy;
use weir::trace::{Event, Level, StateEvent, TimerEvent, TraceFile};

/// Adds up numbers by key; what is broadcast is added to the sums of all keys.
#[derive(Clone, Default)]
struct Sums(ValueState<u64>);

impl KeyedBroadcastProcessFunction<u64, (u64, u64), u64> for Sums {
    type Out = u64;

    fn open(&mut self, context: &mut KeyedOpenContext<'_, u64>) -> Result<(), Failure> {
        self.0 = context.state(ValueStateDescriptor::new("sum"))?;
        Ok(())
    }

    fn process_element(
        &mut self,
        (_, number): (u64, u64),
        context: &mut KeyedContext<'_, u64>,
        _out: &mut Collector<u64>,
    ) -> Result<(), Failure> {
        if number > 0 {
            *self.0.value_or_insert_with(context.state(), || 0)? += number;
        }
        Ok(())
    }

    fn process_broadcast_element(
        &mut self,
        value: u64,
        context: &mut KeyedBroadcastContext<'_, u64>,
        _out: &mut Collector<u64>,
    ) -> Result<(), Failure> {
        let sum = self.0.clone();
        context.apply_to_keyed_state(&self.0, |state, _| {
            *sum.value_or_insert_with(state, || 0)? += value;
            Ok(())
        })?;
        Ok(())
    }
}

#[test]
fn each_key_is_told_of_its_own_state() {
    let env = StreamExecutionEnvironment::new("sums");
    let at = |ms: u64| SimDuration::from_millis(ms);
    // The last record is of another key, and uses no state.
    let numbers = vec![(at(0), (1, 5)), (at(0), (2, 7)), (at(300), (12, 0))];
    let numbers = env.from_timed_collection("numbers", numbers, SourceOptions::default());
    let bonus = vec![(at(200), 100_u64)];
    let bonus = env.from_timed_collection("bonus", bonus, SourceOptions::default());
    numbers
        .key_by(|(key, _)| *key)
        .connect_broadcast(&bonus.broadcast_stream())
        .process(Sums::default())
        .uid("sums")
        .discard();
    let mut options = ClusterOptions::new(1, 1);
    options.sim.level = Level::Records;
    options.task.buffer_timeout = Duration::ZERO;
    let report = execute(options, env.build().unwrap()).unwrap();
    let trace = TraceFile::parse(report.trace.unwrap()).unwrap();
    let mut told = Vec::new();
    for recorded in &trace {
        match &recorded.event {
            Event::State(StateEvent::StateWritten { key, value, .. }) => {
                told.push(format!("{key} becomes {value:?}"));
            }
            Event::State(StateEvent::StateRead { key, .. }) => told.push(format!("{key} is read")),
            _ => {}
        }
    }
    let expected = ["1 becomes Some(\"5\")", "2 becomes Some(\"7\")"];
    assert_eq!(told[..2], expected);
    let mut later = told[2..].to_vec();
    later.sort();
    assert_eq!(later, ["1 becomes Some(\"105\")", "2 becomes Some(\"107\")"]);
}

#[test]
fn connected_streams_with_keys_are_mapped_where_their_keys_are() {
    let env = StreamExecutionEnvironment::new("keyed map");
    env.set_parallelism(2);
    let numbers = env.from_collection((0..20_u64).collect()).key_by(|number| number % 5);
    let words = env.from_collection(vec!["a".to_string()]).key_by(|word| word.len() as u64);
    numbers
        .connect(&words)
        .map(|number| number, |word| word.len() as u64 + 100)
        .write_to("mapped", ["number"]);
    let report = execute(ClusterOptions::new(1, 2), env.build().unwrap()).unwrap();
    let rows = &report.sinks["mapped"].rows;
    let mut numbers: Vec<u64> = rows.iter().map(|row| row.fields[0].parse().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq((0..20).chain([101])));
}

#[test]
fn an_interval_join_tells_of_its_buffers_and_timers() {
    let env = StreamExecutionEnvironment::new("joined");
    let strategy = WatermarkStrategy::for_monotonous_timestamps()
        .with_timestamp_assigner(|record: &(u64, i64), _| EventTime(record.1));
    let side = |records: Vec<(u64, i64)>| {
        let records = env.from_collection(records);
        records.assign_timestamps_and_watermarks(strategy.clone()).key_by(|record| record.0)
    };
    side(vec![(1, 10), (1, 12), (2, 20)])
        .interval_join(&side(vec![(1, 11), (2, 40)]))
        .between_millis(-5, 5)
        .process(|left, right, _, out| out.collect((left.1, right.1)))
        .uid("joined")
        .discard();
    let mut options = ClusterOptions::new(1, 1);
    options.sim.level = Level::Records;
    let report = execute(options, env.build().unwrap()).unwrap();
    let trace = TraceFile::parse(report.trace.unwrap()).unwrap();
    let (mut last, mut read, mut set, mut fired) = (BTreeMap::new(), 0, 0, 0);
    let mut left = Vec::new();
    for recorded in &trace {
        match &recorded.event {
            Event::State(StateEvent::StateWritten { key, state, value, .. }) => {
                if key == "1" && state == "left-buffer" {
                    left.push(value.clone().unwrap_or_default());
                }
                last.insert((key.clone(), state.clone()), value.clone());
            }
            Event::State(StateEvent::StateRead { .. }) => read += 1,
            Event::Timer(TimerEvent::TimerRegistered { .. }) => set += 1,
            Event::Timer(TimerEvent::TimerFired { .. }) => fired += 1,
            _ => {}
        }
    }
    assert_eq!(left, ["{10: [(1, 10)]}", "{10: [(1, 10)], 12: [(1, 12)]}", "{12: [(1, 12)]}", ""]);
    assert_eq!((read, set, fired), (5, 5, 5), "a record reads the other side and sets a timer");
    assert_eq!(last.len(), 4);
    assert!(last.values().all(Option::is_none), "{last:?}");
}
