//! A batch of records with optional columns.
//!
//! Invariant: a column that is present is as long as `values`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{EventTime, SimTime};

/// How many records a full batch holds.
pub const BATCH_RECORDS: usize = 1024;

/// Where a record came from: what makes it itself, however often it is replayed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct RecordId {
    /// The source, by its place among the job's sources.
    pub source: u16,
    /// The split of that source.
    pub split: u16,
    /// The position in the split, from 0.
    pub offset: u64,
}

impl RecordId {
    /// Of a record that is no source's: what a timer or a window makes of many.
    pub const NONE: Self = Self { source: u16::MAX, split: u16::MAX, offset: u64::MAX };

    /// The identity, if it is one.
    pub fn known(self) -> Option<Self> {
        (self != Self::NONE).then_some(self)
    }
}

/// Rides in a batch from a source to a sink and tells how long that took (Flink's
/// `LatencyMarker`). It holds its place in the order of records, is never seen by user code, never
/// cuts a batch and never flushes one before its time. A batch of nothing else is sent, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyMarker {
    /// When it left the source.
    pub marked: SimTime,
}

/// Records of one type with whichever columns the job needs.
#[derive(Clone, Debug)]
pub struct Batch<T> {
    /// The records.
    pub values: Vec<T>,
    /// Their event times, once a timestamp assigner has run.
    pub timestamps: Option<Vec<EventTime>>,
    /// Their identities, where the run keeps them.
    pub ids: Option<Vec<RecordId>>,
    /// The Java hashes of their keys, on a keyed edge.
    pub hashes: Option<Vec<u32>>,
    /// Latency markers on their way.
    pub markers: Vec<LatencyMarker>,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { values: Vec::new(), timestamps: None, ids: None, hashes: None, markers: Vec::new() }
    }
}

impl<T> From<Vec<T>> for Batch<T> {
    fn from(values: Vec<T>) -> Self {
        Self { values, ..Self::default() }
    }
}

impl<T> Batch<T> {
    /// The number of records.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is nothing in it, not even a latency marker.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.markers.is_empty()
    }

    /// The same records after a function of each.
    pub fn map<U>(self, function: impl FnMut(T) -> U) -> Batch<U> {
        Batch {
            values: self.values.into_iter().map(function).collect(),
            timestamps: self.timestamps,
            ids: self.ids,
            hashes: None,
            markers: self.markers,
        }
    }

    /// Keeps the records for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        if self.timestamps.is_none() && self.ids.is_none() && self.hashes.is_none() {
            return self.values.retain(keep);
        }
        let kept: Vec<bool> = self.values.iter().map(&mut keep).collect();
        retain_marked(&mut self.values, &kept);
        if let Some(column) = &mut self.timestamps {
            retain_marked(column, &kept);
        }
        if let Some(column) = &mut self.ids {
            retain_marked(column, &kept);
        }
        if let Some(column) = &mut self.hashes {
            retain_marked(column, &kept);
        }
    }

    /// The event time of a record.
    #[inline]
    pub fn timestamp(&self, index: usize) -> Option<EventTime> {
        self.timestamps.as_ref().map(|column| column[index])
    }

    /// The identity of a record.
    #[inline]
    pub fn id(&self, index: usize) -> Option<RecordId> {
        self.ids.as_ref().map(|column| column[index])
    }

    /// Adds a record. Where records differ in their columns, the missing entries are
    /// [`EventTime::NONE`] and [`RecordId::NONE`].
    #[inline]
    pub fn push(&mut self, value: T, timestamp: Option<EventTime>, id: Option<RecordId>) {
        let before = self.values.len();
        self.values.push(value);
        push_cell(&mut self.timestamps, timestamp, before, EventTime::NONE);
        push_cell(&mut self.ids, id, before, RecordId::NONE);
    }

    /// Takes the contents, leaving an empty batch.
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

#[inline]
fn push_cell<C: Copy>(column: &mut Option<Vec<C>>, cell: Option<C>, before: usize, none: C) {
    match (column.as_mut(), cell) {
        (Some(column), cell) => column.push(cell.unwrap_or(none)),
        (None, Some(cell)) => {
            let mut cells = vec![none; before];
            cells.push(cell);
            *column = Some(cells);
        }
        (None, None) => {}
    }
}

fn retain_marked<T>(column: &mut Vec<T>, kept: &[bool]) {
    let mut marks = kept.iter();
    column.retain(|_| *marks.next().expect("a column is as long as its batch"));
}
