//! A task and its part in checkpoints (Flink's `SubtaskCheckpointCoordinatorImpl`).
//!
//! A source is told to begin; any other task is reached by barriers, and does what its barrier
//! handler says. Then, between two elements: what is staged goes out, the barrier is sent on, each
//! operator hands in its state. That is the synchronous part. What was handed in is stored while
//! the task goes on, and acknowledged when no crash can take it.
//!
//! Previous: [`crate::checkpoint::alignment`] decides. Next: the JobMaster, which counts.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::guard::guarded;
use super::stream_task::StreamTask;
use super::underway::{BackendFiles, Overtaking, PartsOutside, Underway};
use crate::base::{CheckpointId, JobId, Name, SimDuration, SimTime};
use crate::checkpoint::coordinator::CheckpointMetrics;
use crate::checkpoint::{
    Alignment, ChannelCounts, ChannelState, CheckpointBarrier, CheckpointBarrierTracker,
    CheckpointConfig, CheckpointFailure, CheckpointStorage, CheckpointingMode, ContentDigest,
    OperatorSubtaskState, SingleCheckpointBarrierHandler, SnapshotParts, StateHandle,
    StoredChannel, SubtaskState, TaskSnapshot,
};
use crate::host::DurableStorage;
use crate::operator::{Channels, FileKey};
use crate::record::{ChainEvent, Failure};
use crate::state::operator_state::OperatorStateMode;
use crate::trace::{ChannelCut, CheckpointEvent, Event, SplitPosition, StateDigest};

/// What a snapshot costs its task whatever its size.
const SNAPSHOT_COST: SimDuration = SimDuration::from_micros(20);
/// How many bytes of state a task copies in a microsecond.
const BYTES_PER_MICROSECOND: u64 = 1_000;

/// Who decides about barriers.
pub(super) enum Handler {
    /// Nobody: no barrier comes to a source.
    None,
    Single(SingleCheckpointBarrierHandler),
    Tracker(CheckpointBarrierTracker),
}

/// What a task knows of checkpoints.
pub(super) struct Checkpointing {
    pub(super) config: Option<Arc<CheckpointConfig>>,
    pub(super) parts: Arc<SnapshotParts>,
    pub(super) storage: Option<Rc<dyn DurableStorage>>,
    pub(super) handler: Handler,
    /// The checkpoint whose first barrier came last, and when that was.
    pub(super) first_barrier: (CheckpointId, SimTime),
    pub(super) underway: BTreeMap<CheckpointId, Underway>,
    /// Given up before their barriers have come.
    pub(super) aborted: BTreeSet<CheckpointId>,
    /// The latest snapshot.
    pub(super) last: CheckpointId,
    /// A snapshot that is taken late, if a mutant says so.
    pub(super) late: Option<CheckpointBarrier>,
    /// The files of serialized backends that checkpoints have.
    pub(super) backend_files: BackendFiles<FileKey>,
    /// The checkpoint for which a source stands still, since when, and for how long at most.
    pub(super) paused: Option<(CheckpointId, SimTime, SimTime)>,
}

impl Checkpointing {
    pub(super) fn new(
        config: Option<Arc<CheckpointConfig>>,
        parts: Arc<SnapshotParts>,
        storage: Option<Rc<dyn DurableStorage>>,
        channels: usize,
    ) -> Self {
        let handler = match config.as_deref() {
            Some(config) if channels > 0 => handler(config, channels),
            Some(_) | None => Handler::None,
        };
        Self {
            config,
            parts,
            storage,
            handler,
            first_barrier: (CheckpointId(0), SimTime::ZERO),
            underway: BTreeMap::new(),
            aborted: BTreeSet::new(),
            last: CheckpointId(0),
            late: None,
            backend_files: BackendFiles::new(),
            paused: None,
        }
    }

    /// The files of serialized backends with which the task begins.
    pub(super) fn begin_with(
        &mut self,
        checkpoint: CheckpointId,
        files: BTreeMap<FileKey, StateHandle>,
    ) {
        self.backend_files.insert(checkpoint, files);
    }

