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

use super::chain::Head;
use super::guard::guarded;
use super::restoring::stored_file;
use super::stream_task::StreamTask;
use super::underway::{BackendFiles, Overtaking, Underway};
use super::{TaskAcknowledgement, TaskUpdate};
use crate::base::{CheckpointId, SimDuration, SimTime};
use crate::checkpoint::coordinator::CheckpointMetrics;
use crate::checkpoint::{
    Alignment, BackendFile, BarrierAction, ChannelCounts, ChannelState, CheckpointBarrier,
    CheckpointBarrierTracker, CheckpointConfig, CheckpointFailure, CheckpointFailureReason,
    CheckpointKind, CheckpointStorage, CheckpointingMode, FileHandle, OperatorSubtaskState,
    SingleCheckpointBarrierHandler, SnapshotParts, StateHandle, StoredChannel, SubtaskState,
    TaskSnapshot,
};
use crate::host::{DurableStorage, StorageError};
use crate::network::PriorityEvent;
use crate::operator::{Channels, FileKey, LocalFile};
use crate::record::{ChainEvent, Failure, StreamEvent};
use crate::state::operator_state::OperatorStateMode;
use crate::trace::{ChannelCut, ChannelRange, CheckpointEvent, Event, SplitPosition, StateDigest};

/// What a snapshot costs its task whatever its size.
const SNAPSHOT_COST: SimDuration = SimDuration::from_micros(20);
/// How many bytes of state a task copies in a microsecond.
const BYTES_PER_MICROSECOND: u64 = 1_000;

/// Who decides about barriers.
enum Handler {
    /// Nobody: no barrier comes to a source.
    None,
    Single(SingleCheckpointBarrierHandler),
    Tracker(CheckpointBarrierTracker),
}

/// What a task knows of checkpoints.
pub(super) struct Checkpointing {
    config: Option<Arc<CheckpointConfig>>,
    parts: Arc<SnapshotParts>,
    storage: Option<Rc<dyn DurableStorage>>,
    handler: Handler,
    /// The checkpoint whose first barrier came last, and when that was.
    first_barrier: (CheckpointId, SimTime),
    underway: BTreeMap<CheckpointId, Underway>,
    /// Given up before their barriers have come.
    aborted: BTreeSet<CheckpointId>,
    /// The latest snapshot.
    last: CheckpointId,
    /// A snapshot that is taken late, if a mutant says so.
    late: Option<CheckpointBarrier>,
    /// The files of serialized backends that checkpoints have.
    backend_files: BackendFiles<FileKey>,
    /// The checkpoint for which a source stands still, since when, and for how long at most.
    paused: Option<(CheckpointId, SimTime, SimTime)>,
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
    // What comes.

    /// The JobMaster begins a checkpoint here.
    pub(super) fn on_trigger(&mut self, barrier: CheckpointBarrier) -> Result<(), Failure> {
        if self.closing || (self.gate.channel_count() > 0 && self.gate.is_ended()) {
            let failure = CheckpointFailure::DeclinedTaskClosing;
            self.decline(barrier.id, failure, failure.to_string());
            return Ok(());
        }
        match &self.head {
            Head::Source(_) => {
                self.checkpoints.first_barrier = (barrier.id, self.host.clock.now());
                self.pause(barrier);
                self.perform(barrier)
            }
            // All in front of it have finished.
            Head::Operator(_) | Head::Finished => {
                self.gate.inject(barrier);
                Ok(())
            }
        }
    }

    pub(super) fn on_barrier(
        &mut self,
        channel: usize,
        barrier: CheckpointBarrier,
    ) -> Result<(), Failure> {
        let now = self.host.clock.now();
        if barrier.id > self.checkpoints.first_barrier.0 {
            self.checkpoints.first_barrier = (barrier.id, now);
            if self.gate.channel_count() > 1 && barrier.kind != CheckpointKind::Unaligned {
                self.tell(CheckpointEvent::AlignmentStarted {
                    job: self.job(),
                    subtask: self.name(),
                    attempt: self.attempt(),
                    checkpoint: barrier.id,
                });
            }
        }
        let clock = self.clock_ms();
        let actions = match &mut self.checkpoints.handler {
            Handler::None => Vec::new(),
            Handler::Single(handler) => handler.process_barrier(barrier, channel, clock),
            Handler::Tracker(tracker) => tracker.process_barrier(barrier, channel),
        };
        self.follow(barrier.id, actions)
    }

