//! Time to live: Flink's `StateTtlConfig`.
//!
//! A value (an element of a list, an entry of a map) carries the moment of its last update and is
//! *expired* once it is as old as the state's time to live. Time is processing time; whoever holds
//! the backend tells it. An expired value is not seen, or seen a last time, and is removed when it
//! is read, when a snapshot is taken, some at a time whenever state is used, or when files of the
//! `lsm` backend are merged.
//!
//! Invariant: where expired values are never returned, how they are cleaned up cannot be seen.

use std::time::Duration;

use crate::base::EventTime;

/// What renews a value's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpdateType {
    /// Nothing: values live for ever.
    Disabled,
    /// Creating and writing it.
    #[default]
    OnCreateAndWrite,
    /// Reading it, too.
    OnReadAndWrite,
}

/// Whether an expired value can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateVisibility {
    /// As if it were not there.
    #[default]
    NeverReturnExpired,
    /// As long as nothing has removed it.
    ReturnExpiredIfNotCleanedUp,
}

/// How expired values are removed that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupStrategies {
    /// They are left out of snapshots.
    pub full_snapshot: bool,
    /// So many entries are looked at with every access; for the `hashmap` backend.
    pub incremental: Option<IncrementalCleanup>,
    /// They are left out when files are merged; for the `lsm` backend.
    pub in_compaction: bool,
}

/// Cleanup a little at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncrementalCleanup {
    /// How many entries are looked at.
    pub entries: usize,
    /// Also with every record, whether or not it uses the state.
    pub run_for_every_record: bool,
}

impl Default for CleanupStrategies {
    /// Cleanup in the background, as in Flink.
    fn default() -> Self {
        Self {
            full_snapshot: false,
            incremental: Some(IncrementalCleanup { entries: 5, run_for_every_record: false }),
            in_compaction: true,
        }
    }
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateTtlConfig {
    /// How long a value lives after its last update.
    pub time_to_live: Duration,
    /// What renews that.
    pub update_type: UpdateType,
    /// Whether an expired value can be seen.
    pub visibility: StateVisibility,
    /// How it is removed.
    pub cleanup: CleanupStrategies,
}

impl StateTtlConfig {
    /// Values that live so long after they were written, are not seen after that, and are cleaned
    /// up in the background.
    pub fn new(time_to_live: Duration) -> Self {
        Self {
            time_to_live,
            update_type: UpdateType::default(),
            visibility: StateVisibility::default(),
            cleanup: CleanupStrategies::default(),
        }
    }

    /// Says what renews a value's life.
    #[must_use]
    pub fn with_update_type(mut self, update_type: UpdateType) -> Self {
        self.update_type = update_type;
        self
    }

    /// Says whether an expired value can be seen.
    #[must_use]
    pub fn with_visibility(mut self, visibility: StateVisibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// Leaves expired values out of snapshots.
    #[must_use]
    pub fn cleanup_full_snapshot(mut self) -> Self {
        self.cleanup.full_snapshot = true;
        self
    }

    /// Looks at so many entries with every access.
    #[must_use]
    pub fn cleanup_incrementally(mut self, entries: usize, run_for_every_record: bool) -> Self {
        self.cleanup.incremental = Some(IncrementalCleanup { entries, run_for_every_record });
        self
    }

    /// Cleans up only what is read.
    #[must_use]
    pub fn disable_cleanup_in_background(mut self) -> Self {
        self.cleanup.incremental = None;
        self.cleanup.in_compaction = false;
        self
    }
}

/// A config as state uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ttl {
    pub millis: i64,
    pub renews_on_read: bool,
    pub returns_expired: bool,
    pub cleanup: CleanupStrategies,
}

impl Ttl {
    /// The config's rules, unless it is disabled.
    pub fn of(config: Option<&StateTtlConfig>) -> Option<Self> {
        let config = config.filter(|config| config.update_type != UpdateType::Disabled)?;
        Some(Self {
            millis: i64::try_from(config.time_to_live.as_millis()).unwrap_or(i64::MAX),
            renews_on_read: config.update_type == UpdateType::OnReadAndWrite,
            returns_expired: config.visibility == StateVisibility::ReturnExpiredIfNotCleanedUp,
            cleanup: config.cleanup,
        })
    }

    /// Whether values live at all. What is less than a millisecond is nothing.
    pub fn is_positive(&self) -> bool {
        self.millis > 0
    }

    /// Whether a value that was last updated then is expired by now.
    #[inline]
    pub fn is_expired(&self, updated: EventTime, now: EventTime) -> bool {
        updated.0.saturating_add(self.millis) <= now.0
    }

    /// Whether such a value is as good as not there.
    #[inline]
    pub fn is_hidden(&self, updated: EventTime, now: EventTime) -> bool {
        !self.returns_expired && self.is_expired(updated, now)
    }

    /// Whether a snapshot leaves expired values out.
    ///
    /// Unlike Flink: so does every snapshot of state that never returns them, so that a snapshot
    /// does not show which of them the background has come to.
    pub fn leaves_out_of_snapshots(&self) -> bool {
        self.cleanup.full_snapshot || !self.returns_expired
    }
}
