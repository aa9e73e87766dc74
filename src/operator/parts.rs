//! The parts of event time that can be replaced: each decides one thing that a result rests on.

use std::sync::Arc;

use crate::time::{MinimumWatermark, WatermarkMerge};
use crate::window::{LatenessRule, Merging, WindowPlacement, WindowSpec};

/// What fills the seams of event time. By default, the correct parts.
#[derive(Clone, Debug)]
pub struct EventTimeParts {
    /// Makes one watermark of those of several channels.
    pub watermark_merge: Arc<dyn WatermarkMerge>,
    /// Says where windows lie, instead of Flink's rule.
    pub window_placement: Option<Arc<dyn WindowPlacement>>,
    /// Says which windows are closed, instead of Flink's rule.
    pub lateness: Option<Arc<dyn LatenessRule>>,
    /// Says how windows merge.
    pub window_merge: Merging,
}

impl Default for EventTimeParts {
    fn default() -> Self {
        Self {
            watermark_merge: Arc::new(MinimumWatermark),
            window_placement: None,
            lateness: None,
            window_merge: Merging::Correct,
        }
    }
}

impl EventTimeParts {
    /// A window operator's parts, with these in their places.
    pub fn fill<T>(&self, mut spec: WindowSpec<T>) -> WindowSpec<T> {
        if let Some(placement) = &self.window_placement {
            spec.assigner = spec.assigner.with_placement(placement.clone());
        }
        if let Some(rule) = &self.lateness {
            spec.lateness = spec.lateness.with_rule(rule.clone());
        }
        spec.merging = self.window_merge.clone();
        spec
    }
}
