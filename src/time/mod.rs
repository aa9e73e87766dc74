//! Time inside a program: timestamps, watermarks, what they make of several channels, timers.
//!
//! Everything here is pure: whoever calls says what arrived and what the clock shows. In the order
//! in which a watermark passes:
//!
//! | file | what it is |
//! |---|---|
//! | [`strategy`] | what a program says: timestamps, generator, idleness, alignment |
//! | [`generator`] | generators of watermarks |
//! | [`idleness`] | finding out that nothing comes |
//! | [`multiplexer`] | splits of a source into one |
//! | [`output`] | only what advances, only changes of status |
//! | [`timestamps`] | all that at a source and in the middle of a stream |
//! | [`alignment`] | sources that wait for each other |
//! | [`merge`] | the seam: channels into one |
//! | [`valve`] | the valve of an input gate around it |
//! | [`combined`] | inputs of one operator into one |
//! | [`timers`] | the timers of a keyed operator, in Flink's order |

pub mod alignment;
pub mod combined;
pub mod generator;
mod heap_set;
pub mod idleness;
pub mod merge;
pub mod multiplexer;
pub mod output;
pub mod strategy;
pub mod timers;
pub mod timestamps;
pub mod valve;

pub use alignment::{AlignmentAnnouncement, SourceAlignment, SplitAlignment, WatermarkAlignment};
pub use combined::IndexedCombinedWatermarkStatus;
pub use generator::{BoundedOutOfOrdernessWatermarks, Generator, Punctuation, WatermarkGenerator};
pub use idleness::{PausableRelativeClock, WatermarksWithIdleness};
pub use merge::{AlignedChannels, MinimumWatermark, WatermarkMerge};
pub use multiplexer::{DeferredOutput, ImmediateOutput, WatermarkOutputMultiplexer};
pub use output::{DataOutput, WatermarkOutput, WatermarkToDataOutput};
pub use strategy::{
    DEFAULT_UPDATE_INTERVAL, TimestampAssigner, WatermarkAlignmentParams, WatermarkStrategy,
    WatermarkStrategyError,
};
pub use timers::{
    ChangedTimer, InternalTimerService, KeyGroupTimers, Timer, TimerChange, TimersSnapshot,
};
pub use timestamps::{SourceTimestampsAndWatermarks, TimestampsAndWatermarks};
pub use valve::{StatusWatermarkValve, ValveOutput};
