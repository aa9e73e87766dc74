//! Quantities with units: `"1ms"`, `"1ms..5ms"`, `"64MB"`, `"10MB/s"`, `"-20ppm"`.
//!
//! Numbers without a unit are refused: a scenario says what it means.

use std::ops::RangeInclusive;

use super::shown::quoted;
use crate::base::SimDuration;

/// Spans longer than this are mistakes.
const LONGEST_DAYS: f64 = 3_660.0;

const TIMES: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("min", 60e9),
    ("h", 3_600e9),
    ("d", 86_400e9),
];

/// What Flink calls units of time, beside or instead of what they are called above.
const LONG_NAMES: [(&[&str], &str); 7] = [
    (&["nano", "nanos", "nanosecond", "nanoseconds"], "ns"),
    (&["micro", "micros", "microsecond", "microseconds"], "us"),
    (&["milli", "millis", "millisecond", "milliseconds"], "ms"),
    (&["sec", "secs", "second", "seconds"], "s"),
    (&["m", "minute", "minutes"], "min"),
    (&["hour", "hours"], "h"),
    (&["day", "days"], "d"),
];

const SIZES: [(&str, f64); 10] = [
    ("B", 1.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", 1_024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];

/// A span of time.
pub(super) fn duration(text: &str) -> Result<SimDuration, String> {
    let nanos = signed_nanos(text)?;
    if nanos < 0.0 {
        return Err(format!("{} is negative", quoted(text)));
    }
    // The bound above keeps this within `u64`; fractions of a nanosecond are dropped.
    Ok(SimDuration::from_nanos(nanos.round() as u64))
}

/// A span of time with its unit by its short name, where it has one of Flink's longer ones: `"10s"`
/// for `"10 seconds"`. Anything else stays as it is.
pub(super) fn without_long_names(text: &str) -> String {
    let digits = text.trim_start().find(|c: char| !c.is_ascii_digit()).unwrap_or_default();
    let (number, unit) = text.trim_start().split_at(digits);
    let unit = unit.trim().to_lowercase();
    match LONG_NAMES.iter().find(|(names, _)| names.contains(&unit.as_str())) {
        Some((_, short)) if digits > 0 => format!("{number}{short}"),
        Some(_) | None => text.to_owned(),
    }
}

/// A span of time in either direction, in microseconds.
pub(super) fn signed_micros(text: &str) -> Result<i64, String> {
    signed_nanos(text).map(|nanos| (nanos / 1e3).round() as i64)
}

/// `"1ms..5ms"`, or one time for both ends.
pub(super) fn duration_range(text: &str) -> Result<RangeInclusive<SimDuration>, String> {
    let Some((from, to)) = text.split_once("..") else {
        let exact = duration(text)?;
        return Ok(exact..=exact);
    };
    let (low, high) = (duration(from.trim())?, duration(to.trim())?);
    if low > high {
        return Err(format!("{} begins after it ends", quoted(text)));
    }
    Ok(low..=high)
}

/// An amount of bytes, at least one.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let bytes = quantity(text, &SIZES, "a size such as \"64MB\"")?;
    if bytes < 1.0 {
        return Err(format!("{} is less than one byte", quoted(text)));
    }
    if bytes > 1e18 {
        return Err(format!("{} is more than 1000000TB", quoted(text)));
    }
    Ok(bytes.round() as u64)
}

/// Bytes per second, at least one.
pub(super) fn rate(text: &str) -> Result<u64, String> {
    match text.strip_suffix("/s") {
        Some(amount) => size(amount.trim_end()),
        None => Err(format!("{} is not a rate such as \"10MB/s\"", quoted(text))),
    }
}

/// Parts per million, between ± one tenth.
pub(super) fn parts_per_million(text: &str) -> Result<i64, String> {
    let wrong = || format!("{} is not a drift such as \"200ppm\" or \"-50ppm\"", quoted(text));
    let number = text.strip_suffix("ppm").ok_or_else(wrong)?.trim_end();
    let ppm: i64 = number.parse().map_err(|_| wrong())?;
    if ppm.abs() > 100_000 {
        return Err(format!("{} is more than a clock can drift (100000ppm)", quoted(text)));
    }
    Ok(ppm)
}

fn signed_nanos(text: &str) -> Result<f64, String> {
    let nanos = quantity(text, &TIMES, "a duration such as \"250ms\"")?;
    if nanos.abs() > LONGEST_DAYS * 86_400e9 {
        return Err(format!("{} is longer than ten years", quoted(text)));
    }
    Ok(nanos)
}

fn quantity(text: &str, units: &[(&str, f64)], example: &str) -> Result<f64, String> {
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | '_')))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number
        .replace('_', "")
        .parse()
        .map_err(|_| format!("{} is not {example}", quoted(text)))?;
    let unit = unit.trim();
    let names = || units.iter().map(|&(name, _)| name).collect::<Vec<_>>().join(", ");
    match units.iter().find(|(name, _)| *name == unit) {
        Some(&(_, factor)) => Ok(number * factor),
        None if unit.is_empty() => Err(format!("{} has no unit: {}", quoted(text), names())),
        None => Err(format!("{} is not a unit: {}", quoted(unit), names())),
    }
}
