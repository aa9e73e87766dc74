//! The records of a file that a scenario names: CSV with a header line, or JSON Lines.

use serde::de::DeserializeOwned;

use super::{ArgumentError, Arguments};
use crate::connector::{read_csv, read_json_lines};

/// Whether a file holds JSON Lines, by its name.
pub(super) fn is_json_lines(path: &str) -> bool {
    path.ends_with(".jsonl") || path.ends_with(".ndjson")
}

/// The records of the file `argument`.
pub(super) fn read_records<T: DeserializeOwned>(
    arguments: &Arguments,
    argument: &str,
) -> Result<Vec<T>, ArgumentError> {
    let (path, file) = (arguments.path(argument)?, arguments.file(argument)?);
    let records = match is_json_lines(path) {
        true => read_json_lines(&file),
        false => read_csv(&file),
    };
    records.map_err(|error| ArgumentError::new(argument, format!("{path}, {error}")))
}
