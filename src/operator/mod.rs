//! What is done to records.
//!
//! An operator is an [`Output`](crate::record::Output) of its input's type that owns the output
//! behind it; a chain is such a nest, with one dynamic call per batch between operators.
//!
//! Previous: [`crate::api`] declares operators, [`crate::task`] builds the chain. Next: the
//! writer at the end of the chain, in [`crate::network`], or a sink, in [`crate::connector`].

mod code;
mod context;
mod event_time;
mod function;
mod interval_join;
mod keyed;
mod parts;
mod process;
mod stateless;
mod timers;
mod two_input;
mod windowed;

pub use code::{
    Channels, CoordinatorEvent, EdgeFactory, JobCode, OperatorCode, OperatorEvent, OperatorFactory,
    OperatorKind, SourceFactory, SourceReader, SourceStatus,
};
pub use context::{Cost, Meter, OperatorContext};
pub use event_time::{AssignTimestampsAndWatermarks, PeriodicEmit, Said};
pub use function::{
    Closure, FilterFunction, FlatMapClosure, FlatMapFunction, Function, KeyByField, KeyByValue,
    KeySelector, MapFunction, ReduceFunction, RuntimeContext,
};
pub use interval_join::{
    IntervalJoinSpec, JoinClosure, JoinContext, JoinedByInterval, ProcessJoinFunction,
};
pub use keyed::RollingReduce;
pub use parts::EventTimeParts;
pub use process::{Process, ProcessContext, ProcessElement, ProcessFunction};
pub use stateless::{Filter, FlatMap, Map, TryMap};
pub use timers::ProcessingTimeService;
pub use two_input::{TwoInput, erase_inputs};
pub use windowed::{LateRecords, Windowed};
