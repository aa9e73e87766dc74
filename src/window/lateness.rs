//! Lateness: until when a window takes records, and when its state goes.
//!
//! A window of event time lives until the watermark has passed its last moment by the allowed
//! lateness; then a cleanup timer removes it, and whoever comes for it is late. Windows of
//! processing time are never late.
//!
//! The rule is a seam: [`LatenessRule`] replaces the judgement, not the cleanup.

use std::sync::Arc;

use super::{TimeDomain, Window, WindowError};
use crate::base::EventTime;

/// The seam: whether a window may no longer take records.
pub trait LatenessRule: std::fmt::Debug + Send + Sync {
    /// Whether a window of event time that is cleaned up at `cleanup_time` is closed now.
    fn is_window_late(&self, window: Window, cleanup_time: EventTime, watermark: EventTime)
    -> bool;
}

/// How long windows wait for late records.
#[derive(Clone, Default)]
pub struct Lateness {
    allowed: i64,
    rule: Option<Arc<dyn LatenessRule>>,
}

impl Lateness {
    /// Windows wait this many milliseconds after their end.
    pub fn allowed(milliseconds: i64) -> Result<Self, WindowError> {
        if milliseconds < 0 {
            return Err(WindowError::NegativeLateness);
        }
        Ok(Self { allowed: milliseconds, rule: None })
    }

    /// The same with another judgement of what is late.
    pub fn with_rule(self, rule: Arc<dyn LatenessRule>) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// Whether the judgement is Flink's.
    pub(super) fn is_correct(&self) -> bool {
        self.rule.is_none()
    }

    /// When a window's state goes; [`EventTime::MAX`] is never.
    #[inline]
    pub fn cleanup_time(&self, domain: TimeDomain, window: Window) -> EventTime {
        match domain {
            TimeDomain::EventTime => self.after(window.max_timestamp()),
            TimeDomain::ProcessingTime => window.max_timestamp(),
        }
    }

    /// Whether a window may no longer take records.
    #[inline]
    pub fn is_window_late(&self, domain: TimeDomain, window: Window, watermark: EventTime) -> bool {
        match domain {
            TimeDomain::EventTime => {
                let cleanup_time = self.cleanup_time(domain, window);
                match &self.rule {
                    None => cleanup_time <= watermark,
                    Some(rule) => rule.is_window_late(window, cleanup_time, watermark),
                }
            }
            TimeDomain::ProcessingTime => false,
        }
    }

    /// Whether a record that no window took is late, rather than of no interest to any window.
    pub fn is_element_late(
        &self,
        domain: TimeDomain,
        timestamp: EventTime,
        watermark: EventTime,
    ) -> bool {
        match domain {
            TimeDomain::EventTime => self.after(timestamp) <= watermark,
            TimeDomain::ProcessingTime => false,
        }
    }

    #[inline]
    fn after(&self, moment: EventTime) -> EventTime {
        EventTime(moment.0.saturating_add(self.allowed))
    }
}
