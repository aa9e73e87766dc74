//! Records from CSV data with a header line.

use serde::de::DeserializeOwned;

/// What is wrong with a data file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct DataError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub message: String,
}

/// Why a data file cannot be a source.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// It can be read, but not understood.
    #[error("{path}, {cause}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong, and where.
        cause: DataError,
    },
}

/// Reads all records of a CSV file whose first line names the columns. Columns that the record
/// type does not have are passed over; empty fields are `None` for optional fields.
///
/// ```
/// use weir::connector::read_csv;
///
/// let records: Vec<(String, Option<i64>)> = read_csv(b"carrier,delay\nUA,2\nAA,\n").unwrap();
/// assert_eq!(records[1], ("AA".to_string(), None));
///
/// let error = read_csv::<(String, i64)>(b"carrier,delay\nUA,2\nAA,late\n").unwrap_err();
/// assert_eq!(error.to_string(), "line 3: column `delay`: invalid digit found in string");
/// ```
pub fn read_csv<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, DataError> {
    let mut reader = csv::Reader::from_reader(bytes);
    let at_start = |error: csv::Error| DataError { line: 1, message: error.to_string() };
    let headers = reader.headers().map_err(at_start)?.clone();
    if headers.is_empty() {
        let message = "there is no header line that names the columns".to_owned();
        return Err(DataError { line: 1, message });
    }
    let mut records = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        let read = reader.read_record(&mut record);
        if !read.map_err(|error| DataError { line, message: describe(&error, &headers) })? {
            return Ok(records);
        }
        let line = record.position().map_or(line, csv::Position::line);
        let value = record.deserialize(Some(&headers));
        records
            .push(value.map_err(|error| DataError { line, message: describe(&error, &headers) })?);
    }
}

fn describe(error: &csv::Error, headers: &csv::StringRecord) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => match err.field() {
            Some(field) => {
                let name = headers.get(field as usize).unwrap_or("?");
                format!("column `{}`: {}", name.escape_debug(), err.kind())
            }
            None => err.kind().to_string(),
        },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields, but the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { err, .. } => format!("not UTF-8: {err}"),
        _ => error.to_string(),
    }
}
