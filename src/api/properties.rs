//! Java's `.properties`: what `java.util.Properties.load` makes of a text.
//!
//! A file in this format has natural lines, which end anywhere, and logical ones, which a backslash at
//! the end of a natural line carries on. Each logical line is a key, a separator and a value, in all
//! of which a backslash takes the meaning of what is behind it away.
//!
//! Unlike Flink: a file is UTF-8 and not ISO 8859-1. What Java writes is ASCII, and so the same in
//! both. And a text that ends with a line of one backslash does not have an empty key, as in Java.
//!
//! Previous: [`ParameterTool`](super::ParameterTool), which is given the text.

use std::collections::BTreeMap;

use crate::connector::DataError;

/// What Java passes over before keys and around separators.
const BLANKS: [char; 3] = [' ', '\t', '\u{c}'];

/// The values by key. Of a key that is there twice, the last one counts.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, String>, DataError> {
    let mut values = BTreeMap::new();
    for (line, logical) in logical_lines(text) {
        let at_line = |message| DataError { line, message };
        let (key, value) = key_and_value(&logical);
        values.insert(unescaped(key).map_err(at_line)?, unescaped(value).map_err(at_line)?);
    }
    Ok(values)
}

/// The logical lines that say something, each with the number of the natural line in which it
/// begins.
fn logical_lines(text: &str) -> Vec<(u64, String)> {
    let mut lines = Vec::new();
    let (mut begins, mut logical) = (0, String::new());
    for (number, natural) in (1..).zip(text.replace("\r\n", "\n").split(['\n', '\r'])) {
        let natural = natural.trim_start_matches(BLANKS);
        if logical.is_empty() {
            // A backslash does not carry a comment on.
            if natural.starts_with(['#', '!']) {
                continue;
            }
            begins = number;
        }
        logical.push_str(natural);
        let backslashes = natural.len() - natural.trim_end_matches('\\').len();
        if backslashes % 2 == 1 {
            logical.pop();
        } else if !logical.is_empty() {
            lines.push((begins, std::mem::take(&mut logical)));
        }
    }
    if !logical.is_empty() {
        // The text ends with a backslash that carries nothing on.
        lines.push((begins, logical));
    }
    lines
}

/// Divides a logical line at its first separator or blank that is not escaped.
fn key_and_value(line: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = line.find(|c: char| {
        let ends_key = !is_escaped && (BLANKS.contains(&c) || matches!(c, '=' | ':'));
        is_escaped = c == '\\' && !is_escaped;
        ends_key
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches(BLANKS);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (key, rest.trim_start_matches(BLANKS))
}

/// A key or value as it is meant.
fn unescaped(text: &str) -> Result<String, String> {
    // In UTF-16, since a character beyond its first 65,536 is written as two escapes.
    let mut units = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let meant = match c {
            '\\' => match chars.next() {
                Some('u') => {
                    units.push(utf16_unit(chars.as_str())?);
                    chars = chars.as_str()[4..].chars();
                    continue;
                }
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some(other) => other,
                // That would carry the line on, or end the text, and is gone by now.
                None => break,
            },
            plain => plain,
        };
        units.extend_from_slice(meant.encode_utf16(&mut [0; 2]));
    }
    let half = |_| "a `\\u` escape is half of a character and stands without the other".to_owned();
    String::from_utf16(&units).map_err(half)
}

/// What the digits behind `\u` stand for.
fn utf16_unit(text: &str) -> Result<u16, String> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
    let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
    unit.ok_or_else(|| "`\\u` stands before four hexadecimal digits".to_owned())
}
