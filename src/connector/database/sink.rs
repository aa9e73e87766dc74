//! What a sink writes to the database, and what it promises.

use std::sync::Arc;

use crate::connector::{DeliveryGuarantee, RowFormat};
use crate::database::Table;
use crate::record::{Data, RowKind};

/// See the module.
#[derive(Clone)]
pub struct DatabaseSink<T> {
    /// The table, whose name is also the sink's.
    pub table: Table,
    /// What it promises. Exactly once is by prepared transactions; at least once by writing all
    /// that comes before a barrier before the checkpoint is acknowledged.
    pub delivery: DeliveryGuarantee,
    /// What a record does to the table.
    kind: Arc<dyn Fn(&T) -> RowKind + Send + Sync>,
}

impl<T: Data> DatabaseSink<T> {
    /// A sink that writes each record at least once: by its key, if the table has one.
    pub fn to(table: Table) -> Self {
        let kind = match table.key_columns {
            0 => RowKind::Insert,
            _ => RowKind::UpdateAfter,
        };
        Self { table, delivery: DeliveryGuarantee::default(), kind: Arc::new(move |_| kind) }
    }

    /// With this promise.
    #[must_use]
    pub fn delivery(self, delivery: DeliveryGuarantee) -> Self {
        Self { delivery, ..self }
    }

    /// With records of which some delete the row with their key.
    #[must_use]
    pub fn row_kind(self, kind: impl Fn(&T) -> RowKind + Send + Sync + 'static) -> Self {
        Self { kind: Arc::new(kind), ..self }
    }

    /// How records become rows.
    pub fn format(&self) -> RowFormat<T> {
        RowFormat::with_kind(&self.table.name, self.table.columns.len(), self.kind.clone())
    }
}