    /// Whether a source stands still.
    pub(super) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// Whether everything that was taken is stored.
    pub(super) fn is_idle(&self) -> bool {
        self.underway.is_empty()
    }
}

fn handler(config: &CheckpointConfig, channels: usize) -> Handler {
    let single =
        |alignment| Handler::Single(SingleCheckpointBarrierHandler::new(alignment, channels));
    match (config.mode, config.unaligned, config.aligned_timeout) {
        (CheckpointingMode::AtLeastOnce, ..) => {
            Handler::Tracker(CheckpointBarrierTracker::new(channels))
        }
        (_, true, None) => single(Alignment::Unaligned),
        (_, true, Some(_)) => single(Alignment::AlignedWithTimeout),
        (_, false, _) => single(Alignment::Aligned),
    }
}

impl StreamTask {
    // The synchronous part.

    pub(super) fn perform(&mut self, barrier: CheckpointBarrier) -> Result<(), Failure> {
        if barrier.id <= self.checkpoints.last {
            return Ok(());
        }
        self.checkpoints.last = barrier.id;
        if self.checkpoints.aborted.remove(&barrier.id) {
            self.cancel_behind(barrier.id);
            return Ok(());
        }
        guarded(|| self.head.on_event(ChainEvent::BeforeBarrier))?;
        self.partitions.iter().for_each(|partition| partition.flushed());
        let partitions = self.partitions.clone();
        // Nothing comes behind the end of the input.
        let outputs = match self.closing {
            true => Vec::new(),
            false => guarded(|| {
                Ok(overtaken_of(&partitions, |partition| partition.send_barrier(barrier)))
            })?,
        };
        if self.checkpoints.parts.timing.after_followers() && self.checkpoints.late.is_none() {
            self.checkpoints.late = Some(barrier);
            return Ok(());
        }
        self.take_snapshot(barrier, outputs)
    }

    /// Takes a snapshot that was put off.
    pub(super) fn take_late_snapshot(
        &mut self,
        late: Option<CheckpointBarrier>,
    ) -> Result<(), Failure> {
        late.map_or(Ok(()), |barrier| self.take_snapshot(barrier, Vec::new()))
    }

    fn take_snapshot(
        &mut self,
        barrier: CheckpointBarrier,
        outputs: Vec<StoredChannel>,
    ) -> Result<(), Failure> {
        let checkpoint = barrier.id;
        let known = self.checkpoints.backend_files.get(&barrier.base);
        let known: BTreeMap<FileKey, StateHandle> = known.cloned().unwrap_or_default();
        let snapshots = self.shared.snapshots.clone();
        snapshots.begin(known.keys().cloned().collect());
        guarded(|| self.head.on_event(ChainEvent::Snapshot(checkpoint)))?;
        let (operators, files) = snapshots.take();
        let (inputs, given) = (self.gate.cuts(), self.output_cuts());
        let channels = ChannelCounts {
            inputs: inputs.iter().map(|cut| cut.records).collect(),
            outputs: given
                .iter()
                .map(|cuts| cuts.iter().map(|cut| cut.records).collect())
                .collect(),
        };
        let snapshot = TaskSnapshot { operators, channels, ended: self.closing };
        let contents = snapshot.to_bytes();
        let states = snapshot.operators.iter().flat_map(|it| &it.operator_state.states);
        let has_union = states.into_iter().any(|it| it.mode == OperatorStateMode::Union);
        let mut underway = self.new_underway(barrier, outputs);
        let copied = contents.len() as u64
            + files
                .iter()
                .filter_map(|file| file.contents.as_ref())
                .map(|it| it.len() as u64)
                .sum::<u64>();
        let sync = SNAPSHOT_COST + SimDuration::from_micros(copied / BYTES_PER_MICROSECOND);
        self.shared.meter.charge(sync);
        underway.state.has_union = has_union;
        underway.metrics.sync_us = sync.as_micros() as u64;
        underway.outside.parts = self.shared.outside.take_parts();
        if underway.outside.parts == 0 {
            self.store_snapshot(checkpoint, contents.into(), &mut underway);
        }
        let mut digests = snapshot.operators.iter().flat_map(digests).collect::<Vec<_>>();
        self.store_backend_files(checkpoint, files, &known, &mut underway, &mut digests);
        self.tell(CheckpointEvent::SnapshotTaken {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
            barriers: barrier.kind.word().into(),
            inputs,
            outputs: given.into_iter().flatten().collect(),
            positions: positions(&snapshot.operators),
            state: digests,
            state_version: snapshot.state_version(),
            watermark: self.watermark,
            start_delay_us: underway.metrics.start_delay_us,
            alignment_us: underway.metrics.alignment_us,
            sync_us: underway.metrics.sync_us,
            bytes: underway.state.bytes(),
        });
        if let Some(too_large) = self.too_large(&underway.state) {
            self.decline(checkpoint, CheckpointFailure::Declined, too_large);
            return Ok(());
        }
        if underway.outside.parts > 0 {
            underway.outside.waiting = Some(snapshot);
        }
        self.checkpoints.underway.insert(checkpoint, underway);
        self.look_at_outputs(self.clock_ms())?;
        self.advance(checkpoint);
        Ok(())
    }

