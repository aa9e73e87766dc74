//! What an accumulator has come to: in a subtask, and merged in a job.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use crate::base::Name;

/// What accumulators have come to in a task, by name.
pub type AccumulatorValues = BTreeMap<Name, AccumulatorValue>;

/// What an accumulator has come to.
#[derive(Clone, Debug, PartialEq)]
pub enum AccumulatorValue {
    /// A sum.
    LongCounter(i64),
    /// A sum.
    DoubleCounter(f64),
    /// The least, if there was any.
    LongMinimum(Option<i64>),
    /// The greatest, if there was any.
    LongMaximum(Option<i64>),
    /// The least, if there was any.
    DoubleMinimum(Option<f64>),
    /// The greatest, if there was any.
    DoubleMaximum(Option<f64>),
    /// A mean, in parts, since means themselves cannot be merged.
    Average {
        /// The sum of the values.
        sum: f64,
        /// How many there were.
        count: u64,
    },
    /// How often each value was there.
    Histogram(BTreeMap<i64, u64>),
}

impl AccumulatorValue {
    /// The kind of accumulator, which is called as in Flink.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LongCounter(_) => "LongCounter",
            Self::DoubleCounter(_) => "DoubleCounter",
            Self::LongMinimum(_) => "LongMinimum",
            Self::LongMaximum(_) => "LongMaximum",
            Self::DoubleMinimum(_) => "DoubleMinimum",
            Self::DoubleMaximum(_) => "DoubleMaximum",
            Self::Average { .. } => "AverageAccumulator",
            Self::Histogram(_) => "Histogram",
        }
    }

    /// Takes in what another one has come to. Whether the two are of one kind; if not, nothing
    /// happens.
    pub(super) fn merge(&mut self, other: &Self) -> bool {
        match (self, other) {
            (Self::LongCounter(sum), Self::LongCounter(more)) => *sum = sum.wrapping_add(*more),
            (Self::DoubleCounter(sum), Self::DoubleCounter(more)) => *sum += more,
            (Self::LongMinimum(least), Self::LongMinimum(other)) => choose(least, *other, i64::min),
            (Self::LongMaximum(most), Self::LongMaximum(other)) => choose(most, *other, i64::max),
            (Self::DoubleMinimum(least), Self::DoubleMinimum(other)) => {
                choose(least, *other, |a, b| extreme(a, b, a.total_cmp(&b).is_le()));
            }
            (Self::DoubleMaximum(most), Self::DoubleMaximum(other)) => {
                choose(most, *other, |a, b| extreme(a, b, a.total_cmp(&b).is_ge()));
            }
            (Self::Average { sum, count }, Self::Average { sum: more, count: further }) => {
                *sum += more;
                *count = count.wrapping_add(*further);
            }
            (Self::Histogram(counts), Self::Histogram(more)) => {
                for (value, further) in more {
                    let count = counts.entry(*value).or_default();
                    *count = count.wrapping_add(*further);
                }
            }
            (
                Self::LongCounter(_)
                | Self::DoubleCounter(_)
                | Self::LongMinimum(_)
                | Self::LongMaximum(_)
                | Self::DoubleMinimum(_)
                | Self::DoubleMaximum(_)
                | Self::Average { .. }
                | Self::Histogram(_),
                _,
            ) => return false,
        }
        true
    }

    /// The mean, if this is one of anything.
    pub fn average(&self) -> Option<f64> {
        match self {
            Self::Average { sum, count } if *count > 0 => Some(sum / *count as f64),
            Self::Average { .. }
            | Self::LongCounter(_)
            | Self::DoubleCounter(_)
            | Self::LongMinimum(_)
            | Self::LongMaximum(_)
            | Self::DoubleMinimum(_)
            | Self::DoubleMaximum(_)
            | Self::Histogram(_) => None,
        }
    }

    /// A number; an object of counts for a histogram; null for the least, the greatest or the mean
    /// of nothing. JSON has no NaN and no infinity: they are the texts that Java has for them.
    pub fn to_json(&self) -> Value {
        match self {
            Self::LongCounter(sum) => json!(sum),
            Self::DoubleCounter(sum) => double_json(*sum),
            Self::LongMinimum(value) | Self::LongMaximum(value) => json!(value),
            Self::DoubleMinimum(value) | Self::DoubleMaximum(value) => {
                value.map_or(Value::Null, double_json)
            }
            Self::Average { .. } => self.average().map_or(Value::Null, double_json),
            Self::Histogram(counts) => {
                let counts = counts.iter().map(|(value, count)| (value.to_string(), json!(count)));
                Value::Object(counts.collect())
            }
        }
    }

    /// How long it is on the wire.
    pub fn encoded_len(&self) -> u64 {
        match self {
            Self::LongCounter(_) | Self::DoubleCounter(_) => 9,
            Self::LongMinimum(_)
            | Self::LongMaximum(_)
            | Self::DoubleMinimum(_)
            | Self::DoubleMaximum(_) => 10,
            Self::Average { .. } => 17,
            Self::Histogram(counts) => 9 + 16 * counts.len() as u64,
        }
    }
}

/// Keeps the one that is chosen, or the only one.
fn choose<T: Copy>(kept: &mut Option<T>, other: Option<T>, choice: impl FnOnce(T, T) -> T) {
    *kept = match (*kept, other) {
        (Some(a), Some(b)) => Some(choice(a, b)),
        (one, None) | (None, one) => one,
    };
}

/// The first or the second; NaN before all others.
fn extreme(first: f64, second: f64, is_first: bool) -> f64 {
    if first.is_nan() || second.is_nan() {
        f64::NAN
    } else if is_first {
        first
    } else {
        second
    }
}

fn double_json(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(double_text(value)) }
}

fn double_text(value: f64) -> String {
    match value {
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        value => format!("{value:?}"),
    }
}

/// The value in a line; `-` for the least, the greatest or the mean of nothing.
impl fmt::Display for AccumulatorValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::LongCounter(sum) => Some(sum.to_string()),
            Self::DoubleCounter(sum) => Some(double_text(*sum)),
            Self::LongMinimum(value) | Self::LongMaximum(value) => value.map(|it| it.to_string()),
            Self::DoubleMinimum(value) | Self::DoubleMaximum(value) => value.map(double_text),
            Self::Average { .. } => self.average().map(double_text),
            Self::Histogram(counts) => {
                let counts = counts.iter().map(|(value, count)| format!("{value}: {count}"));
                Some(format!("{{{}}}", counts.collect::<Vec<_>>().join(", ")))
            }
        };
        f.write_str(text.as_deref().unwrap_or("-"))
    }
}