    pub(super) fn on_priority(
        &mut self,
        channel: usize,
        event: PriorityEvent,
    ) -> Result<(), Failure> {
        let clock = self.clock_ms();
        match event {
            PriorityEvent::Barrier(barrier) => self.on_barrier(channel, barrier),
            PriorityEvent::Announcement(barrier) => {
                let actions = match &mut self.checkpoints.handler {
                    Handler::Single(handler) => {
                        handler.process_announcement(barrier, channel, clock)
                    }
                    Handler::None | Handler::Tracker(_) => Vec::new(),
                };
                self.follow(barrier.id, actions)
            }
            PriorityEvent::CancelCheckpoint(checkpoint) => {
                let actions = match &mut self.checkpoints.handler {
                    Handler::None => Vec::new(),
                    Handler::Single(handler) => handler.process_cancellation(checkpoint),
                    Handler::Tracker(tracker) => tracker.process_cancellation(checkpoint, channel),
                };
                self.follow(checkpoint, actions)
            }
        }
    }

    /// The input of a channel has ended.
    pub(super) fn on_end_of_channel(&mut self, channel: usize) -> Result<(), Failure> {
        let clock = self.clock_ms();
        let actions = match &mut self.checkpoints.handler {
            Handler::None => Vec::new(),
            Handler::Single(handler) => handler.process_end_of_partition(channel, clock),
            Handler::Tracker(tracker) => tracker.process_end_of_partition(channel),
        };
        self.follow(self.checkpoints.first_barrier.0, actions)
    }

    /// When a checkpoint wants the clock to be looked at.
    pub(super) fn checkpoint_deadline(&self) -> Option<SimTime> {
        let pause = self.checkpoints.paused.map(|(_, _, until)| until);
        let now = self.host.clock.now();
        let moment = |shown: i64| {
            let span = u64::try_from(shown.saturating_sub(self.clock_ms())).unwrap_or(0);
            now + SimDuration::from_millis(span)
        };
        let alignment = match &self.checkpoints.handler {
            Handler::Single(handler) => handler.timeout_at().map(moment),
            Handler::None | Handler::Tracker(_) => None,
        };
        let outputs = self.outputs_timeout().map(moment);
        [pause, alignment, outputs].into_iter().flatten().min()
    }

    /// The checkpoint whose barriers wait in the output, and when they wait no longer.
    fn outputs_timeout(&self) -> Option<i64> {
        let underway = self.checkpoints.underway.values();
        let mut open = underway.filter(|it| it.overtaking.outputs_open);
        open.find_map(|it| it.overtaking_at)
    }

    /// Looks at the clock.
    pub(super) fn on_checkpoint_clock(&mut self) -> Result<(), Failure> {
        let (now, clock) = (self.host.clock.now(), self.clock_ms());
        if self.checkpoints.paused.is_some_and(|(_, _, until)| until <= now) {
            self.unpause();
        }
        if let Handler::Single(handler) = &mut self.checkpoints.handler
            && handler.timeout_at().is_some_and(|at| at <= clock)
        {
            let checkpoint = handler.latest_checkpoint().unwrap_or_default();
            let actions = handler.on_clock(clock);
            if !actions.is_empty() {
                self.tell_timed_out(checkpoint);
            }
            self.follow(checkpoint, actions)?;
        }
        self.look_at_outputs(clock)
    }

    /// Barriers that wait in the output have gone, or wait no longer.
    fn look_at_outputs(&mut self, clock: i64) -> Result<(), Failure> {
        let open = self.checkpoints.underway.iter().filter(|(_, it)| it.overtaking.outputs_open);
        let open: Vec<(CheckpointId, Option<i64>)> =
            open.map(|(id, it)| (*id, it.overtaking_at)).collect();
        for (checkpoint, at) in open {
            let waits = self.partitions.iter().any(|partition| partition.has_queued(checkpoint));
            if waits && at.is_none_or(|at| at > clock) {
                continue;
            }
            let mut outputs = Vec::new();
            if waits {
                self.tell_timed_out(checkpoint);
                let partitions = self.partitions.clone();
                outputs = guarded(|| {
                    Ok(overtaken_of(&partitions, |partition| partition.overtake(checkpoint)))
                })?;
            }
            if let Some(underway) = self.checkpoints.underway.get_mut(&checkpoint) {
                underway.overtaking.outputs_open = false;
                underway.unaligned |= waits;
                underway.overtaking.state.outputs.extend(outputs);
            }
            self.advance(checkpoint);
        }
        Ok(())
    }

    fn tell_timed_out(&self, checkpoint: CheckpointId) {
        self.tell(CheckpointEvent::AlignmentTimedOut {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
        });
    }

    // What the handler says.

