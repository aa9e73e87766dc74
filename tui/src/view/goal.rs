//! A place to go to, as a person types it.

use std::str::FromStr;

use weir::base::{SimTime, Step};
use weir::replay::{Place, Timeline};

/// A place to go to: a step (`431`, `431.2`) or a time (`1.2s`, `300ms`, `15us`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A control event, or a record event below it.
    Place(Place),
    /// A moment.
    Time(SimTime),
}

/// The text is neither a step nor a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a step (431, 431.2) nor a time (1.2s, 300ms, 15us)")]
pub struct GoalError(String);

impl Goal {
    /// The position in a run that is meant.
    pub(super) fn position(self, timeline: &Timeline) -> usize {
        match self {
            Self::Place(place) => timeline.position_of(place),
            Self::Time(at) => timeline.position_at(at),
        }
    }
}

impl FromStr for Goal {
    type Err = GoalError;

    fn from_str(text: &str) -> Result<Self, GoalError> {
        let text = text.trim();
        parse_time(text)
            .map(Self::Time)
            .or_else(|| parse_place(text).map(Self::Place))
            .ok_or_else(|| GoalError(text.to_owned()))
    }
}

fn parse_place(text: &str) -> Option<Place> {
    let (step, sub) = text.split_once('.').unwrap_or((text, "0"));
    Some(Place { step: Step(step.parse().ok()?), sub: sub.parse().ok()? })
}

/// Decimal without floating point, so that what is typed is what is meant.
fn parse_time(text: &str) -> Option<SimTime> {
    const UNITS: [(&str, u64); 5] =
        [("ns", 1), ("us", 1_000), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000)];
    let (number, unit) =
        UNITS.iter().find_map(|(name, nanos)| Some((text.strip_suffix(name)?, *nanos)))?;
    let number = number.trim_end();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) {
        return None;
    }
    let mut nanos = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    let mut weight = unit;
    for digit in part.bytes() {
        weight /= 10;
        nanos = nanos.checked_add(u64::from(digit - b'0') * weight)?;
    }
    Some(SimTime(nanos))
}
