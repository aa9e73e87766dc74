//! What is done to records.
//!
//! An operator is an [`Output`](crate::record::Output) of its input's type that owns the output
//! behind it; a chain is such a nest, with one dynamic call per batch between operators.
//!
//! Previous: [`crate::api`] declares operators, [`crate::task`] builds the chain. Next: the
//! writer at the end of the chain, in [`crate::network`], or a sink, in [`crate::connector`].

mod code;
mod context;
mod function;
mod keyed;
mod stateless;

pub use code::{
    Channels, EdgeFactory, JobCode, OperatorCode, OperatorFactory, OperatorKind, SourceFactory,
    SourceReader, SourceStatus,
};
pub use context::{Cost, Meter, OperatorContext};
pub use function::{
    Closure, FilterFunction, FlatMapClosure, FlatMapFunction, Function, KeyByField, KeyByValue,
    KeySelector, MapFunction, ReduceFunction, RuntimeContext,
};
pub use keyed::RollingReduce;
pub use stateless::{Filter, FlatMap, Map, TryMap};
