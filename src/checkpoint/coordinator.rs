//! The coordinator of a job's checkpoints: Flink's `CheckpointCoordinator` as decisions.
//!
//! A checkpoint is pending from its trigger until all subtasks that run have acknowledged it and its
//! metadata is durable; then it is complete, or else it is aborted. Whoever calls says what time it
//! is and what has come, and does what the answers say: send, store, delete.
//!
//! Invariants: numbers only grow; at most `max_concurrent` are pending; a complete checkpoint is
//! discarded only when enough later ones are complete and none that is pending builds on it; a file
//! is deleted when the last checkpoint that consists of it is gone.
//!
//! Previous: the JobMaster, which has the clock and the messages. Next: [`super::alignment`] at the
//! tasks that the trigger reaches.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::failure::{CheckpointFailure, FailureCounter};
use super::{
    CheckpointConfig, CheckpointStorage, CheckpointingMode, CompletedCheckpoint, CompletionParts,
    ExternalizedRetention, SubtaskState,
};
use crate::base::{CheckpointId, SimTime, SubtaskId};
use crate::record::{CheckpointBarrier, CheckpointKind};

/// What a subtask says of its part in a checkpoint (Flink's `CheckpointMetrics`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckpointMetrics {
    /// From the trigger to the first barrier, in microseconds.
    pub start_delay_us: u64,
    /// From the first barrier to the last, in microseconds.
    pub alignment_us: u64,
    /// What taking the snapshot cost, in microseconds.
    pub sync_us: u64,
    /// How long storing it took, in microseconds.
    pub async_us: u64,
    /// How many bytes were written for it.
    pub stored_bytes: u64,
    /// How large its channel state is.
    pub in_flight_bytes: u64,
}

/// Which subtasks a checkpoint is about (Flink's `CheckpointPlan`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointPlan {
    /// Those that send the first barriers: no barrier can come to them from others.
    pub triggered: Vec<SubtaskId>,
    /// Those that must acknowledge.
    pub expected: Vec<SubtaskId>,
    /// Those that have finished.
    pub finished: Vec<SubtaskId>,
}

#[derive(Debug)]
struct PendingCheckpoint {
    barrier: CheckpointBarrier,
    triggered_at: SimTime,
    expected: BTreeSet<SubtaskId>,
    finished: Vec<SubtaskId>,
    acknowledged: BTreeMap<SubtaskId, SubtaskState>,
    stored_bytes: u64,
    /// Its metadata is on its way to storage.
    storing: bool,
}

/// What becomes of an acknowledgement.
#[derive(Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// The checkpoint waits for others.
    Taken,
    /// It was the last: the metadata is to be stored.
    Last(Metadata),
    /// There is no such checkpoint, or the subtask has no part in it. These files are of no use.
    Ignored {
        /// Why.
        reason: &'static str,
        /// What is to be deleted.
        files: Vec<String>,
    },
}

/// The metadata of a checkpoint that all subtasks have acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Where it goes; none if the JobManager keeps it.
    pub path: Option<String>,
    /// What it is.
    pub bytes: Vec<u8>,
    /// Whether tasks are told at once. They are to be told when it is durable.
    pub notify_now: bool,
}

/// A checkpoint has become complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// How large it is.
    pub bytes: u64,
    /// How much of that was written for it.
    pub stored_bytes: u64,
    /// Pending ones that it makes pointless.
    pub subsumed: Vec<(CheckpointId, Vec<String>)>,
    /// Whether tasks have yet to be told.
    pub notify: bool,
}

/// A checkpoint has come to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abortion {
    /// What is to be deleted.
    pub files: Vec<String>,
    /// Whether the job fails for it.
    pub fails_job: bool,
}

/// What the coordinator makes of the moment at which a checkpoint may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tick {
    /// It begins.
    Begin(CheckpointBarrier),
    /// It is too early.
    Later(SimTime),
    /// As many as may be are pending: the end of one is awaited.
    Waits,
}