    fn new_underway(&self, barrier: CheckpointBarrier, outputs: Vec<StoredChannel>) -> Underway {
        let now = self.host.clock.now();
        let (first, at) = self.checkpoints.first_barrier;
        let waited = if first == barrier.id { now.since(at) } else { SimDuration::ZERO };
        let began = barrier.timestamp.saturating_add(waited.as_millis() as i64);
        let delay = u64::try_from(self.clock_ms().saturating_sub(began)).unwrap_or(0);
        let metrics = CheckpointMetrics {
            start_delay_us: delay.saturating_mul(1_000),
            alignment_us: waited.as_micros() as u64,
            ..CheckpointMetrics::default()
        };
        let timed = barrier.overtakes_at();
        let overtaking = Overtaking {
            // What is closing has read and sent all there is.
            inputs_open: barrier.is_unaligned() && self.gate.channel_count() > 0 && !self.closing,
            outputs_open: timed.is_some() && !self.partitions.is_empty() && !self.closing,
            state: ChannelState { inputs: Vec::new(), outputs },
            handed_over: false,
        };
        let empty = SubtaskState {
            snapshot: StateHandle::Memory(Arc::from([])),
            channel_state: None,
            backend_files: Vec::new(),
            has_union: false,
        };
        Underway {
            state: empty,
            metrics,
            files: 0,
            outside: PartsOutside::default(),
            written: Vec::new(),
            overtaking,
            overtaking_at: timed,
            since: now,
            unaligned: barrier.is_unaligned(),
            acknowledged: false,
        }
    }

    pub(super) fn output_cuts(&self) -> Vec<Vec<ChannelCut>> {
        self.partitions.iter().map(|partition| partition.cuts()).collect()
    }

    /// Why the JobManager does not take a state, if it does not.
    pub(super) fn too_large(&self, state: &SubtaskState) -> Option<String> {
        let CheckpointStorage::JobManager { max_state_size } = self.config()?.storage else {
            return None;
        };
        let size = state.bytes();
        (size > max_state_size).then(|| {
            format!(
                "Size of the state is larger than the maximum permitted memory-backed state. \
                 Size={size}, maxSize={max_state_size}. Consider using a different checkpoint \
                 storage, like the FileSystemCheckpointStorage."
            )
        })
    }

    // What the JobMaster says in the end.

    pub(super) fn on_checkpoint_complete(
        &mut self,
        checkpoint: CheckpointId,
    ) -> Result<(), Failure> {
        self.tell(CheckpointEvent::CompletionNotified {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
        });
        self.checkpoints.backend_files.retain(|taken, _| *taken >= checkpoint);
        self.on_checkpoint_over(checkpoint);
        guarded(|| self.head.on_event(ChainEvent::CheckpointComplete(checkpoint)))
    }

    pub(super) fn on_checkpoint_aborted(
        &mut self,
        checkpoint: CheckpointId,
    ) -> Result<(), Failure> {
        self.tell(CheckpointEvent::AbortionNotified {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
        });
        self.forget(checkpoint);
        if checkpoint > self.checkpoints.last {
            self.checkpoints.aborted.insert(checkpoint);
        }
        self.on_checkpoint_over(checkpoint);
        guarded(|| self.head.on_event(ChainEvent::CheckpointAborted(checkpoint)))
    }

