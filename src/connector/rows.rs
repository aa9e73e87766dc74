//! Records as rows of text fields.

use serde::Serialize;

/// The fields of a record, as CSV would write them: a struct's or tuple's fields in order,
/// anything else as one field.
///
/// ```
/// assert_eq!(weir::connector::fields(&("UA", 12)), Ok(vec!["UA".to_string(), "12".to_string()]));
/// ```
pub fn fields<T: Serialize>(record: &T) -> Result<Vec<String>, String> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.serialize(record).map_err(|error| format!("cannot be written as a row: {error}"))?;
    let line = writer.into_inner().map_err(|error| error.to_string())?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_slice());
    let mut fields = csv::StringRecord::new();
    reader.read_record(&mut fields).map_err(|error| error.to_string())?;
    Ok(fields.iter().map(str::to_string).collect())
}
