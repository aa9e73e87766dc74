//! What a sink writes to the database, and what it promises.

use std::sync::Arc;

use crate::connector::DeliveryGuarantee;
use crate::connector::rows::fields;
use crate::database::Table;
use crate::operator::OperatorContext;
use crate::record::{Batch, Data, Failure, RecordId, Row, RowKind};

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

    /// The rows of a batch.
    pub(super) fn rows(
        &self,
        context: &OperatorContext,
        batch: &Batch<T>,
    ) -> Result<Vec<Row>, Failure> {
        let fields = fields(&self.table.name, self.table.columns.len(), batch)?;
        let row = |(index, fields)| {
            let id = batch.id(index).and_then(RecordId::known);
            let number = Some(context.next_row());
            Row { kind: (self.kind)(&batch.values[index]), fields, id, number }
        };
        Ok(fields.into_iter().enumerate().map(row).collect())
    }
}
