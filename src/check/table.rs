//! Rows of a sink held against expected ones: pure functions on fields.

use std::cmp::Ordering;

/// In which way a sink differs from what is expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Difference {
    /// Something was counted more often than it should be.
    Duplicate,
    /// Something is missing.
    Loss,
    /// Neither can be told.
    Unexpected,
}

impl Difference {
    /// What it says of a row of an upsert sink.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Duplicate => "something has counted more than once",
            Self::Loss => "something has not counted",
            Self::Unexpected => "that is neither too much nor too little",
        }
    }
}

/// The key of a row: its leading columns, or all of it.
pub(super) fn key(row: &[String], key_columns: Option<usize>) -> &[String] {
    key_columns.and_then(|columns| row.get(..columns)).unwrap_or(row)
}

/// How the last row of a key differs from what is expected, if it does.
pub(super) fn difference(
    expected: &[String],
    seen: &[String],
    key_columns: usize,
) -> Option<Difference> {
    if expected == seen {
        return None;
    }
    if expected.len() != seen.len() {
        return Some(Difference::Unexpected);
    }
    let fields = expected.iter().zip(seen).skip(key_columns).filter(|(one, other)| one != other);
    let mut differences = fields.map(|(expected, seen)| match compare(seen, expected) {
        Some(Ordering::Greater) => Difference::Duplicate,
        Some(Ordering::Less) => Difference::Loss,
        Some(Ordering::Equal) | None => Difference::Unexpected,
    });
    let first = differences.next().unwrap_or(Difference::Unexpected);
    match differences.all(|other| other == first) {
        true => Some(first),
        false => Some(Difference::Unexpected),
    }
}

/// How two fields compare as numbers, if they are.
fn compare(one: &str, other: &str) -> Option<Ordering> {
    match (one.parse::<i128>(), other.parse::<i128>()) {
        (Ok(one), Ok(other)) => Some(one.cmp(&other)),
        _ => one.parse::<f64>().ok()?.partial_cmp(&other.parse::<f64>().ok()?),
    }
}

/// A row as witnesses show it.
pub(super) fn shown(row: &[String]) -> String {
    format!("[{}]", row.join(", "))
}