/// See the module.
#[derive(Debug)]
pub struct CheckpointCoordinator {
    config: CheckpointConfig,
    parts: CompletionParts,
    folder: String,
    next: u64,
    pending: BTreeMap<CheckpointId, PendingCheckpoint>,
    /// The latest last.
    completed: VecDeque<CompletedCheckpoint>,
    /// No longer retained, but a pending one builds on them.
    leaving: Vec<CompletedCheckpoint>,
    failures: FailureCounter,
    last_completion: Option<SimTime>,
    /// The tick that could not begin one since too many were pending.
    queued: bool,
}

impl CheckpointCoordinator {
    /// A coordinator that keeps its files in this folder.
    pub fn new(config: CheckpointConfig, parts: CompletionParts, folder: String) -> Self {
        let failures = FailureCounter::new(config.tolerable_failures);
        Self {
            config,
            parts,
            folder,
            next: 1,
            pending: BTreeMap::new(),
            completed: VecDeque::new(),
            leaving: Vec::new(),
            failures,
            last_completion: None,
            queued: false,
        }
    }

    /// What it was asked for.
    pub fn config(&self) -> &CheckpointConfig {
        &self.config
    }

    /// The latest complete checkpoint.
    pub fn latest(&self) -> Option<&CompletedCheckpoint> {
        self.completed.back()
    }

    /// Whether a checkpoint is pending.
    pub fn is_pending(&self, checkpoint: CheckpointId) -> bool {
        self.pending.contains_key(&checkpoint)
    }

    /// Those that are pending, in order.
    pub fn pending(&self) -> impl Iterator<Item = CheckpointId> {
        self.pending.keys().copied()
    }

    /// When the first checkpoint after a start at `now` begins.
    pub fn first_tick(&mut self, now: SimTime) -> SimTime {
        (self.queued, self.last_completion) = (false, None);
        now + self.config.interval
    }

    /// The moment has come at which one may begin; `clock_ms` is what the coordinator's clock shows.
    pub fn tick(&mut self, now: SimTime, clock_ms: i64) -> Tick {
        let earliest = self.last_completion.map(|end| end + self.config.min_pause);
        if let Some(earliest) = earliest.filter(|earliest| *earliest > now) {
            return Tick::Later(earliest);
        }
        if self.pending.len() >= self.config.max_concurrent as usize {
            self.queued = true;
            return Tick::Waits;
        }
        self.queued = false;
        let id = CheckpointId(self.next);
        let base = self.latest().map_or(CheckpointId(0), |latest| latest.id);
        Tick::Begin(CheckpointBarrier { id, timestamp: clock_ms, kind: self.kind(), base })
    }

    fn kind(&self) -> CheckpointKind {
        let millis = |span: crate::base::SimDuration| span.as_millis() as i64;
        match self.config.mode {
            CheckpointingMode::AtLeastOnce => CheckpointKind::AtLeastOnce,
            CheckpointingMode::StopTheWorld => CheckpointKind::Aligned { timeout_ms: None },
            CheckpointingMode::ExactlyOnce => {
                match (self.config.unaligned, self.config.aligned_timeout) {
                    (true, None) => CheckpointKind::Unaligned,
                    (true, Some(timeout)) => {
                        CheckpointKind::Aligned { timeout_ms: Some(millis(timeout)) }
                    }
                    (false, _) => CheckpointKind::Aligned { timeout_ms: None },
                }
            }
        }
    }

    /// The checkpoint begins that [`Self::tick`] has decided on. When it is given up.
    pub fn begin(
        &mut self,
        now: SimTime,
        barrier: CheckpointBarrier,
        plan: &CheckpointPlan,
    ) -> SimTime {
        self.next = barrier.id.0 + 1;
        let pending = PendingCheckpoint {
            barrier,
            triggered_at: now,
            expected: plan.expected.iter().copied().collect(),
            finished: plan.finished.clone(),
            acknowledged: BTreeMap::new(),
            stored_bytes: 0,
            storing: false,
        };
        self.pending.insert(barrier.id, pending);
        now + self.config.timeout
    }

