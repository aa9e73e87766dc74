//! What the trace tells of keyed state that the broadcast side of a function changes.

use std::time::Duration;

use weir::api::{SourceOptions, StreamExecutionEnvironment};
use weir::base::SimDuration;
use weir::cluster::{ClusterOptions, execute};
use weir::operator::{
    KeyedBroadcastContext, KeyedBroadcastProcessFunction, KeyedContext, KeyedOpenContext,
};
use weir::record::{Collector, Failure};
use weir::state::{ValueState, ValueStateDescriptor};
use weir::trace::{Event, Level, StateEvent, TraceFile};

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
