//! Functions of every kind are opened, once, before the first record, and closed, once, after the
//! last one of all of their inputs; in between they can add things up.

use weir::api::{DataStream, StreamExecutionEnvironment};
use weir::base::{EventTime, Name};
use weir::cluster::{ClusterOptions, RunReport, execute};
use weir::operator::{
    AccumulatorValue, BroadcastProcessFunction, CoFlatMapFunction, CoMapFunction,
    CoProcessFunction, FilterFunction, FlatMapFunction, JoinContext, KeyedBroadcastContext,
    KeyedBroadcastProcessFunction, KeyedCoProcessFunction, KeyedContext, KeyedOpenContext,
    KeyedProcessFunction, LongCounter, MapFunction, OpenContext, ProcessContext, ProcessFunction,
    ProcessJoinFunction, ReadOnlyContext, RuntimeContext,
};
use weir::record::{Collector, Failure};
use weir::time::WatermarkStrategy;

/// Fails when it is closed, and says who has opened it and how much it has seen.
#[derive(Clone, Default)]
struct Watched {
    openable: bool,
    opened: Vec<Name>,
    seen: LongCounter,
    last: u64,
}

impl Watched {
    fn opened(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
        if !self.openable {
            return Err(Failure("cannot be opened".into()));
        }
        self.opened.push(context.subtask.clone());
        Ok(context.add_accumulator("seen", &self.seen)?)
    }

    fn see(&mut self) {
        self.seen.add(1);
        self.last += 1;
    }

    fn closed(&self) -> Result<(), Failure> {
        Err(Failure(format!("opened by {}, closed after {}", self.opened.join(", "), self.last)))
    }
}

/// Implements a process function whose methods of these names see a record.
macro_rules! process_function {
    ($function:ty: $open:ty, $($method:ident($context:ty)),+) => {
        impl $function for Watched {
            type Out = u64;
            fn open(&mut self, context: &mut $open) -> Result<(), Failure> {
                self.opened(context.runtime())
            }
            $(fn $method(
                &mut self,
                _value: u64,
                _context: &mut $context,
                _out: &mut Collector<u64>,
            ) -> Result<(), Failure> {
                self.see();
                Ok(())
            })+
            fn close(&mut self) -> Result<(), Failure> {
                self.closed()
            }
        }
    };
}

process_function!(ProcessFunction<u64>: OpenContext<'_>, process_element(ProcessContext<'_>));
process_function!(CoProcessFunction<u64, u64>: OpenContext<'_>,
    process_element1(ProcessContext<'_>), process_element2(ProcessContext<'_>));