    /// A subtask acknowledges.
    pub fn acknowledge(
        &mut self,
        checkpoint: CheckpointId,
        subtask: SubtaskId,
        state: SubtaskState,
        stored_bytes: u64,
    ) -> Acknowledgement {
        let Some(pending) = self.pending.get_mut(&checkpoint) else {
            let files = self.refuse(&state);
            return Acknowledgement::Ignored { reason: "the checkpoint is over", files };
        };
        if !pending.expected.contains(&subtask) || pending.acknowledged.contains_key(&subtask) {
            let (reason, files) = ("it has been acknowledged already", Vec::new());
            return Acknowledgement::Ignored { reason, files };
        }
        pending.acknowledged.insert(subtask, state);
        pending.stored_bytes += stored_bytes;
        let (acknowledged, expected) = (pending.acknowledged.len(), pending.expected.len());
        if pending.storing || !self.parts.completion.is_acknowledged(acknowledged, expected) {
            return Acknowledgement::Taken;
        }
        pending.storing = true;
        let bytes = pending.completed().to_bytes();
        let path = match self.config.storage {
            CheckpointStorage::Filesystem => Some(self.metadata_path(checkpoint)),
            CheckpointStorage::JobManager { .. } => None,
        };
        let notify_now = !self.parts.notifying.waits_for_metadata();
        Acknowledgement::Last(Metadata { path, bytes, notify_now })
    }

    /// The files of an acknowledgement that does not count and that nobody else needs.
    pub fn refuse(&self, state: &SubtaskState) -> Vec<String> {
        self.unused(state.files().map(|file| file.path.clone()).collect())
    }

    /// Where the metadata of a checkpoint is.
    pub fn metadata_path(&self, checkpoint: CheckpointId) -> String {
        format!("{}/chk-{checkpoint}/_metadata", self.folder)
    }

    /// The metadata of a checkpoint is durable, or kept. None if it was aborted meanwhile.
    pub fn metadata_stored(
        &mut self,
        now: SimTime,
        checkpoint: CheckpointId,
    ) -> Option<Completion> {
        let pending = self.pending.remove(&checkpoint)?;
        let older: Vec<CheckpointId> =
            self.pending.range(..checkpoint).map(|(id, _)| *id).collect();
        let subsumed = older.into_iter().map(|id| (id, self.forget(id))).collect();
        let completed = pending.completed();
        let completion = Completion {
            duration_us: now.since(pending.triggered_at).as_micros() as u64,
            bytes: completed.bytes(),
            stored_bytes: pending.stored_bytes,
            subsumed,
            notify: self.parts.notifying.waits_for_metadata(),
        };
        self.completed.push_back(completed);
        while self.completed.len() > self.config.retained as usize {
            self.leaving.extend(self.completed.pop_front());
        }
        self.last_completion = Some(now);
        self.failures.succeeded();
        Some(completion)
    }

    /// The complete checkpoints that are not retained and on which nothing builds, each with the
    /// files that go with it.
    pub fn discard(&mut self) -> Vec<(CheckpointId, Vec<String>)> {
        let bases: BTreeSet<CheckpointId> =
            self.pending.values().map(|pending| pending.barrier.base).collect();
        let mut discarded = Vec::new();
        // One after the other: a file that several share goes with the last of them.
        while let Some(place) = self.leaving.iter().position(|it| !bases.contains(&it.id)) {
            let checkpoint = self.leaving.remove(place);
            discarded.push((checkpoint.id, self.files_of(&checkpoint)));
        }
        discarded
    }

    /// A checkpoint comes to nothing. None if it is not pending.
    pub fn abort(
        &mut self,
        checkpoint: CheckpointId,
        failure: CheckpointFailure,
    ) -> Option<Abortion> {
        if !self.is_pending(checkpoint) {
            return None;
        }
        let files = self.forget(checkpoint);
        Some(Abortion { files, fails_job: self.failures.failed(failure) })
    }

