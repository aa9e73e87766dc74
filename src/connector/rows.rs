//! Records as rows of text fields, and rows with their numbers.

use std::cell::RefCell;
use std::sync::Arc;

use csv_core::{ReadFieldResult, Reader};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::{EventTime, Name};
use crate::operator::OperatorContext;
use crate::record::{Batch, Data, Failure, RecordId, Row, RowKind};

/// Small, since it is cleared for each batch, and most are.
const BUFFER: usize = 1024;

/// The fields of records, as CSV would write them: a struct's or tuple's fields in order,
/// anything else as one field.
///
/// ```
/// let rows = weir::connector::rows(&[("UA", 12), ("AA", 7)]).unwrap();
/// assert_eq!(rows[1], ["AA", "7"]);
/// ```
pub fn rows<T: Serialize>(records: &[T]) -> Result<Vec<Vec<String>>, String> {
    // One buffer for all of them: rows may differ in length, which is for the sink to refuse.
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(BUFFER)
        .from_writer(Vec::new());
    for record in records {
        writer.serialize(record).map_err(|error| format!("cannot be written as a row: {error}"))?;
    }
    let lines = writer.into_inner().map_err(|error| error.to_string())?;
    read(&lines)
}

/// The fields of a batch's records, of which `sink` has so many columns.
pub(super) fn fields<T: Data>(
    sink: &str,
    columns: usize,
    batch: &Batch<T>,
) -> Result<Vec<Vec<String>>, Failure> {
    let records = &batch.values;
    let rows = rows(records).map_err(|error| Failure(format!("sink `{sink}`: {error}")))?;
    for (record, row) in records.iter().zip(&rows) {
        if row.len() != columns {
            let has = row.len();
            return Err(Failure(format!(
                "sink `{sink}` has {columns} columns, but {record:?} has {has} fields"
            )));
        }
    }
    if rows.len() == records.len() {
        return Ok(rows);
    }
    // Only a record of one empty line, which CSV readers pass over, can come to this.
    Err(Failure(format!("sink `{sink}` cannot write a record without fields")))
}

/// The fields of one row that is to be written to `sink`.
pub(super) fn row_fields<R: Serialize>(
    sink: &str,
    columns: usize,
    row: &R,
) -> Result<Vec<String>, Failure> {
    let found = rows(std::slice::from_ref(row));
    let mut found = found.map_err(|error| Failure(format!("sink `{sink}`: {error}")))?;
    match found.pop() {
        Some(fields) if fields.len() == columns => Ok(fields),
        Some(fields) => {
            let (has, fields) = (fields.len(), fields.join(", "));
            let text =
                format!("sink `{sink}` has {columns} columns, but [{fields}] has {has} fields");
            Err(Failure(text))
        }
        None => Err(Failure(format!("sink `{sink}` cannot write a row without fields"))),
    }
}

/// The next row of a sink.
pub(super) fn numbered(
    context: &OperatorContext,
    kind: RowKind,
    fields: Vec<String>,
    id: Option<RecordId>,
) -> Row {
    let (id, number) = (id.and_then(RecordId::known), Some(context.next_row()));
    Row { kind, fields, id, number }
}

/// A row on its way into a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkRow {
    /// The row. It has a number: whoever shows it shows that, too, so that it can be told whether it
    /// was shown once.
    pub row: Row,
    /// The event time of its record, if that has one.
    pub timestamp: Option<EventTime>,
}

/// How records become the rows of a sink: one each.
pub struct RowFormat<T> {
    sink: Name,
    columns: usize,
    kind: Arc<dyn Fn(&T) -> RowKind + Send + Sync>,
}

impl<T> Clone for RowFormat<T> {
    fn clone(&self) -> Self {
        Self { sink: self.sink.clone(), columns: self.columns, kind: self.kind.clone() }
    }
}

impl<T: Data> RowFormat<T> {
    /// Of a sink of so many columns to which each record adds a row.
    pub fn append(sink: &Name, columns: usize) -> Self {
        Self::with_kind(sink, columns, Arc::new(|_| RowKind::Insert))
    }

    /// Of a sink to which a record does what `kind` says.
    pub fn with_kind(
        sink: &Name,
        columns: usize,
        kind: Arc<dyn Fn(&T) -> RowKind + Send + Sync>,
    ) -> Self {
        Self { sink: sink.clone(), columns, kind }
    }

    /// The sink.
    pub fn sink(&self) -> &Name {
        &self.sink
    }

    /// The rows of a batch, with the next numbers of the subtask.
    ///
    /// # Errors
    /// If a record cannot be a row of that many fields.
    pub fn rows(
        &self,
        context: &OperatorContext,
        batch: &Batch<T>,
    ) -> Result<Vec<SinkRow>, Failure> {
        let fields = fields(&self.sink, self.columns, batch)?;
        let row = |(index, fields)| {
            let kind = (self.kind)(&batch.values[index]);
            let row = numbered(context, kind, fields, batch.id(index));
            SinkRow { row, timestamp: batch.timestamp(index) }
        };
        Ok(fields.into_iter().enumerate().map(row).collect())
    }
}

/// A record from the fields of its row.
pub fn from_fields<T: DeserializeOwned>(fields: &[String]) -> Result<T, String> {
    let record = csv::StringRecord::from(fields);
    record.deserialize(None).map_err(|error| format!("is no such record: {error}"))
}

thread_local! {
    /// Building one takes longer than reading a few rows with it.
    static READER: RefCell<Reader> = RefCell::new(Reader::new());
}

/// The fields of what the writer wrote.
fn read(lines: &[u8]) -> Result<Vec<Vec<String>>, String> {
    READER.with_borrow_mut(|reader| {
        reader.reset();
        read_with(reader, lines)
    })
}

fn read_with(reader: &mut Reader, mut lines: &[u8]) -> Result<Vec<Vec<String>>, String> {
    let mut field = vec![0; lines.len()];
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    loop {
        let (result, consumed, written) = reader.read_field(lines, &mut field);
        lines = &lines[consumed..];
        match result {
            ReadFieldResult::InputEmpty => {}
            ReadFieldResult::OutputFull => return Err("a field is longer than its row".to_owned()),
            ReadFieldResult::Field { record_end } => {
                let text = std::str::from_utf8(&field[..written]);
                row.push(text.map_err(|error| error.to_string())?.to_owned());
                if record_end {
                    rows.push(std::mem::take(&mut row));
                }
            }
            ReadFieldResult::End => return Ok(rows),
        }
    }
}