    fn follow(
        &mut self,
        checkpoint: CheckpointId,
        actions: Vec<BarrierAction>,
    ) -> Result<(), Failure> {
        for action in actions {
            match action {
                BarrierAction::Block(channel) => {
                    if self.checkpoints.parts.alignment.blocks() {
                        self.gate.block(channel, checkpoint);
                    }
                }
                BarrierAction::Resume(channel) => self.gate.resume(channel, checkpoint),
                BarrierAction::ConvertToPriority(channel) => {
                    self.gate.convert_to_priority(channel, checkpoint);
                }
                // Whatever is overtaken is written when it is complete.
                BarrierAction::InitInputs(_) => {}
                BarrierAction::InputsStarted(checkpoint) => {
                    let gate = &mut self.gate;
                    guarded(|| {
                        gate.start_keeping(checkpoint);
                        Ok(())
                    })?;
                }
                BarrierAction::InputsStopped(checkpoint) => {
                    let inputs = self.gate.stop_keeping();
                    if let Some(underway) = self.checkpoints.underway.get_mut(&checkpoint) {
                        underway.overtaking.inputs_open = false;
                        underway.overtaking.state.inputs = inputs;
                    }
                    self.advance(checkpoint);
                }
                BarrierAction::Trigger(barrier) => self.perform(barrier)?,
                BarrierAction::Abort(checkpoint, reason) => self.give_up(checkpoint, reason),
            }
        }
        Ok(())
    }

    fn give_up(&mut self, checkpoint: CheckpointId, reason: CheckpointFailureReason) {
        self.forget(checkpoint);
        let failure = match reason {
            CheckpointFailureReason::CheckpointDeclinedSubsumed => {
                CheckpointFailure::DeclinedSubsumed
            }
            CheckpointFailureReason::CheckpointDeclinedOnCancellationBarrier => {
                CheckpointFailure::DeclinedOnCancellationBarrier
            }
        };
        self.decline(checkpoint, failure, failure.to_string());
        self.cancel_behind(checkpoint);
    }

    /// Tells the tasks behind that the barrier of a checkpoint will not come.
    fn cancel_behind(&self, checkpoint: CheckpointId) {
        for partition in &self.partitions {
            partition.broadcast(StreamEvent::CancelCheckpoint(checkpoint));
        }
    }

    fn decline(&self, checkpoint: CheckpointId, failure: CheckpointFailure, reason: String) {
        self.tell(CheckpointEvent::SnapshotFailed {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
            reason: reason.as_str().into(),
        });
        (self.on_update)(TaskUpdate::Declined { checkpoint, failure, reason });
    }

    // The synchronous part.

    fn perform(&mut self, barrier: CheckpointBarrier) -> Result<(), Failure> {
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
        let outputs =
            guarded(|| Ok(overtaken_of(&partitions, |partition| partition.send_barrier(barrier))))?;
        if self.checkpoints.parts.timing.after_followers() && self.checkpoints.late.is_none() {
            self.checkpoints.late = Some(barrier);
            return Ok(());
        }
        self.take_snapshot(barrier, outputs)
    }

