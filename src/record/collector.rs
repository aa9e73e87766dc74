//! Where user functions put their results.

use super::{BATCH_RECORDS, Batch, Failure, Output, RecordId};
use crate::base::EventTime;

/// Gathers what a user function emits into batches. What is collected while an input record is
/// processed takes that record's timestamp and identity.
pub struct Collector<T> {
    staged: Batch<T>,
    timestamp: Option<EventTime>,
    id: Option<RecordId>,
}

impl<T> Default for Collector<T> {
    fn default() -> Self {
        Self { staged: Batch::default(), timestamp: None, id: None }
    }
}

impl<T: 'static> Collector<T> {
    /// Emits a record.
    #[inline]
    pub fn collect(&mut self, value: T) {
        self.staged.push(value, self.timestamp, self.id);
    }

    /// Sets what the records to come inherit.
    #[inline]
    pub(crate) fn inherit(&mut self, timestamp: Option<EventTime>, id: Option<RecordId>) {
        self.timestamp = timestamp;
        self.id = id;
    }

    /// Carries latency markers on.
    pub(crate) fn carry(&mut self, markers: &mut Vec<super::LatencyMarker>) {
        self.staged.markers.append(markers);
    }

    /// Takes what is staged.
    pub(crate) fn take(&mut self) -> Batch<T> {
        self.staged.take()
    }

    /// Passes on what is staged if it fills a batch.
    #[inline]
    pub(crate) fn flush_if_full(&mut self, output: &mut dyn Output<T>) -> Result<(), Failure> {
        if self.staged.values.len() >= BATCH_RECORDS { self.flush(output) } else { Ok(()) }
    }

    /// Passes on whatever is staged.
    pub(crate) fn flush(&mut self, output: &mut dyn Output<T>) -> Result<(), Failure> {
        if self.staged.is_empty() { Ok(()) } else { output.collect_batch(self.staged.take()) }
    }
}