    /// Whether a checkpoint that had to wait can begin now that another is over.
    pub fn take_queued(&mut self) -> bool {
        std::mem::take(&mut self.queued)
    }

    /// The pending checkpoints that still wait for a subtask.
    pub fn waiting_for(&self, subtask: SubtaskId) -> Vec<CheckpointId> {
        let waits = |pending: &PendingCheckpoint| {
            pending.expected.contains(&subtask) && !pending.acknowledged.contains_key(&subtask)
        };
        self.pending.iter().filter(|(_, it)| waits(it)).map(|(id, _)| *id).collect()
    }

    /// The latest complete checkpoint cannot be restored: the one before takes its place, if there
    /// is one. The files that go with it.
    pub fn drop_latest(&mut self, checkpoint: CheckpointId) -> Vec<String> {
        if self.latest().is_none_or(|latest| latest.id != checkpoint) {
            return Vec::new();
        }
        let dropped = self.completed.pop_back().expect("it was there a moment ago");
        self.files_of(&dropped)
    }

    /// The job has ended: the checkpoints that are not kept, each with its files.
    pub fn end(&mut self, end: JobEnd) -> Vec<(CheckpointId, Vec<String>)> {
        use ExternalizedRetention as R;
        let keeps = match (end, self.config.externalized) {
            (JobEnd::Finished, _)
            | (_, R::NoExternalizedCheckpoints)
            | (JobEnd::Canceled, R::DeleteOnCancellation) => false,
            (JobEnd::Failed, _) | (JobEnd::Canceled, R::RetainOnCancellation) => true,
        };
        if !keeps {
            self.leaving.extend(std::mem::take(&mut self.completed));
        }
        self.discard()
    }

    /// A pending checkpoint is forgotten. The files that nobody else needs.
    fn forget(&mut self, checkpoint: CheckpointId) -> Vec<String> {
        let Some(pending) = self.pending.remove(&checkpoint) else { return Vec::new() };
        let files = pending.acknowledged.values().flat_map(SubtaskState::files);
        let mut files: Vec<String> = files.map(|file| file.path.clone()).collect();
        if pending.storing && self.config.storage == CheckpointStorage::Filesystem {
            files.push(self.metadata_path(checkpoint));
        }
        self.unused(files)
    }

    /// The files of a checkpoint that is no longer among the complete ones and that can go.
    fn files_of(&self, checkpoint: &CompletedCheckpoint) -> Vec<String> {
        let mut files: Vec<String> = checkpoint.files().map(|file| file.path.clone()).collect();
        if self.config.storage == CheckpointStorage::Filesystem {
            files.push(self.metadata_path(checkpoint.id));
        }
        self.unused(files)
    }

    /// Those of these files that can be deleted: no checkpoint that is kept consists of them.
    fn unused(&self, files: Vec<String>) -> Vec<String> {
        let complete = self.completed.iter().chain(&self.leaving);
        let mut users = BTreeMap::<&str, usize>::new();
        for file in complete.flat_map(CompletedCheckpoint::files) {
            *users.entry(&file.path).or_default() += 1;
        }
        for pending in self.pending.values() {
            for file in pending.acknowledged.values().flat_map(SubtaskState::files) {
                *users.entry(&file.path).or_default() += 1;
            }
        }
        let may_go = |path: &String| {
            let users = users.get(path.as_str()).copied().unwrap_or_default();
            self.parts.shared_files.may_delete(users)
        };
        files.into_iter().filter(may_go).collect()
    }
}

/// How a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// All tasks have finished.
    Finished,
    /// It has failed for good.
    Failed,
    /// It was cancelled.
    Canceled,
}

impl PendingCheckpoint {
    fn completed(&self) -> CompletedCheckpoint {
        CompletedCheckpoint {
            id: self.barrier.id,
            kind: self.barrier.kind,
            timestamp: self.barrier.timestamp,
            subtasks: self.acknowledged.clone(),
            finished: self.finished.clone(),
        }
    }
}