    /// Takes a snapshot that was put off.
    pub(super) fn take_late_snapshot(&mut self) -> Result<(), Failure> {
        match self.checkpoints.late.take() {
            Some(barrier) => self.take_snapshot(barrier, Vec::new()),
            None => Ok(()),
        }
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
        let snapshot = TaskSnapshot { operators, channels };
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
        let file = format!("{}/{}", self.folder(checkpoint), self.name());
        underway.state.snapshot = self.store(checkpoint, &file, contents.into(), &mut underway);
        let mut digests = snapshot.operators.iter().flat_map(digests).collect::<Vec<_>>();
        self.store_backend_files(checkpoint, files, &known, &mut underway, &mut digests);
        self.tell(CheckpointEvent::SnapshotTaken {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
            barriers: barrier.kind,
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
            inputs_open: barrier.is_unaligned() && self.gate.channel_count() > 0,
            outputs_open: timed.is_some() && !self.partitions.is_empty(),
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
            written: Vec::new(),
            overtaking,
            overtaking_at: timed,
            since: now,
            unaligned: barrier.is_unaligned(),
            acknowledged: false,
        }
    }

    fn output_cuts(&self) -> Vec<Vec<ChannelCut>> {
        self.partitions.iter().map(|partition| partition.cuts()).collect()
    }

    /// Why the JobManager does not take a state, if it does not.
    fn too_large(&self, state: &SubtaskState) -> Option<String> {
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

    // The asynchronous part.

    /// Begins to store a part of a snapshot.
    fn store(
        &self,
        checkpoint: CheckpointId,
        path: &str,
        contents: Arc<[u8]>,
        underway: &mut Underway,
    ) -> StateHandle {
        let (Some(storage), Some(CheckpointStorage::Filesystem)) =
            (&self.checkpoints.storage, self.config().map(|config| config.storage))
        else {
            return StateHandle::Memory(contents);
        };
        let handle = FileHandle::of(path.to_owned(), &contents);
        underway.files += 1;
        underway.metrics.stored_bytes += handle.bytes;
        underway.written.push(path.to_owned());
        let (mail, signal) = (self.mail.clone(), self.signal.clone());
        let done = move |result| {
            mail.stored.borrow_mut().push_back((checkpoint, result));
            signal.notify();
        };
        storage.put(path, contents, Box::new(done));
        StateHandle::File(handle)
    }

    fn store_backend_files(
        &mut self,
        checkpoint: CheckpointId,
        files: Vec<LocalFile>,
        known: &BTreeMap<FileKey, StateHandle>,
        underway: &mut Underway,
        digests: &mut Vec<StateDigest>,
    ) {
        let mut stored = BTreeMap::new();
        for LocalFile { key, contents } in files {
            let (operator, file) = &key;
            let handle = match (contents, known.get(&key)) {
                (None, Some(handle)) => handle.clone(),
                (Some(contents), _) => {
                    let name = self.name();
                    let path = if file.shared {
                        let job = self.job();
                        format!("job-{job}/shared/{name}/chk-{checkpoint}/{operator}/{}", file.name)
                    } else {
                        format!("{}/{name}.{operator}.{}", self.folder(checkpoint), file.name)
                    };
                    self.store(checkpoint, &path, contents, underway)
                }
                (None, None) => unreachable!("contents are left out only of files that are known"),
            };
            if let StateHandle::File(FileHandle { bytes, checksum, .. }) = &handle {
                digests.push(file_digest(operator, &file.name, *bytes, *checksum));
            }
            let (operator, name) = (operator.clone(), file.name.clone());
            let backend_file = BackendFile { operator, name, handle: handle.clone() };
            underway.state.backend_files.push(backend_file);
            stored.insert(key, handle);
        }
        self.checkpoints.backend_files.insert(checkpoint, stored);
    }

    /// A file is stored, or cannot be.
    pub(super) fn on_stored(&mut self, checkpoint: CheckpointId, result: Result<(), StorageError>) {
        match result {
            Ok(()) => {
                if let Some(underway) = self.checkpoints.underway.get_mut(&checkpoint) {
                    underway.files -= 1;
                }
                self.advance(checkpoint);
            }
            Err(error) => {
                if self.forget(checkpoint) {
                    let failure = CheckpointFailure::AsyncException;
                    self.decline(checkpoint, failure, error.to_string());
                }
            }
        }
    }

    /// Goes on with a snapshot as far as that is possible.
    fn advance(&mut self, checkpoint: CheckpointId) {
        let Some(mut underway) = self.checkpoints.underway.remove(&checkpoint) else { return };
        if underway.can_hand_over() {
            self.store_channel_state(checkpoint, &mut underway);
        }
        let durable = underway.is_stored();
        let hurried = underway.overtaking.handed_over
            && !self.checkpoints.parts.acknowledging.waits_for_storage();
        if (durable || hurried) && !underway.acknowledged {
            underway.acknowledged = true;
            self.acknowledge(checkpoint, &mut underway);
        }
        if !durable {
            self.checkpoints.underway.insert(checkpoint, underway);
        }
    }

    fn store_channel_state(&self, checkpoint: CheckpointId, underway: &mut Underway) {
        underway.overtaking.handed_over = true;
        let mut state = std::mem::take(&mut underway.overtaking.state);
        if !self.checkpoints.parts.channel_state.keeps() {
            state = ChannelState::default();
        }
        let bytes = if state.is_empty() { Vec::new() } else { state.to_bytes() };
        underway.metrics.in_flight_bytes = bytes.len() as u64;
        if underway.unaligned || !state.is_empty() {
            self.tell(CheckpointEvent::ChannelStateCollected {
                job: self.job(),
                subtask: self.name(),
                attempt: self.attempt(),
                checkpoint,
                inputs: self.input_ranges(&state),
                outputs: self.output_ranges(&state),
                bytes: bytes.len() as u64,
            });
        }
        if !state.is_empty() {
            let path = format!("{}/{}.channels", self.folder(checkpoint), self.name());
            underway.state.channel_state =
                Some(self.store(checkpoint, &path, bytes.into(), underway));
        }
    }

    pub(super) fn input_ranges(&self, state: &ChannelState) -> Vec<ChannelRange> {
        let range = |stored: &StoredChannel| ChannelRange {
            edge: self.gate.edge(stored.channel as usize),
            peer: self.gate.producer(stored.channel as usize).clone(),
            from: stored.from,
            to: stored.to(),
        };
        state.inputs.iter().map(range).filter(|range| range.to > range.from).collect()
    }

    pub(super) fn output_ranges(&self, state: &ChannelState) -> Vec<ChannelRange> {
        let channels: Vec<ChannelCut> = self.output_cuts().into_iter().flatten().collect();
        let range = |stored: &StoredChannel| {
            let ChannelCut { edge, peer, .. } = channels[stored.channel as usize].clone();
            ChannelRange { edge, peer, from: stored.from, to: stored.to() }
        };
        state.outputs.iter().map(range).filter(|range| range.to > range.from).collect()
    }

    fn acknowledge(&self, checkpoint: CheckpointId, underway: &mut Underway) {
        underway.metrics.async_us = self.host.clock.now().since(underway.since).as_micros() as u64;
        let Underway { state, metrics, .. } = underway;
        self.tell(CheckpointEvent::SnapshotStored {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
            files: state.files().map(stored_file).collect(),
            stored_bytes: metrics.stored_bytes,
            async_us: metrics.async_us,
        });
        let (state, metrics) = (state.clone(), *metrics);
        let acknowledgement = TaskAcknowledgement { checkpoint, state, metrics };
        (self.on_update)(TaskUpdate::Acknowledged(Box::new(acknowledgement)));
    }

    /// Forgets a snapshot that is underway, and what was stored of it. Whether it was.
    fn forget(&mut self, checkpoint: CheckpointId) -> bool {
        let Some(underway) = self.checkpoints.underway.remove(&checkpoint) else { return false };
        if let Some(storage) = &self.checkpoints.storage {
            underway.written.iter().for_each(|path| storage.delete(path));
        }
        true
    }

    // What the JobMaster says in the end.

    pub(super) fn on_checkpoint_complete(&mut self, checkpoint: CheckpointId) {
        self.tell(CheckpointEvent::CompletionNotified {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
        });
        self.checkpoints.backend_files.retain(|taken, _| *taken >= checkpoint);
        self.on_checkpoint_over(checkpoint);
    }

    pub(super) fn on_checkpoint_aborted(&mut self, checkpoint: CheckpointId) {
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
    }

    fn on_checkpoint_over(&mut self, checkpoint: CheckpointId) {
        self.checkpoints.aborted.retain(|aborted| *aborted >= checkpoint);
        if self.checkpoints.paused.is_some_and(|(paused, ..)| paused <= checkpoint) {
            self.unpause();
        }
    }

    // Standing still.

    fn pause(&mut self, barrier: CheckpointBarrier) {
        let Some(config) = self.config() else { return };
        if config.mode != CheckpointingMode::StopTheWorld || self.checkpoints.is_paused() {
            return;
        }
        let now = self.host.clock.now();
        self.checkpoints.paused = Some((barrier.id, now, now + config.timeout));
        let (job, subtask, checkpoint) = (self.job(), self.name(), barrier.id);
        self.tell(CheckpointEvent::SourcePaused { job, subtask, checkpoint });
    }

    fn unpause(&mut self) {
        let Some((checkpoint, since, _)) = self.checkpoints.paused.take() else { return };
        let paused_us = self.host.clock.now().since(since).as_micros() as u64;
        let (job, subtask) = (self.job(), self.name());
        self.tell(CheckpointEvent::SourceResumed { job, subtask, checkpoint, paused_us });
    }

    // Who it is.

    fn config(&self) -> Option<&CheckpointConfig> {
        self.checkpoints.config.as_deref()
    }

    fn folder(&self, checkpoint: CheckpointId) -> String {
        format!("job-{}/chk-{checkpoint}", self.job())
    }

    fn clock_ms(&self) -> i64 {
        self.host.clock.processing_time().0
    }

    pub(super) fn tell(&self, event: CheckpointEvent) {
        self.host.trace.record(Event::Checkpoint(event));
    }
}

/// What barriers overtake in several result partitions: channels are counted through.
fn overtaken_of(
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
    let digest = |(name, content): (String, crate::checkpoint::ContentDigest)| StateDigest {
        operator: state.operator.as_str().into(),
        state: name.into(),
        entries: content.entries,
        digest: format!("{:032x}", content.digest).into(),
    };
    state.digests().into_iter().map(digest).collect()
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
