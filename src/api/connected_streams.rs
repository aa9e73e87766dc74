//! Two streams of different types that one operator reads.
//!
//! ```
//! use weir::api::StreamExecutionEnvironment;
//! use weir::cluster::{self, ClusterOptions};
//!
//! let env = StreamExecutionEnvironment::new("two kinds");
//! let numbers = env.from_collection(vec![1_u64, 2]);
//! let words = env.from_collection(vec!["three".to_string()]);
//! numbers
//!     .connect(&words)
//!     .map(|number| format!("number {number}"), |word| format!("word {word}"))
//!     .write_to("both", ["text"]);
//! let report = cluster::execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
//! assert_eq!(report.sinks["both"].rows.len(), 3);
//! ```

use super::{DataStream, KeyedStream};
use crate::operator::{
    CoFlatMap, CoFlatMapClosures, CoFlatMapFunction, CoMap, CoMapClosures, CoMapFunction,
    CoProcess, CoProcessFunction, Function, KeyByValue, KeySelector, KeyedCoProcess,
    KeyedCoProcessFunction, OperatorContext, OperatorKind, erase_inputs,
};
use crate::record::{Collector, Data, Key, Outputs};

/// Two streams that one operator reads. What it does with either it decides by itself; their
/// records come in no particular order to each other.
pub struct ConnectedStreams<A, B> {
    first: DataStream<A>,
    second: DataStream<B>,
}

/// Two streams with keys of one type: records of equal key come to one subtask, and share state.
pub struct KeyedConnectedStreams<A, B, SA, SB> {
    first: KeyedStream<A, SA>,
    second: KeyedStream<B, SB>,
}

impl<A: Data> DataStream<A> {
    /// Lets one operator read this stream and another of whatever type.
    pub fn connect<B: Data>(&self, second: &DataStream<B>) -> ConnectedStreams<A, B> {
        ConnectedStreams { first: self.clone(), second: second.clone() }
    }
}

impl<A: Data, SA: KeySelector<A>> KeyedStream<A, SA> {
    /// Lets one operator read this stream and another with keys of the same type.
    pub fn connect<B: Data, SB: KeySelector<B, Key = SA::Key>>(
        &self,
        second: &KeyedStream<B, SB>,
    ) -> KeyedConnectedStreams<A, B, SA, SB> {
        KeyedConnectedStreams { first: self.clone(), second: second.clone() }
    }
}

impl<A: Data, B: Data> ConnectedStreams<A, B> {
    /// One record out for each of either stream (Flink's `CoMapFunction`).
    pub fn map<R: Data>(
        self,
        first: impl FnMut(A) -> R + Function,
        second: impl FnMut(B) -> R + Function,
    ) -> DataStream<R> {
        self.map_with(CoMapClosures(first, second))
    }

    /// Like [`Self::map`], with a type of one's own as the function.
    pub fn map_with<F: CoMapFunction<A, B>>(self, function: F) -> DataStream<F::Out> {
        self.named("Co-Map", CoMap(function))
    }

    /// Any number of records out for each of either stream (Flink's `CoFlatMapFunction`).
    pub fn flat_map<R: Data>(
        self,
        first: impl FnMut(A, &mut Collector<R>) + Function,
        second: impl FnMut(B, &mut Collector<R>) + Function,
    ) -> DataStream<R> {
        self.flat_map_with(CoFlatMapClosures::new(first, second))
    }

    /// Like [`Self::flat_map`], with a type of one's own as the function.
    pub fn flat_map_with<F: CoFlatMapFunction<A, B>>(self, function: F) -> DataStream<F::Out> {
        self.named("Co-Flat Map", CoFlatMap(function))
    }

    /// What a function makes of both, with what it remembers itself.
    pub fn process<F: CoProcessFunction<A, B>>(self, function: F) -> DataStream<F::Out> {
        self.named("Co-Process", function)
    }

    fn named<F: CoProcessFunction<A, B>>(self, name: &str, function: F) -> DataStream<F::Out> {
        let code = OperatorKind::operator(move |context: &OperatorContext, outputs: Outputs| {
            let process = CoProcess::new::<A, B>(context, function.clone(), outputs.join())?;
            Ok(erase_inputs::<A, B>(process))
        });
        self.first.then_two(&self.second, name, code)
    }

    /// Groups the records of both by keys of one type.
    pub fn key_by<K: Key, F: Fn(&A) -> K + Function, G: Fn(&B) -> K + Function>(
        self,
        first: F,
        second: G,
    ) -> KeyedConnectedStreams<A, B, KeyByValue<F>, KeyByValue<G>> {
        KeyedConnectedStreams {
            first: self.first.key_by(first),
            second: self.second.key_by(second),
        }
    }
}

impl<A, B, K, SA, SB> KeyedConnectedStreams<A, B, SA, SB>
where
    A: Data,
    B: Data,
    K: Key,
    SA: KeySelector<A, Key = K>,
    SB: KeySelector<B, Key = K>,
{
    /// Like [`ConnectedStreams::map`], with records of equal key in one subtask.
    pub fn map<R: Data>(
        self,
        first: impl FnMut(A) -> R + Function,
        second: impl FnMut(B) -> R + Function,
    ) -> DataStream<R> {
        self.unkeyed().map(first, second)
    }

    /// Like [`Self::map`], with a type of one's own as the function.
    pub fn map_with<F: CoMapFunction<A, B>>(self, function: F) -> DataStream<F::Out> {
        self.unkeyed().map_with(function)
    }

    /// Like [`ConnectedStreams::flat_map`], with records of equal key in one subtask.
    pub fn flat_map<R: Data>(
        self,
        first: impl FnMut(A, &mut Collector<R>) + Function,
        second: impl FnMut(B, &mut Collector<R>) + Function,
    ) -> DataStream<R> {
        self.unkeyed().flat_map(first, second)
    }

    /// Like [`Self::flat_map`], with a type of one's own as the function.
    pub fn flat_map_with<F: CoFlatMapFunction<A, B>>(self, function: F) -> DataStream<F::Out> {
        self.unkeyed().flat_map_with(function)
    }

    /// The streams as they are dealt out, for functions that do not see the key.
    fn unkeyed(self) -> ConnectedStreams<A, B> {
        let (first, second) = (self.first.stream().clone(), self.second.stream().clone());
        ConnectedStreams { first, second }
    }

    /// What a function makes of both, with keyed state and timers.
    pub fn process<F: KeyedCoProcessFunction<K, A, B>>(self, function: F) -> DataStream<F::Out> {
        let selectors = (self.first.selector().clone(), self.second.selector().clone());
        let code = OperatorKind::operator(move |context: &OperatorContext, outputs: Outputs| {
            let (selectors, function) = (selectors.clone(), function.clone());
            let process = KeyedCoProcess::new(context, selectors, function, outputs.join())?;
            Ok(erase_inputs::<A, B>(process))
        });
        self.first.stream().then_two(self.second.stream(), "Keyed Co-Process", code)
    }
}
