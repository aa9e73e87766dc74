//! A batch whose type the exchange does not know.

use std::any::Any;

use super::format::{FormatError, decode, encode_into};
use super::{Batch, Data, RecordId};
use crate::base::EventTime;

/// A batch on an edge. The receiver, who knows the type, downcasts it once.
pub trait AnyBatch: Any + Send {
    /// The number of records.
    fn records(&self) -> usize;
    /// Its encoded length.
    fn encoded_size(&self) -> u64;
    /// The records' identities, where the run keeps them.
    fn ids(&self) -> &[RecordId];
    /// The records as structured text, for the trace.
    fn render(&self) -> Vec<String>;
    /// The records with what is known of each, as they are stored.
    fn encode(&self) -> Vec<u8>;
    /// The same once more.
    fn clone_any(&self) -> Box<dyn AnyBatch>;
    /// The batch itself.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Data> AnyBatch for Batch<T> {
    fn records(&self) -> usize {
        self.len()
    }

    fn encoded_size(&self) -> u64 {
        let mut bytes = 0;
        for value in &self.values {
            let size =
                postcard::serialize_with_flavor(value, postcard::ser_flavors::Size::default());
            bytes += size.expect("a record that is Data can be serialized") as u64;
        }
        bytes
    }

    fn ids(&self) -> &[RecordId] {
        self.ids.as_deref().unwrap_or_default()
    }

    fn render(&self) -> Vec<String> {
        self.values.iter().map(|value| format!("{value:?}")).collect()
    }

    fn encode(&self) -> Vec<u8> {
        let Self { values, timestamps, ids, hashes, markers: _ } = self;
        let mut bytes = Vec::new();
        encode_into(&(values, timestamps, ids, hashes), &mut bytes)
            .expect("a record that is Data can be serialized");
        bytes
    }

    fn clone_any(&self) -> Box<dyn AnyBatch> {
        Box::new(self.clone())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// The columns of a batch that are stored.
type Columns<T> = (Vec<T>, Option<Vec<EventTime>>, Option<Vec<RecordId>>, Option<Vec<u32>>);

/// A batch that [`AnyBatch::encode`] has written, of records of this type.
pub fn decode_batch<T: Data>(bytes: &[u8]) -> Result<Box<dyn AnyBatch>, FormatError> {
    let (values, timestamps, ids, hashes): Columns<T> = decode(bytes)?;
    let rows = values.len();
    let fits = |column: Option<usize>| column.is_none_or(|length| length == rows);
    let lengths = [
        timestamps.as_ref().map(Vec::len),
        ids.as_ref().map(Vec::len),
        hashes.as_ref().map(Vec::len),
    ];
    if !lengths.into_iter().all(fits) {
        let (type_name, reason) = ("batch".to_string(), "its columns differ in length".to_string());
        return Err(FormatError::Damaged { type_name, reason });
    }
    Ok(Box::new(Batch { values, timestamps, ids, hashes, markers: Vec::new() }))
}
