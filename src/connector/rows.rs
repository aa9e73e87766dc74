//! Records as rows of text fields.

use serde::Serialize;

/// The fields of records, as CSV would write them: a struct's or tuple's fields in order,
/// anything else as one field.
///
/// ```
/// let rows = weir::connector::rows(&[("UA", 12), ("AA", 7)]).unwrap();
/// assert_eq!(rows[1], ["AA", "7"]);
/// ```
pub fn rows<T: Serialize>(records: &[T]) -> Result<Vec<Vec<String>>, String> {
    // One buffer for all of them: rows may differ in length, which is for the sink to refuse.
    let mut writer =
        csv::WriterBuilder::new().has_headers(false).flexible(true).from_writer(Vec::new());
    for record in records {
        writer.serialize(record).map_err(|error| format!("cannot be written as a row: {error}"))?;
    }
    let lines = writer.into_inner().map_err(|error| error.to_string())?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(lines.as_slice());
    let fields = |record: csv::StringRecord| record.iter().map(str::to_string).collect();
    reader.records().map(|read| read.map(fields).map_err(|error| error.to_string())).collect()
}