    fn on_checkpoint_over(&mut self, checkpoint: CheckpointId) {
        self.checkpoints.aborted.retain(|aborted| *aborted >= checkpoint);
        if self.checkpoints.paused.is_some_and(|(paused, ..)| paused <= checkpoint) {
            self.unpause();
        }
    }

    // Standing still.

    pub(super) fn pause(&mut self, barrier: CheckpointBarrier) {
        let Some(config) = self.config() else { return };
        if config.mode != CheckpointingMode::StopTheWorld || self.checkpoints.is_paused() {
            return;
        }
        let now = self.host.clock.now();
        self.checkpoints.paused = Some((barrier.id, now, now + config.timeout));
        let (job, subtask, checkpoint) = (self.job(), self.name(), barrier.id);
        self.tell(CheckpointEvent::SourcePaused { job, subtask, checkpoint });
    }

    pub(super) fn unpause(&mut self) {
        let Some((checkpoint, since, _)) = self.checkpoints.paused.take() else { return };
        let paused_us = self.host.clock.now().since(since).as_micros() as u64;
        let (job, subtask) = (self.job(), self.name());
        self.tell(CheckpointEvent::SourceResumed { job, subtask, checkpoint, paused_us });
    }

    // Who it is.

    pub(super) fn job(&self) -> JobId {
        self.descriptor.attempt.subtask.job
    }

    pub(super) fn name(&self) -> Name {
        self.descriptor.name.clone()
    }

    pub(super) fn attempt(&self) -> u32 {
        self.descriptor.attempt.attempt
    }

    pub(super) fn config(&self) -> Option<&CheckpointConfig> {
        self.checkpoints.config.as_deref()
    }

    pub(super) fn folder(&self, checkpoint: CheckpointId) -> String {
        format!("job-{}/chk-{checkpoint}", self.job())
    }

    pub(super) fn clock_ms(&self) -> i64 {
        self.host.clock.processing_time().0
    }

    pub(super) fn tell(&self, event: CheckpointEvent) {
        self.host.trace.record(Event::Checkpoint(event));
    }
}

/// What barriers overtake in several result partitions: channels are counted through.
pub(super) fn overtaken_of(
    partitions: &[Rc<crate::network::ResultPartition>],
    of: impl Fn(&crate::network::ResultPartition) -> Vec<StoredChannel>,
) -> Vec<StoredChannel> {
    let mut first = 0;
    let mut overtaken = Vec::new();
    for partition in partitions {
        let channels = of(partition).into_iter();
        overtaken.extend(channels.map(|it| StoredChannel { channel: it.channel + first, ..it }));
        first += Channels::count(partition) as u32;
    }
    overtaken
}

pub(super) fn positions(operators: &[OperatorSubtaskState]) -> Vec<SplitPosition> {
    let sources = operators.iter().filter_map(|it| Some((&it.operator, it.source.as_ref()?)));
    let positions = sources.flat_map(|(operator, source)| {
        source.positions.iter().map(move |&(split, position)| SplitPosition {
            operator: operator.as_str().into(),
            split,
            position,
        })
    });
    positions.collect()
}

pub(super) fn digests(state: &OperatorSubtaskState) -> Vec<StateDigest> {
    named(state, state.digests())
}

/// The digests of an operator's states.
pub(super) fn named(
    state: &OperatorSubtaskState,
    digests: Vec<(String, ContentDigest)>,
) -> Vec<StateDigest> {
    let digest = |(name, content): (String, ContentDigest)| StateDigest {
        operator: state.operator.as_str().into(),
        state: name.into(),
        entries: content.entries,
        digest: format!("{:032x}", content.digest).into(),
    };
    digests.into_iter().map(digest).collect()
}

/// A file of a serialized backend counts as a state of its own.
pub(super) fn file_digest(operator: &str, name: &str, bytes: u64, checksum: u128) -> StateDigest {
    StateDigest {
        operator: operator.into(),
        state: name.into(),
        entries: bytes,
        digest: format!("{checksum:032x}").into(),
    }
}
