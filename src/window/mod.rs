//! Windows: from records of a key to groups of them, and what becomes of the groups.
//!
//! Everything here is pure: whoever runs an operator says what arrived, how far event time is and
//! what the clock shows, and takes what is emitted. The semantics are those of Flink 2.3, held to
//! its own vectors.
//!
//! | file | what it is |
//! |---|---|
//! | `time_window` | windows |
//! | [`assigner`] | which windows a record belongs to |
//! | [`merging`] | windows that merge |
//! | [`trigger`] | when a window is evaluated |
//! | [`evictor`], `evicting` | which records leave it |
//! | [`lateness`] | when it closes |
//! | [`function`] | what it keeps and what is made of that |
//! | `context` | what functions see beside the records |
//! | `all_windows` | functions of windows without keys |
//! | `pane` | all windows of one key, as one value |
//! | [`operator`], `element`, `firing` | the window operator |
//! | [`count`] | windows of so many records |
//! | [`join`] | window join and co-group |
//! | [`interval_join`] | join of records that are near in time |
//! | [`slices`] | the slices of SQL's windows |
//!
//! Previous: [`crate::time`]. Next: the operators that run in a task.

mod all_windows;
pub mod assigner;
mod context;
pub mod count;
mod element;
mod error;
mod evicting;
pub mod evictor;
mod firing;
pub mod function;
pub mod interval_join;
pub mod join;
pub mod lateness;
pub mod merging;
pub mod operator;
mod output;
mod pane;
pub mod slices;
mod time_window;
pub mod trigger;

pub use crate::base::TimeDomain;
pub use all_windows::{NullKey, ProcessAllWindowFunction, WithoutKey};
pub use assigner::{CustomAssigner, SessionGap, WindowAssigner, WindowPlacement, WindowShape};
pub use context::{WindowContext, WindowOpenContext};
pub use error::WindowError;
pub use evicting::{Evicting, Folded, FoldedWith};
pub use evictor::{CustomEvictor, Elements, Eviction, EvictionOrder, Evictor};
pub use function::{
    Aggregate, AggregateFunction, Aggregated, AggregatedWith, Buffered, IncrementalFunction,
    ProcessClosure, ProcessWindowFunction, Reduce, WindowFunction,
};
pub use lateness::{Lateness, LatenessRule};
pub use merging::{Added, InFlight, Merge, MergingWindowSet, WindowMerge, merge_windows};
pub use operator::{Merging, WINDOW_CONTENTS, WindowOperator, WindowParts, WindowSpec};
pub use output::{KeyOf, StreamRecord, WindowChange, WindowOutput};
pub use pane::{KeyWindows, Pane};
pub use time_window::{TimeWindow, Window};
pub use trigger::{
    CustomTrigger, CustomTriggerContext, DeltaFunction, Trigger, TriggerContext, TriggerResult,
    TriggerState, WindowTimers,
};
