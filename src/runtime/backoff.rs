//! How long to wait before a registration is tried again (`cluster.registration.*`).

use crate::base::SimDuration;

/// Flink's `cluster.registration.initial-timeout`.
const INITIAL: SimDuration = SimDuration::from_millis(100);
/// Flink's `cluster.registration.max-timeout`.
const MAXIMUM: SimDuration = SimDuration::from_secs(30);

/// The wait after the `tries`-th unanswered try, from 0: doubled each time, up to a maximum.
pub fn registration(tries: u32) -> SimDuration {
    INITIAL.saturating_mul(1 << tries.min(16)).min(MAXIMUM)
}
