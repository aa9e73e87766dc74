//! What an operator knows of where it runs, and how it accounts for its work.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::{
    AccumulatorRegistry, EventTimeParts, OperatorEvent, OutsideWork, ProcessingTimeService,
    RowCounter, RuntimeContext, ScratchTraffic, Snapshots,
};
use crate::base::{JobId, Name, SimDuration, SimTime};
use crate::host::{Host, Services};
use crate::record::{KeyGroup, KeyGroupRange, key_group};
use crate::state::StateBackendKind;
use crate::time::PausableRelativeClock;

/// One subtask's work, counted: records, and cost not yet paid in simulated time. Shared by all
/// operators of its chain.
#[derive(Default)]
pub struct Meter {
    records_in: Cell<u64>,
    records_out: Cell<u64>,
    unpaid_nanos: Cell<u64>,
}

impl Meter {
    /// Counts records that came in from other tasks or from outside.
    pub fn count_in(&self, records: usize) {
        self.records_in.set(self.records_in.get() + records as u64);
    }

    /// Counts records that went out to other tasks or to outside.
    pub fn count_out(&self, records: usize) {
        self.records_out.set(self.records_out.get() + records as u64);
    }

    /// Records that came in so far.
    pub fn records_in(&self) -> u64 {
        self.records_in.get()
    }

    /// Records that went out so far.
    pub fn records_out(&self) -> u64 {
        self.records_out.get()
    }

    /// Adds to the cost.
    pub fn charge(&self, span: SimDuration) {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        self.unpaid_nanos.set(self.unpaid_nanos.get().saturating_add(nanos));
    }

    /// Takes the cost that has run up since the last call.
    pub fn take_unpaid(&self) -> SimDuration {
        SimDuration::from_nanos(self.unpaid_nanos.take())
    }
}

/// An operator's own account on its task's meter.
#[derive(Clone)]
pub struct Cost {
    meter: Rc<Meter>,
    nanos_per_record: u64,
}

impl Cost {
    /// Charges for processing `records` records.
    #[inline]
    pub fn charge(&self, records: usize) {
        let unpaid = &self.meter.unpaid_nanos;
        let cost = self.nanos_per_record.saturating_mul(records as u64);
        unpaid.set(unpaid.get().saturating_add(cost));
    }
}

/// What an operator knows of where it runs.
#[derive(Clone)]
pub struct OperatorContext {
    /// The node's ports.
    pub host: Host,
    /// The job.
    pub job: JobId,
    /// The subtask's name, such as `parse#1`.
    pub subtask: Name,
    /// The operator's uid.
    pub operator: Name,
    /// The subtask's index among its siblings, from 0.
    pub index: u32,
    /// How many siblings there are.
    pub parallelism: u32,
    /// How many there may ever be, which is the number of key groups.
    pub max_parallelism: u32,
    /// Which attempt at this subtask this is, from 0.
    pub attempt: u32,
    /// The task's accumulators.
    pub accumulators: AccumulatorRegistry,
    /// The task's meter.
    pub meter: Rc<Meter>,
    /// The rows that this operator writes, if it is a sink.
    pub rows: Rc<RowCounter>,
    /// What processing a record costs this operator.
    pub record_cost: SimDuration,
    /// How many records fill a batch.
    pub batch_records: usize,
    /// Whether records keep their identities in this run.
    pub identities: bool,
    /// How often watermarks are emitted (`pipeline.auto-watermark-interval`); zero is never.
    pub watermark_interval: SimDuration,
    /// Where keyed state lives.
    pub state_backend: StateBackendKind,
    /// What fills the seams of event time.
    pub parts: Arc<EventTimeParts>,
    /// Calls operators when no record comes.
    pub timers: Rc<ProcessingTimeService>,
    /// Where its state goes for a checkpoint, and what one holds for it.
    pub snapshots: Rc<Snapshots>,
    /// What it has underway outside.
    pub outside_work: Rc<OutsideWork>,
    /// What it reaches outside the cluster.
    pub services: Services,
    /// Whether the job is checkpointed.
    pub checkpointed: bool,
    /// What the task's scratch files cost.
    pub scratch: Rc<ScratchTraffic>,
    /// Stands still while the task waits for room for output, so that this is not taken for
    /// idleness.
    pub activity_clock: Rc<RefCell<PausableRelativeClock>>,
    /// Takes what the operator tells its coordinator.
    pub coordinator: Rc<dyn Fn(OperatorEvent)>,
}

impl OperatorContext {
    /// What user functions may know.
    pub fn runtime(&self) -> RuntimeContext {
        RuntimeContext {
            subtask: self.subtask.clone(),
            index: self.index,
            parallelism: self.parallelism,
            attempt: self.attempt,
            accumulators: self.accumulators.clone(),
        }
    }

    /// The key groups of this subtask.
    pub fn key_group_range(&self) -> KeyGroupRange {
        KeyGroupRange::of_subtask(self.index, self.parallelism, self.max_parallelism)
    }

    /// The group of the key with this Java hash.
    pub fn key_group(&self, hash_code: i32) -> KeyGroup {
        key_group::assign(hash_code, self.max_parallelism)
    }

    /// The time by which idleness is judged.
    pub fn activity_time(&self) -> SimTime {
        self.activity_clock.borrow().relative_time(self.host.clock.now())
    }

    /// The operator's account.
    pub fn cost(&self) -> Cost {
        let nanos = u64::try_from(self.record_cost.as_nanos()).unwrap_or(u64::MAX);
        Cost { meter: self.meter.clone(), nanos_per_record: nanos }
    }
}
