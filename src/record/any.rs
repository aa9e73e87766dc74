//! A batch whose type the exchange does not know.

use std::any::Any;

use super::{Batch, Data, RecordId};

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

    fn clone_any(&self) -> Box<dyn AnyBatch> {
        Box::new(self.clone())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
