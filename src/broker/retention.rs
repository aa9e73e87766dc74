//! How long records are kept.

use crate::base::SimDuration;

/// Records that are older are removed, whether or not anybody has read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How old records become (`log.retention.ms`).
    pub after: SimDuration,
    /// How often it is looked which are (`log.retention.check.interval.ms`).
    pub check_interval: SimDuration,
}
