//! What a user can get wrong about windows, in Flink's words where it has them.

use crate::record::Failure;

impl From<WindowError> for Failure {
    fn from(error: WindowError) -> Self {
        Self(error.to_string())
    }
}

/// Why a window operator cannot be built or cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// An offset is not smaller than the size of tumbling windows.
    #[error("Tumbling{0}Windows parameters must satisfy abs(offset) < size")]
    Tumbling(&'static str),
    /// An offset is not smaller than the slide of sliding windows, or they have no size.
    #[error("Sliding{0}Windows parameters must satisfy abs(offset) < slide and size > 0")]
    Sliding(&'static str),
    /// A session gap is not positive.
    #[error("{0}SessionWindows parameters must satisfy 0 < size")]
    Session(&'static str),
    /// A function of the element gave a session gap that is not positive.
    #[error("Dynamic session time gap must satisfy 0 < gap")]
    DynamicGap,
    /// Sessions merge, and the trigger's state cannot.
    #[error(
        "A merging window assigner cannot be used with a trigger that does not support merging."
    )]
    TriggerCannotMerge,
    /// A trigger that would fire without end.
    #[error("A continuous trigger needs an interval of at least 1 ms, not {0} ms.")]
    TriggerInterval(i64),
    /// The allowed lateness is negative.
    #[error("The allowed lateness cannot be negative.")]
    NegativeLateness,
    /// A record without a timestamp came to event-time windows.
    #[error(
        "Record has Long.MIN_VALUE timestamp (= no timestamp marker). Is the time characteristic \
         set to 'ProcessingTime', or did you forget to call \
         'DataStream.assignTimestampsAndWatermarks(...)'?"
    )]
    NoTimestamp,
    /// A user's merging assigner gave a global window.
    #[error("A merging window assigner must assign windows of time.")]
    GlobalCannotMerge,
    /// A user's way of merging made a window that is over already.
    #[error(
        "The end timestamp of a window cannot become earlier than the current time by merging. \
         Current time: {current} window: {merged}"
    )]
    MergedIntoThePast {
        /// The watermark, or the processing time.
        current: i64,
        /// The window.
        merged: super::Window,
    },
    /// The bounds of an interval join are in the wrong order.
    #[error("lowerBound <= upperBound must be fulfilled")]
    IntervalBounds,
    /// A record without a timestamp came to an interval join.
    #[error(
        "Long.MIN_VALUE timestamp: Elements used in interval stream joins need to have timestamps \
         meaningful timestamps."
    )]
    IntervalNoTimestamp,
    /// The sizes of sliced windows do not fit each other.
    #[error("{0}")]
    Slices(&'static str),
}
