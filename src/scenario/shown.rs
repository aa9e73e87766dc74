//! Text from outside, made fit to be shown.

use crate::trace;

/// How much of a user's text an error repeats.
const QUOTED: usize = 60;

/// `text` without anything that a terminal would obey or reorder.
pub fn escape(text: &str) -> String {
    trace::escape(text).into_owned()
}

/// `text` in backticks, escaped, and shortened if it is long.
pub(super) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(QUOTED).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("`{}`", escape(&shown))
}
