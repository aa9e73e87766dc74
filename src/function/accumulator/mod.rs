//! Accumulators: what functions add up while a job runs, and what that comes to in all subtasks
//! together when it has ended.
//!
//! A function keeps an accumulator as a field and registers it in its `open` (Flink's
//! `getRuntimeContext().addAccumulator`). What it has come to travels to the JobMaster with the
//! task's last state, whichever that is, and from there with the job's status to the client
//! (Flink's `JobExecutionResult.getAccumulatorResult`). Only what current attempts say counts.
//!
//! ```
//! use weir::api::StreamExecutionEnvironment;
//! use weir::cluster::{self, ClusterOptions};
//! use weir::operator::{AccumulatorValue, FilterFunction, LongCounter, RuntimeContext};
//! use weir::record::Failure;
//!
//! #[derive(Clone, Default)]
//! struct Even {
//!     odd: LongCounter,
//! }
//!
//! impl FilterFunction<u64> for Even {
//!     fn open(&mut self, context: &RuntimeContext) -> Result<(), Failure> {
//!         Ok(context.add_accumulator("odd", &self.odd)?)
//!     }
//!
//!     fn filter(&mut self, number: &u64) -> bool {
//!         let even = number.is_multiple_of(2);
//!         if !even {
//!             self.odd.add(1);
//!         }
//!         even
//!     }
//! }
//!
//! let env = StreamExecutionEnvironment::new("even");
//! env.from_sequence(9).filter_with(Even::default()).discard();
//! let report = cluster::execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
//! assert_eq!(report.jobs[0].accumulators["odd"], Ok(AccumulatorValue::LongCounter(4)));
//! ```
//!
//! A name is the job's: what several operators add under it is merged like what several subtasks
//! add. But within one task, which operators share if they are chained, it can be registered once.
//!
//! Unlike Flink: accumulators are of the kinds that are here, not of any class; they are sent when
//! a task has ended and not with heartbeats before; and the least or mean of nothing is nothing,
//! not the greatest number or 0.

mod kinds;
mod registry;
mod results;
mod value;

pub use kinds::{
    Accumulator, AverageAccumulator, DoubleCounter, DoubleMaximum, DoubleMinimum, Histogram,
    LongCounter, LongMaximum, LongMinimum, Tally,
};
pub use registry::AccumulatorRegistry;
pub use results::{AccumulatorError, AccumulatorResult, AccumulatorResults, merge_accumulators};
pub use value::{AccumulatorValue, AccumulatorValues};
