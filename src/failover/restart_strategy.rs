//! Whether a job is started again after a failure, and when: Flink's `RestartBackoffTimeStrategy`.
//!
//! | strategy | starts again |
//! |---|---|
//! | none | never |
//! | fixed delay | so many times, each after the same delay |
//! | failure rate | unless there were too many failures within an interval |
//! | exponential delay | after a delay that grows with each failure, up to a limit; one that comes after a long time without failures begins anew |
//!
//! Under exponential delay failures that come before the job has been started again count as one
//! attempt, since one restart heals them all.

use std::collections::VecDeque;

use thiserror::Error;

/// A strategy, as it is configured. Times are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RestartStrategy {
    /// The first failure ends the job.
    None,
    /// See the module.
    FixedDelay {
        /// How many times the job is started again.
        attempts: u32,
        /// After how long.
        delay_ms: i64,
    },
    /// See the module.
    FailureRate {
        /// How many failures an interval may have.
        max_failures_per_interval: u32,
        /// How long an interval is.
        interval_ms: i64,
        /// After how long the job is started again.
        delay_ms: i64,
    },
    /// See the module.
    ExponentialDelay {
        /// The first delay.
        initial_backoff_ms: i64,
        /// The longest.
        max_backoff_ms: i64,
        /// By what a delay is longer than the one before.
        backoff_multiplier: f64,
        /// After how long without failures the delay is the first again.
        reset_backoff_threshold_ms: i64,
        /// How many attempts there are without such a time between them.
        attempts_before_reset: u32,
    },
}

/// Why a strategy cannot be, in Flink's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RestartStrategyError {
    /// A delay below zero.
    #[error("Delay between restart attempts must be positive.")]
    Delay,
    /// No failure is allowed.
    #[error("Maximum number of restart attempts per time unit must be greater than 0.")]
    Rate,
    /// An interval without length.
    #[error("Failures interval must be greater than 0 ms.")]
    Interval,
    /// No first delay.
    #[error("Initial backoff must be at least 1.")]
    InitialBackoff,
    /// No longest delay.
    #[error("Maximum backoff must be at least 1.")]
    MaxBackoff,
    /// The first delay is longer than the longest.
    #[error("Initial backoff cannot be higher than maximum backoff.")]
    InitialAboveMax,
    /// Delays would not grow.
    #[error("Backoff multiplier must be greater than 1.")]
    Multiplier,
    /// No time after which the delay is the first again.
    #[error("Threshold duration for exponential backoff reset must be at least 1.")]
    ResetThreshold,
    /// No attempt is allowed.
    #[error("The attemptsBeforeResetBackoff must be at least 1.")]
    Attempts,
}

impl RestartStrategy {
    /// Whether it can be followed.
    pub fn validate(&self) -> Result<(), RestartStrategyError> {
        use RestartStrategyError as Error;
        let wrong = match *self {
            Self::None => return Ok(()),
            Self::FixedDelay { delay_ms, .. } => [(delay_ms < 0, Error::Delay)].to_vec(),
            Self::FailureRate { max_failures_per_interval, interval_ms, delay_ms } => vec![
                (max_failures_per_interval == 0, Error::Rate),
                (interval_ms <= 0, Error::Interval),
                (delay_ms < 0, Error::Delay),
            ],
            Self::ExponentialDelay {
                initial_backoff_ms,
                max_backoff_ms,
                backoff_multiplier,
                reset_backoff_threshold_ms,
                attempts_before_reset,
            } => vec![
                (initial_backoff_ms < 1, Error::InitialBackoff),
                (max_backoff_ms < 1, Error::MaxBackoff),
                (initial_backoff_ms > max_backoff_ms, Error::InitialAboveMax),
                // NaN is no multiplier either.
                (backoff_multiplier <= 1.0 || backoff_multiplier.is_nan(), Error::Multiplier),
                (reset_backoff_threshold_ms < 1, Error::ResetThreshold),
                (attempts_before_reset == 0, Error::Attempts),
            ],
        };
        wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, error)| Err(error))
    }
}

/// What a strategy remembers of the failures of a job.
#[derive(Clone, Debug)]
pub struct Restarts {
    strategy: RestartStrategy,
    /// Which attempt the last failure has begun, from 1.
    attempt: u32,
    /// When the last failures were: those that may still count.
    failures: VecDeque<i64>,
    /// When the last attempt begins.
    next_restart: Option<i64>,
}

impl Restarts {
    /// No failures as yet.
    pub fn new(strategy: RestartStrategy) -> Result<Self, RestartStrategyError> {
        strategy.validate()?;
        Ok(Self { strategy, attempt: 0, failures: VecDeque::new(), next_restart: None })
    }

    /// A task has failed. Whether this begins a new attempt.
    pub fn notify_failure(&mut self, now: i64) -> bool {
        match self.strategy {
            RestartStrategy::None => true,
            RestartStrategy::FixedDelay { .. } => {
                self.attempt = self.attempt.saturating_add(1);
                true
            }
            RestartStrategy::FailureRate { max_failures_per_interval, .. } => {
                self.failures.push_back(now);
                // As many as are allowed and the one that is too many.
                if self.failures.len() > max_failures_per_interval as usize + 1 {
                    self.failures.pop_front();
                }
                true
            }
            RestartStrategy::ExponentialDelay { reset_backoff_threshold_ms, .. } => {
                if let Some(next) = self.next_restart {
                    if now <= next {
                        return false;
                    }
                    if now.saturating_sub(next) >= reset_backoff_threshold_ms {
                        self.attempt = 0;
                    }
                }
                self.attempt = self.attempt.saturating_add(1);
                self.next_restart = Some(now.saturating_add(self.backoff()));
                true
            }
        }
    }

    /// Whether the job is started again.
    pub fn can_restart(&self, now: i64) -> bool {
        match self.strategy {
            RestartStrategy::None => false,
            RestartStrategy::FixedDelay { attempts, .. } => self.attempt <= attempts,
            RestartStrategy::FailureRate { max_failures_per_interval, interval_ms, .. } => {
                let earliest = self.failures.front();
                self.failures.len() <= max_failures_per_interval as usize
                    || earliest.is_some_and(|earliest| now.saturating_sub(*earliest) > interval_ms)
            }
            RestartStrategy::ExponentialDelay { attempts_before_reset, .. } => {
                self.attempt <= attempts_before_reset
            }
        }
    }

    /// In how many milliseconds.
    pub fn backoff_time(&self, now: i64) -> i64 {
        match self.strategy {
            RestartStrategy::None => 0,
            RestartStrategy::FixedDelay { delay_ms, .. }
            | RestartStrategy::FailureRate { delay_ms, .. } => delay_ms,
            RestartStrategy::ExponentialDelay { .. } => {
                self.next_restart.map_or(0, |next| next.saturating_sub(now).max(0))
            }
        }
    }

    /// The delay of the attempt at hand, under exponential delay.
    fn backoff(&self) -> i64 {
        let RestartStrategy::ExponentialDelay {
            initial_backoff_ms,
            max_backoff_ms,
            backoff_multiplier,
            ..
        } = self.strategy
        else {
            return 0;
        };
        let grown = f64::from(self.attempt.saturating_sub(1));
        let backoff = initial_backoff_ms as f64 * backoff_multiplier.powf(grown);
        // Above the largest number the conversion saturates, as in Java.
        (backoff as i64).clamp(initial_backoff_ms, max_backoff_ms)
    }
}
