//! Wrong parts of windows.

use crate::base::EventTime;
use crate::window::{
    Added, LatenessRule, MergingWindowSet, TimeWindow, Window, WindowMerge, WindowPlacement,
    WindowShape,
};

/// Takes the end of a window for its last moment: `start < t <= end` in place of
/// `start <= t < end`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowOffByOne;

impl WindowPlacement for WindowOffByOne {
    fn place(&self, shape: WindowShape, timestamp: EventTime, windows: &mut Vec<Window>) {
        shape.place(EventTime(timestamp.0.saturating_sub(1)), windows);
    }
}

/// Forgets to ask whether a window is over. Its state is gone by then, so what it emits once more
/// holds the late records alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct LateWindowReopened;

impl LatenessRule for LateWindowReopened {
    fn is_window_late(&self, _: Window, _cleanup: EventTime, _watermark: EventTime) -> bool {
        false
    }
}

/// Renames the merged windows and forgets to move what was kept under the other names.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionMergeLosesState;

impl WindowMerge for SessionMergeLosesState {
    fn add_window(&self, set: &mut MergingWindowSet, window: TimeWindow) -> Added {
        let mut added = set.add_window(window);
        if let Some(merge) = &mut added.merge {
            merge.merged_state_windows.clear();
        }
        added
    }
}
