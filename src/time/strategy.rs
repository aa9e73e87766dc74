//! What a program says about the event time of a stream.
//!
//! ```
//! use std::time::Duration;
//! use weir::base::EventTime;
//! use weir::time::WatermarkStrategy;
//!
//! let strategy = WatermarkStrategy::for_bounded_out_of_orderness(Duration::from_secs(5))
//!     .with_timestamp_assigner(|departure: &(String, i64), _| EventTime(departure.1))
//!     .with_idleness(Duration::from_secs(60));
//! let departure = ("JFK".to_string(), 17);
//! assert_eq!(strategy.extract_timestamp(&departure, None), EventTime(17));
//! assert!(strategy.validate().is_ok());
//! ```

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::generator::{
    BoundedOutOfOrdernessWatermarks, Generator, Punctuation, WatermarkGenerator,
};
use super::idleness::WatermarksWithIdleness;
use crate::base::{EventTime, Name};

/// Says when an event happened, given the timestamp that its source gave it.
pub type TimestampAssigner<T> = Arc<dyn Fn(&T, EventTime) -> EventTime + Send + Sync>;

/// How often the sources of an alignment group are told how far they may go, unless a strategy
/// says otherwise.
pub const DEFAULT_UPDATE_INTERVAL: Duration = Duration::from_secs(1);

/// What is wrong with a strategy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WatermarkStrategyError {
    /// An output would be idle between any two events.
    #[error("the idle timeout of a watermark strategy must be greater than zero")]
    IdleTimeoutIsZero,
    /// The sources would be told without pause.
    #[error("the update interval of watermark alignment group {group:?} must be at least 1 ms")]
    UpdateIntervalIsZero {
        /// The group.
        group: Name,
    },
}

/// Sources of one group wait for each other (Flink's `WatermarkAlignmentParams`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatermarkAlignmentParams {
    /// Sources with the same group wait for each other.
    pub watermark_group: Name,
    /// How far ahead of the slowest a source may read.
    pub max_allowed_watermark_drift: Duration,
    /// How often sources report and are told.
    pub update_interval: Duration,
}

enum GeneratorSupplier<T> {
    NoWatermarks,
    BoundedOutOfOrderness(Duration),
    Punctuated(Punctuation<T>),
    UserDefined(Arc<dyn Fn() -> Box<dyn WatermarkGenerator<T>> + Send + Sync>),
}

impl<T> Clone for GeneratorSupplier<T> {
    fn clone(&self) -> Self {
        match self {
            Self::NoWatermarks => Self::NoWatermarks,
            Self::BoundedOutOfOrderness(bound) => Self::BoundedOutOfOrderness(*bound),
            Self::Punctuated(punctuation) => Self::Punctuated(punctuation.clone()),
            Self::UserDefined(supplier) => Self::UserDefined(supplier.clone()),
        }
    }
}

/// How timestamps are assigned and watermarks generated. See the module.
pub struct WatermarkStrategy<T> {
    supplier: GeneratorSupplier<T>,
    timestamp_assigner: Option<TimestampAssigner<T>>,
    idleness: Option<Duration>,
    alignment: Option<WatermarkAlignmentParams>,
}

impl<T> Clone for WatermarkStrategy<T> {
    fn clone(&self) -> Self {
        Self {
            supplier: self.supplier.clone(),
            timestamp_assigner: self.timestamp_assigner.clone(),
            idleness: self.idleness,
            alignment: self.alignment.clone(),
        }
    }
}

impl<T> fmt::Debug for WatermarkStrategy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generator = match &self.supplier {
            GeneratorSupplier::NoWatermarks => "no watermarks".to_string(),
            GeneratorSupplier::BoundedOutOfOrderness(bound) => {
                format!("bounded out-of-orderness {bound:?}")
            }
            GeneratorSupplier::Punctuated(_) => "punctuated".to_string(),
            GeneratorSupplier::UserDefined(_) => "user-defined".to_string(),
        };
        f.debug_struct("WatermarkStrategy")
            .field("generator", &generator)
            .field("assigns_timestamps", &self.timestamp_assigner.is_some())
            .field("idleness", &self.idleness)
            .field("alignment", &self.alignment)
            .finish()
    }
}

impl<T> WatermarkStrategy<T> {
    fn new(supplier: GeneratorSupplier<T>) -> Self {
        Self { supplier, timestamp_assigner: None, idleness: None, alignment: None }
    }

    /// No event time.
    pub fn no_watermarks() -> Self {
        Self::new(GeneratorSupplier::NoWatermarks)
    }

    /// Timestamps never fall within a split.
    pub fn for_monotonous_timestamps() -> Self {
        Self::for_bounded_out_of_orderness(Duration::ZERO)
    }

