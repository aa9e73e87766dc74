//! What sources read: bounded sequences of records, addressed by offset.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::base::SimDuration;
use crate::record::Data;

/// A bounded sequence of records that may be read from any offset. It is divided into splits of
/// neighbouring records by whoever reads it.
pub trait Splits<T>: Send + Sync {
    /// How many records there are.
    fn count(&self) -> u64;
    /// Adds the records from `offset` on to `out`, `count` of them.
    fn read(&self, offset: u64, count: usize, out: &mut Vec<T>);
    /// How long after the start of the source the record at `offset` comes into being. Without
    /// that, all records are there from the beginning, and the source's rate decides.
    fn due(&self, _offset: u64) -> Option<SimDuration> {
        None
    }
    /// Whether it cannot be read again, as what comes through a socket: a record that is due while
    /// nobody reads is lost. Such a source starts when the simulation does.
    fn is_live(&self) -> bool {
        false
    }
}

/// Records that come at moments of their own, to whoever listens then.
pub struct Live<T>(pub Timed<T>);

impl<T: Data + Sync> Splits<T> for Live<T> {
    fn count(&self) -> u64 {
        self.0.count()
    }

    fn read(&self, offset: u64, count: usize, out: &mut Vec<T>) {
        self.0.read(offset, count, out);
    }

    fn due(&self, offset: u64) -> Option<SimDuration> {
        self.0.due(offset)
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// Records that come at moments of their own.
pub struct Timed<T>(pub Vec<(SimDuration, T)>);

impl<T: Data + Sync> Splits<T> for Timed<T> {
    fn count(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, offset: u64, count: usize, out: &mut Vec<T>) {
        let start = offset as usize;
        out.extend(self.0[start..start + count].iter().map(|(_, record)| record.clone()));
    }

    fn due(&self, offset: u64) -> Option<SimDuration> {
        Some(self.0[offset as usize].0)
    }
}

impl<T: Data + Sync> Splits<T> for Vec<T> {
    fn count(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, offset: u64, count: usize, out: &mut Vec<T>) {
        let start = offset as usize;
        out.extend_from_slice(&self[start..start + count]);
    }
}

/// The lines of a text, without their ends.
pub struct Lines {
    text: Arc<str>,
    /// Where each line starts and ends.
    spans: Vec<(usize, usize)>,
}

impl Lines {
    /// Finds the lines of `text`.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        let mut spans = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let content = line.strip_suffix('\n').unwrap_or(line);
            let content = content.strip_suffix('\r').unwrap_or(content);
            spans.push((start, start + content.len()));
            start += line.len();
        }
        Self { text, spans }
    }
}

impl Splits<String> for Lines {
    fn count(&self) -> u64 {
        self.spans.len() as u64
    }

    fn read(&self, offset: u64, count: usize, out: &mut Vec<String>) {
        let start = offset as usize;
        let spans = &self.spans[start..start + count];
        out.extend(spans.iter().map(|(from, to)| self.text[*from..*to].to_string()));
    }
}

/// Records that are computed from their offsets.
pub struct Generator<F, T> {
    count: u64,
    function: F,
    records: PhantomData<fn() -> T>,
}

impl<F, T> Generator<F, T> {
    /// `count` records, the one at offset `i` being `function(i)`.
    pub fn new(count: u64, function: F) -> Self {
        Self { count, function, records: PhantomData }
    }
}

impl<T: Data, F: Fn(u64) -> T + Send + Sync> Splits<T> for Generator<F, T> {
    fn count(&self) -> u64 {
        self.count
    }

    fn read(&self, offset: u64, count: usize, out: &mut Vec<T>) {
        out.extend((offset..offset + count as u64).map(&self.function));
    }
}
