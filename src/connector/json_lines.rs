//! Records from JSON Lines: one record on each line, as JSON.

use serde::de::DeserializeOwned;

use super::DataError;

/// How many characters of a line are shown in front of a mistake.
const SHOWN: usize = 30;

/// Reads all records of a file of JSON Lines: a struct is an object, a tuple an array. Fields that
/// the record type does not have are passed over, and so are empty lines; a field that is missing
/// or `null` is `None` for an optional field.
///
/// ```
/// use serde::Deserialize;
/// use weir::connector::read_json_lines;
///
/// #[derive(Debug, PartialEq, Deserialize)]
/// struct Flight {
///     carrier: String,
///     delay: Option<i64>,
/// }
///
/// let text = "{\"carrier\": \"UA\", \"delay\": 2}\n{\"carrier\": \"AA\", \"gate\": 7}\n";
/// let flights: Vec<Flight> = read_json_lines(text.as_bytes()).unwrap();
/// assert_eq!(flights[1], Flight { carrier: "AA".to_string(), delay: None });
///
/// let error = read_json_lines::<(String, i64)>(b"[\"UA\", 2]\n[\"AA\", late]\n").unwrap_err();
/// assert_eq!(error.to_string(), "line 2: character 8 (`[\"AA\", l`): expected value");
/// ```
pub fn read_json_lines<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, DataError> {
    // Some editors begin a file with a mark that says which UTF it is.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut records = Vec::new();
    for (line, bytes) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if !bytes.trim_ascii().is_empty() {
            records.push(read_line(bytes).map_err(|message| DataError { line, message })?);
        }
    }
    Ok(records)
}

fn read_line<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let line = std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))?;
    serde_json::from_str(line).map_err(|error| describe(&error, line))
}

/// What is wrong, and where: the text that is shown ends with what is wrong.
fn describe(error: &serde_json::Error, line: &str) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let Some(what) = text.strip_suffix(&place) else { return text };
    // The column counts bytes, and may be one within a character.
    let end = (error.column()..line.len()).find(|end| line.is_char_boundary(*end));
    let read: Vec<char> = line[..end.unwrap_or(line.len())].chars().collect();
    let from = read.len().saturating_sub(SHOWN);
    let before = if from > 0 { "…" } else { "" };
    let shown = read[from..].iter().map(|it| if it.is_control() { ' ' } else { *it });
    let (character, shown) = (read.len(), shown.collect::<String>());
    let hint = if error.is_eof() { ": the line ends within its record" } else { "" };
    format!("character {character} (`{before}{shown}`): {what}{hint}")
}