    /// No event is more than `max_out_of_orderness` behind the latest so far.
    pub fn for_bounded_out_of_orderness(max_out_of_orderness: Duration) -> Self {
        Self::new(GeneratorSupplier::BoundedOutOfOrderness(max_out_of_orderness))
    }

    /// Some events say how far event time is.
    pub fn for_punctuated(
        punctuation: impl Fn(&T, EventTime) -> Option<EventTime> + Send + Sync + 'static,
    ) -> Self {
        Self::new(GeneratorSupplier::Punctuated(Arc::new(punctuation)))
    }

    /// A generator of one's own, created for each subtask or split.
    pub fn for_generator<G: WatermarkGenerator<T> + 'static>(
        supplier: impl Fn() -> G + Send + Sync + 'static,
    ) -> Self {
        Self::new(GeneratorSupplier::UserDefined(Arc::new(move || Box::new(supplier()))))
    }

    /// Takes timestamps from events. The function also gets the timestamp that the source gave
    /// the record, [`EventTime::NONE`] if it gave none.
    pub fn with_timestamp_assigner(
        mut self,
        assigner: impl Fn(&T, EventTime) -> EventTime + Send + Sync + 'static,
    ) -> Self {
        self.timestamp_assigner = Some(Arc::new(assigner));
        self
    }

    /// Marks an output idle when no event came for this long.
    pub fn with_idleness(mut self, idle_timeout: Duration) -> Self {
        self.idleness = Some(idle_timeout);
        self
    }

    /// Makes the sources of `watermark_group` wait for each other, told once a second.
    pub fn with_watermark_alignment(
        self,
        watermark_group: impl Into<Name>,
        max_allowed_watermark_drift: Duration,
    ) -> Self {
        self.with_watermark_alignment_every(
            watermark_group,
            max_allowed_watermark_drift,
            DEFAULT_UPDATE_INTERVAL,
        )
    }

    /// Makes the sources of `watermark_group` wait for each other, told at this interval.
    pub fn with_watermark_alignment_every(
        mut self,
        watermark_group: impl Into<Name>,
        max_allowed_watermark_drift: Duration,
        update_interval: Duration,
    ) -> Self {
        self.alignment = Some(WatermarkAlignmentParams {
            watermark_group: watermark_group.into(),
            max_allowed_watermark_drift,
            update_interval,
        });
        self
    }

    /// Whether the strategy makes sense, to be asked when a job is built.
    pub fn validate(&self) -> Result<(), WatermarkStrategyError> {
        if self.idleness == Some(Duration::ZERO) {
            return Err(WatermarkStrategyError::IdleTimeoutIsZero);
        }
        match &self.alignment {
            Some(params) if params.update_interval < Duration::from_millis(1) => {
                let group = params.watermark_group.clone();
                Err(WatermarkStrategyError::UpdateIntervalIsZero { group })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// When an event happened.
    #[inline]
    pub fn extract_timestamp(&self, event: &T, record_timestamp: Option<EventTime>) -> EventTime {
        let record_timestamp = record_timestamp.unwrap_or(EventTime::NONE);
        match &self.timestamp_assigner {
            Some(assigner) => assigner(event, record_timestamp),
            None => record_timestamp,
        }
    }

    /// Whether timestamps come from events, and not from the source.
    pub fn assigns_timestamps(&self) -> bool {
        self.timestamp_assigner.is_some()
    }

    /// Whether records neither get timestamps nor move event time.
    pub fn is_without_event_time(&self) -> bool {
        let says_nothing = match &self.supplier {
            GeneratorSupplier::NoWatermarks => true,
            GeneratorSupplier::BoundedOutOfOrderness(_)
            | GeneratorSupplier::Punctuated(_)
            | GeneratorSupplier::UserDefined(_) => false,
        };
        says_nothing && self.timestamp_assigner.is_none() && self.idleness.is_none()
    }

    /// Which sources this one waits for.
    pub fn alignment(&self) -> Option<&WatermarkAlignmentParams> {
        self.alignment.as_ref()
    }

    /// A new generator, for a subtask or a split.
    pub fn create_watermark_generator(&self) -> Generator<T> {
        let generator = match &self.supplier {
            GeneratorSupplier::NoWatermarks => Generator::NoWatermarks,
            GeneratorSupplier::BoundedOutOfOrderness(bound) => {
                Generator::BoundedOutOfOrderness(BoundedOutOfOrdernessWatermarks::new(*bound))
            }
            GeneratorSupplier::Punctuated(punctuation) => {
                Generator::Punctuated(punctuation.clone())
            }
            GeneratorSupplier::UserDefined(supplier) => Generator::UserDefined(supplier()),
        };
        match self.idleness {
            Some(timeout) => {
                let generator = WatermarksWithIdleness::new(generator, timeout);
                Generator::WithIdleness(Box::new(generator))
            }
            None => generator,
        }
    }
}