process_function!(BroadcastProcessFunction<u64, u64>: OpenContext<'_>,
    process_element(ReadOnlyContext<'_, '_>), process_broadcast_element(ProcessContext<'_>));
process_function!(KeyedProcessFunction<u64, u64>: KeyedOpenContext<'_, u64>,
    process_element(KeyedContext<'_, u64>));
process_function!(KeyedCoProcessFunction<u64, u64, u64>: KeyedOpenContext<'_, u64>,
    process_element1(KeyedContext<'_, u64>), process_element2(KeyedContext<'_, u64>));
process_function!(KeyedBroadcastProcessFunction<u64, u64, u64>: KeyedOpenContext<'_, u64>,
    process_element(KeyedContext<'_, u64>),
    process_broadcast_element(KeyedBroadcastContext<'_, u64>));

/// Implements a function that knows of nothing but its records: the methods that see them are given.
macro_rules! plain_function {
    ($function:ty { $($methods:tt)+ }) => {
        impl $function for Watched {
            $($methods)+
            fn open(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
                self.opened(context)
            }
            fn close(&mut self) -> Result<(), Failure> {
                self.closed()
            }
        }
    };
}

plain_function! { MapFunction<u64> {
    type Out = u64;
    fn map(&mut self, value: u64) -> u64 {
        self.see();
        value
    }
} }
plain_function! { FlatMapFunction<u64> {
    type Out = u64;
    fn flat_map(&mut self, _value: u64, _out: &mut Collector<u64>) {
        self.see();
    }
} }
plain_function! { FilterFunction<u64> {
    fn filter(&mut self, value: &u64) -> bool {
        self.see();
        value.is_multiple_of(2)
    }
} }
plain_function! { CoMapFunction<u64, u64> {
    type Out = u64;
    fn map1(&mut self, value: u64) -> u64 {
        self.see();
        value
    }
    fn map2(&mut self, value: u64) -> u64 {
        self.see();
        value
    }
} }
plain_function! { CoFlatMapFunction<u64, u64> {
    type Out = u64;
    fn flat_map1(&mut self, _value: u64, _out: &mut Collector<u64>) {
        self.see();
    }
    fn flat_map2(&mut self, _value: u64, _out: &mut Collector<u64>) {
        self.see();
    }
} }
plain_function! { ProcessJoinFunction<u64, u64> {
    type Out = u64;
    fn process_element(
        &mut self,
        _left: &u64,
        _right: &u64,
        _context: &mut JoinContext<'_>,
        _out: &mut Collector<u64>,
    ) {
        self.see();
    }
} }

/// The job that fails with the function that `declare` puts behind its source.
fn fails(
    declare: impl Fn(&StreamExecutionEnvironment, Watched) -> DataStream<u64>,
    openable: bool,
) -> (RunReport, String, String) {
    let env = StreamExecutionEnvironment::new("closing");
    declare(&env, Watched { openable, ..Watched::default() }).discard();
    let report = execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
    // In front of the cause is the task, which is named after the head of its chain.
    let (task, cause) = report.jobs[0].cause.as_deref().unwrap().split_once(": ").unwrap();
    let (task, cause) = (task.to_owned(), cause.to_owned());
    (report, task, cause)
}

fn check(declare: impl Fn(&StreamExecutionEnvironment, Watched) -> DataStream<u64>, seen: i64) {
    let (report, task, cause) = fails(&declare, true);
    assert_eq!(cause, format!("opened by {task}, closed after {seen}"));
    let counted = &report.jobs[0].accumulators["seen"];
    assert_eq!(counted, &Ok(AccumulatorValue::LongCounter(seen)));
    let (report, _, cause) = fails(&declare, false);
    assert_eq!(cause, "cannot be opened");
    assert!(report.jobs[0].accumulators.is_empty());
}

#[test]
fn every_kind_of_function_is_opened_and_closed_after_the_last_record() {
    let some = |env: &StreamExecutionEnvironment| env.from_collection((0..7_u64).collect());
    let more = |env: &StreamExecutionEnvironment| env.from_collection((0..5_u64).collect());
    check(|env, function| some(env).map_with(function), 7);
    check(|env, function| some(env).flat_map_with(function), 7);
    check(|env, function| some(env).filter_with(function), 7);
    check(|env, function| some(env).process_with(function), 7);
    check(|env, function| some(env).connect(&more(env)).map_with(function), 12);
    check(|env, function| some(env).connect(&more(env)).flat_map_with(function), 12);
    check(|env, function| some(env).connect(&more(env)).process(function), 12);
    check(
        |env, function| {
            let broadcast = more(env).broadcast_stream();
            some(env).connect_broadcast(&broadcast).process(function)
        },
        12,
    );
    check(|env, function| some(env).key_by(|n| n % 3).process(function), 7);
    check(
        |env, function| {
            let second = more(env).key_by(|n| n % 3);
            some(env).key_by(|n| n % 3).connect(&second).process(function)
        },
        12,
    );
    check(
        |env, function| {
            let broadcast = more(env).broadcast_stream();
            let keyed = some(env).key_by(|n| n % 3);
            keyed.connect_broadcast(&broadcast).process(function)
        },
        12,
    );
    check(
        |env, function| {
            let stamped = |numbers: DataStream<u64>| {
                let strategy = WatermarkStrategy::for_monotonous_timestamps()
                    .with_timestamp_assigner(|_: &u64, _| EventTime(0));
                numbers.assign_timestamps_and_watermarks(strategy).key_by(|_| 0_u64)
            };
            let (left, right) = (stamped(some(env)), stamped(more(env)));
            left.interval_join(&right).between_millis(0, 0).process_with(function)
        },
        35,
    );
}
