//! Functions of every kind are closed, once, after the last record of all of their inputs.

use weir::api::{DataStream, StreamExecutionEnvironment};
use weir::cluster::{ClusterOptions, execute};
use weir::operator::{
    BroadcastProcessFunction, CoProcessFunction, KeyedBroadcastContext,
    KeyedBroadcastProcessFunction, KeyedCoProcessFunction, KeyedContext, KeyedProcessFunction,
    ProcessContext, ProcessFunction, ReadOnlyContext,
};
use weir::record::{Collector, Failure};

/// Fails when it is closed, and says how much it has seen.
#[derive(Clone, Default)]
struct Closing(u64);

impl Closing {
    fn see(&mut self) -> Result<(), Failure> {
        self.0 += 1;
        Ok(())
    }

    fn tell(&self) -> Result<(), Failure> {
        Err(Failure(format!("closed after {}", self.0)))
    }
}

/// Implements a function whose methods of these names see a record.
macro_rules! closing {
    ($function:ty: $($method:ident($context:ty)),+) => {
        impl $function for Closing {
            type Out = u64;
            $(fn $method(
                &mut self,
                _value: u64,
                _context: &mut $context,
                _out: &mut Collector<u64>,
            ) -> Result<(), Failure> {
                self.see()
            })+
            fn close(&mut self) -> Result<(), Failure> {
                self.tell()
            }
        }
    };
}

closing!(ProcessFunction<u64>: process_element(ProcessContext<'_>));
closing!(CoProcessFunction<u64, u64>:
    process_element1(ProcessContext<'_>), process_element2(ProcessContext<'_>));
closing!(BroadcastProcessFunction<u64, u64>:
    process_element(ReadOnlyContext<'_, '_>), process_broadcast_element(ProcessContext<'_>));
closing!(KeyedProcessFunction<u64, u64>: process_element(KeyedContext<'_, u64>));
closing!(KeyedCoProcessFunction<u64, u64, u64>:
    process_element1(KeyedContext<'_, u64>), process_element2(KeyedContext<'_, u64>));
closing!(KeyedBroadcastProcessFunction<u64, u64, u64>:
    process_element(KeyedContext<'_, u64>),
    process_broadcast_element(KeyedBroadcastContext<'_, u64>));

fn check(declare: impl FnOnce(&StreamExecutionEnvironment) -> DataStream<u64>, seen: u64) {
    let env = StreamExecutionEnvironment::new("closing");
    declare(&env).discard();
    let report = execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
    // In front of this is the task, which is named after the head of its chain.
    let (_, cause) = report.jobs[0].cause.as_deref().unwrap().split_once(": ").unwrap();
    assert_eq!(cause, format!("closed after {seen}"));
}

#[test]
fn every_kind_of_function_is_closed_after_the_last_record() {
    let some = |env: &StreamExecutionEnvironment| env.from_collection((0..7_u64).collect());
    let more = |env: &StreamExecutionEnvironment| env.from_collection((0..5_u64).collect());
    let closing = Closing::default;
    check(|env| some(env).process_with(closing()), 7);
    check(|env| some(env).connect(&more(env)).process(closing()), 12);
    check(
        |env| {
            let broadcast = more(env).broadcast_stream();
            some(env).connect_broadcast(&broadcast).process(closing())
        },
        12,
    );
    check(|env| some(env).key_by(|n| n % 3).process(closing()), 7);
    check(
        |env| {
            let second = more(env).key_by(|n| n % 3);
            some(env).key_by(|n| n % 3).connect(&second).process(closing())
        },
        12,
    );
    check(
        |env| {
            let broadcast = more(env).broadcast_stream();
            let keyed = some(env).key_by(|n| n % 3);
            keyed.connect_broadcast(&broadcast).process(closing())
        },
        12,
    );
}
