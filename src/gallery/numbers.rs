//! Jobs over plain numbers, each about the shape of a graph or the flow through it.

use super::{ArgumentError, Arguments};
use crate::api::{DataStream, ExpectedRows, Program, SourceOptions, StreamExecutionEnvironment};
use crate::operator::{MapFunction, RuntimeContext};
use crate::record::Failure;

/// The numbers `0, 1, … count - 1`, one split per subtask.
fn numbers(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
) -> Result<DataStream<u64>, ArgumentError> {
    let count = count(arguments)?;
    let options = SourceOptions { splits: None, ..SourceOptions::default() };
    Ok(env.from_generator("numbers", count, options, |number| number).uid("numbers"))
}

/// The argument `count`.
pub(super) fn count(arguments: &Arguments) -> Result<u64, ArgumentError> {
    u64::try_from(arguments.integer("count")?)
        .map_err(|_| ArgumentError::new("count", "a count is at least 0"))
}

/// A source, two branches, and their union.
pub fn diamond(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("diamond");
    let numbers = numbers(&env, arguments)?;
    let even = numbers.filter(|number| number % 2 == 0).name("Even").uid("even");
    let halves = even.map(|number| ("half".to_string(), number, number / 2));
    let halves = halves.name("Halve").uid("halve");
    let odd = numbers.filter(|number| number % 2 == 1).name("Odd").uid("odd");
    let doubles = odd.map(|number| ("double".to_string(), number, number * 2));
    let doubles = doubles.name("Double").uid("double");
    halves.union(&[&doubles]).rebalance().write_to("merged", ["branch", "number", "result"]);
    super::finish(&env)
}

/// Half of each even number, and the double of each odd one.
pub(super) fn expected_of_diamond(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    let row = |number: u64| {
        let (branch, result) = match number % 2 {
            0 => ("half", number / 2),
            _ => ("double", number * 2),
        };
        vec![branch.to_owned(), number.to_string(), result.to_string()]
    };
    let rows = (0..count(arguments)?).map(row).collect();
    Ok(ExpectedRows::from([("merged".to_owned(), rows)]))
}

/// How many records a subtask has received so far, and which subtask it is.
#[derive(Clone)]
struct CountReceived {
    partitioner: &'static str,
    subtask: u32,
    received: u64,
}

impl MapFunction<u64> for CountReceived {
    type Out = (String, u32, u64);

    fn open(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
        self.subtask = context.index + 1;
        Ok(())
    }

    fn map(&mut self, _: u64) -> Self::Out {
        self.received += 1;
        (self.partitioner.to_string(), self.subtask, self.received)
    }
}

/// The same numbers through every partitioner, counted where they arrive.
pub fn partitioners(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("partitioners");
    let numbers = numbers(&env, arguments)?;
    let count = |partitioner, dealt: DataStream<u64>| {
        let function = CountReceived { partitioner, subtask: 0, received: 0 };
        // Behind a forward edge the counter would be chained to the source otherwise.
        dealt.map_with(function).name(partitioner).uid(partitioner).start_new_chain()
    };
    let forward = count("forward", numbers.forward());
    let others = [
        count("rebalance", numbers.rebalance()),
        count("rescale", numbers.rescale()),
        count("shuffle", numbers.shuffle()),
        count("key-by", numbers.key_by(|number| *number).stream().clone()),
        count("global", numbers.global()),
        count("broadcast", numbers.broadcast()),
    ];
    let others: Vec<_> = others.iter().collect();
    forward.union(&others).upsert_to("received", ["partitioner", "subtask", "records"], 2);
    super::finish(&env)
}

/// A heavy operator that may have slots of its own.
pub fn slot_sharing(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("slot-sharing");
    let heavy = numbers(&env, arguments)?.rebalance().map(collatz_steps).name("Heavy").uid("heavy");
    let heavy = match arguments.boolean("isolate")? {
        true => heavy.slot_sharing_group("heavy"),
        false => heavy,
    };
    heavy
        .rebalance()
        .map(|pair| pair)
        .name("Light")
        .uid("light")
        .slot_sharing_group("default")
        .write_to("results", ["number", "steps"]);
    super::finish(&env)
}

/// A number, and how many steps it takes to 1 if even numbers are halved and odd ones tripled
/// and increased by one.
fn collatz_steps(number: u64) -> (u64, u32) {
    let (mut at, mut steps) = (number, 0);
    while at > 1 {
        at = if at % 2 == 0 { at / 2 } else { 3 * at + 1 };
        steps += 1;
    }
    (number, steps)
}

/// A function that panics at one of the numbers.
pub fn failing_function(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("failing-function");
    let fail_at = arguments.integer("fail-at")?;
    numbers(&env, arguments)?
        .rebalance()
        .map(move |number| {
            if i64::try_from(number) == Ok(fail_at) {
                panic!("cannot process {number}");
            }
            (number, number * number)
        })
        .name("Square")
        .uid("square")
        .write_to("results", ["number", "square"]);
    super::finish(&env)
}

/// An operator that needs its time for every record.
pub fn slow_operator(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("slow-operator");
    let cost = arguments.duration("cost")?;
    numbers(&env, arguments)?
        .rebalance()
        .map(|number| (number, number * number))
        .name("Slow")
        .uid("slow")
        .record_cost(cost)
        .write_to("results", ["number", "square"]);
    super::finish(&env)
}
