//! What is done to records.
//!
//! An operator is an [`Output`](crate::record::Output) of its input's type that owns the output
//! behind it; a chain is such a nest, with one dynamic call per batch between operators.
//!
//! Previous: [`crate::api`] declares operators, [`crate::task`] builds the chain. Next: the
//! writer at the end of the chain, in [`crate::network`], or a sink, in [`crate::connector`].

mod broadcast;
mod co_map;
mod co_process;
mod code;
mod context;
mod event_time;
mod function;
mod interval_join;
mod keyed;
mod keyed_context;
mod keyed_process;
mod keyed_runner;
mod keyed_storage;
mod outside_work;
mod parts;
mod process;
mod process_runner;
mod row_counter;
mod scratch;
mod snapshots;
mod stateless;
mod telling;
mod timers;
mod two_input;
mod windowed;

pub use crate::function::{
    Accumulator, AccumulatorError, AccumulatorRegistry, AccumulatorResult, AccumulatorResults,
    AccumulatorValue, AccumulatorValues, AverageAccumulator, DoubleCounter, DoubleMaximum,
    DoubleMinimum, Histogram, LongCounter, LongMaximum, LongMinimum, RuntimeContext, Tally,
    merge_accumulators,
};
pub use broadcast::{
    BroadcastProcess, BroadcastProcessFunction, KeyedBroadcastContext, KeyedBroadcastProcess,
    KeyedBroadcastProcessFunction, ReadOnlyContext,
};
pub use co_map::{
    CoFlatMap, CoFlatMapClosures, CoFlatMapFunction, CoMap, CoMapClosures, CoMapFunction,
};
pub use co_process::{CoProcess, CoProcessFunction};
pub use code::{
    Built, Channels, CoordinatorEvent, EdgeFactory, JobCode, OperatorCode, OperatorEvent,
    OperatorFactory, OperatorKind, SourceFactory, SourceReader, SourceStatus,
};
pub use context::{Cost, Meter, OperatorContext};
pub use event_time::{AssignTimestampsAndWatermarks, PeriodicEmit, Said};
pub use function::{
    Closure, FilterFunction, FlatMapClosure, FlatMapFunction, Function, KeyByField, KeyByValue,
    KeySelector, MapFunction, ReduceFunction,
};
pub use interval_join::{
    IntervalJoinSpec, JoinClosure, JoinContext, JoinedByInterval, ProcessJoinFunction,
};
pub use keyed::RollingReduce;
pub use keyed_context::{KeyedContext, KeyedOpenContext};
pub use keyed_process::{
    KeyedCoProcess, KeyedCoProcessFunction, KeyedProcess, KeyedProcessFunction,
};
pub use keyed_storage::KeyedStorage;
pub use outside_work::{OutsideShare, OutsideWork, Prepared};
pub use parts::EventTimeParts;
pub use process::{OpenContext, Process, ProcessContext, ProcessElement, ProcessFunction};
pub use row_counter::RowCounter;
pub use scratch::ScratchTraffic;
pub use snapshots::{FileKey, LocalFile, RestoredState, Snapshots};
pub use stateless::{Filter, FlatMap, Map, TryMap};
pub use timers::ProcessingTimeService;
pub use two_input::{TwoInput, erase_inputs};
pub use windowed::{LateRecords, Windowed};
