//! The text of a scenario and the places in it.

use std::ops::Range;

/// A scenario's text, as errors show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The file, or the name of an embedded scenario.
    pub name: String,
    /// The text.
    pub text: String,
    /// The `--set` flags, in order.
    pub flags: Vec<String>,
}

/// A place in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// The file as a whole.
    File,
    /// Bytes of its text.
    Text(Range<usize>),
    /// Bytes of a `--set` flag.
    Flag {
        /// Which flag.
        flag: usize,
        /// Its bytes.
        span: Range<usize>,
    },
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: At,
}

impl<T> Located<T> {
    /// What `function` makes of the value, at the same place.
    pub(super) fn map<R>(self, function: impl FnOnce(T) -> R) -> Located<R> {
        Located { value: function(self.value), at: self.at }
    }
}

/// One line of a text, cut so that it can be shown, and where a place lies in it.
pub(super) struct Line<'a> {
    /// Which line, from 1.
    pub number: usize,
    /// Its text, without its end.
    pub text: &'a str,
    /// The bytes of the place within it.
    pub span: Range<usize>,
}

/// The line in which `span` begins. A span that goes on over the line's end is cut there.
pub(super) fn line_of<'a>(text: &'a str, span: &Range<usize>) -> Line<'a> {
    let start = floor_char(text, span.start);
    let before = &text[..start];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let rest = &text[line_start..];
    let line = rest.split('\n').next().unwrap_or(rest);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let from = (start - line_start).min(line.len());
    let to =
        floor_char(text, span.end.max(start)).saturating_sub(line_start).clamp(from, line.len());
    Line { number: before.matches('\n').count() + 1, text: line, span: from..to }
}

fn floor_char(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}
