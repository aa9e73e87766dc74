//! Names from user programs made safe for a terminal and for each format.
//!
//! Invariant: nothing that comes out of here moves the cursor, changes the direction of text, is
//! invisible, or ends the string it stands in.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// Whether a character would do something else to a terminal than appear.
pub fn is_unprintable(c: char) -> bool {
    let separates_lines = matches!(c, '\u{2028}' | '\u{2029}');
    let directs_text = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || separates_lines || directs_text || c.width().unwrap_or(0) == 0
}

/// Text for a terminal: what cannot be seen is spelled out, as in `\u{202e}` or `\n`.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) {
            match c {
                '\n' | '\r' | '\t' => out.extend(c.escape_default()),
                c => out.extend(c.escape_unicode()),
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Printable text within a quoted string of the DOT language.
pub(super) fn dot(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// Printable text within a quoted Mermaid label, where entities are written `#60;`.
pub(super) fn mermaid(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        if matches!(c, '"' | '#' | '&' | '<' | '`' | ';' | '\\') {
            let _ = write!(out, "#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// JSON in which every character that a terminal would not show is an escape. They stand only
/// in strings, except the line ends of the layout.
pub(super) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_unprintable(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}
