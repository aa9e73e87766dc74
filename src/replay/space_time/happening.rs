//! What happens on lanes: the events that a diagram shows as points.

use crate::base::{CheckpointId, JobId, Name};
use crate::trace::{
    CheckpointEvent, Event, ExecutionState, FaultEvent, JobEvent, JobStatus, NodeEvent,
    RecoveryEvent, TaskEvent,
};

/// What happens on a lane.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The coordinator begins a checkpoint.
    Begun(CheckpointId),
    /// The first barrier has come to a task with several channels.
    Aligning(CheckpointId),
    /// A task has taken its snapshot.
    Snapshot(CheckpointId),
    /// A task has stored it.
    Stored(CheckpointId),
    /// A task could not take or store it.
    SnapshotFailed(CheckpointId),
    /// The coordinator takes an acknowledgement in.
    Acknowledged(CheckpointId),
    /// The coordinator hears that there is no snapshot.
    Declined(CheckpointId),
    /// A checkpoint is complete.
    Completed(CheckpointId),
    /// A checkpoint came to nothing.
    Aborted(CheckpointId),
    /// A task hears that a checkpoint is complete.
    Told(CheckpointId),
    /// A task has taken over what a checkpoint holds for it.
    Restored(CheckpointId),
    /// A task begins, in this attempt.
    Started(u32),
    /// A task ends.
    Ended(ExecutionState),
    /// The JobMaster hears that a task has failed.
    Failure,
    /// A job changes its status.
    Job(JobStatus),
    /// A job will be started again, for the how-manieth time.
    Restart(u32),
    /// A job is started again from this checkpoint, or anew.
    From(Option<CheckpointId>),
    /// A process starts.
    Up,
    /// A process is killed.
    Crashed,
    /// A process stands still.
    Paused,
    /// A process goes on.
    Resumed,
    /// A fault strikes.
    Fault(String),
    /// A fault is over.
    Healed(String),
}

/// Where it happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Where<'a> {
    /// At the coordinator.
    Coordinator,
    /// At a subtask.
    Subtask(&'a Name),
    /// At a whole node.
    Node,
    /// Anywhere.
    Everywhere,
}

impl Happening {
    /// What an event shows, and where. Barriers, buffers and calls are messages instead.
    pub(super) fn of(job: JobId, event: &Event) -> Option<(Self, Where<'_>)> {
        match event {
            Event::Node(event) => Self::of_node(event).map(|what| (what, Where::Node)),
            Event::Fault(FaultEvent::FaultInjected { what, .. }) => {
                Some((Self::Fault(what.clone()), Where::Everywhere))
            }
            Event::Fault(FaultEvent::FaultHealed { what, .. }) => {
                Some((Self::Healed(what.clone()), Where::Everywhere))
            }
            Event::Job(JobEvent::JobStatusChanged { job: of, to, .. }) => {
                (*of == job).then_some((Self::Job(*to), Where::Coordinator))
            }
            Event::Task(event) => Self::of_task(job, event),
            Event::Checkpoint(event) => {
                let what = Self::of_checkpoint(event).filter(|_| event.job() == job)?;
                let at_task = matches!(
                    what,
                    Self::Aligning(_)
                        | Self::Snapshot(_)
                        | Self::Stored(_)
                        | Self::SnapshotFailed(_)
                        | Self::Told(_)
                );
                let subtask = event.subtask().filter(|_| at_task);
                Some((what, subtask.map_or(Where::Coordinator, Where::Subtask)))
            }
            Event::Recovery(event) => Self::of_recovery(event).filter(|_| event.job() == job),
            Event::Fault(FaultEvent::NoteShown { .. })
            | Event::Job(JobEvent::JobSubmitted { .. } | JobEvent::AccumulatorsMerged { .. })
            | Event::Rpc(_)
            | Event::Resource(_)
            | Event::Exchange(_)
            | Event::Record(_)
            | Event::Time(_)
            | Event::Window(_)
            | Event::Timer(_)
            | Event::State(_)
            | Event::Storage(_)
            | Event::Log(_)
            | Event::Database(_)
            | Event::Transaction(_)
            | Event::Sink(_) => None,
        }
    }

    fn of_node(event: &NodeEvent) -> Option<Self> {
        match event {
            NodeEvent::NodeStarted { .. } => Some(Self::Up),
            NodeEvent::NodeKilled { .. } => Some(Self::Crashed),
            NodeEvent::NodePaused => Some(Self::Paused),
            NodeEvent::NodeResumed => Some(Self::Resumed),
            NodeEvent::ClockChanged { .. }
            | NodeEvent::LinkCut { .. }
            | NodeEvent::LinkHealed { .. }
            | NodeEvent::BytesLost { .. } => None,
        }
    }

    fn of_task(job: JobId, event: &TaskEvent) -> Option<(Self, Where<'_>)> {
        match event {
            TaskEvent::ExecutionStateChanged { job: of, to: ExecutionState::Failed, .. } => {
                (*of == job).then_some((Self::Failure, Where::Coordinator))
            }
            TaskEvent::TaskStarted { job: of, subtask, attempt } => {
                (*of == job).then_some((Self::Started(*attempt), Where::Subtask(subtask)))
            }
            TaskEvent::TaskEnded { job: of, subtask, state, .. } => {
                (*of == job).then_some((Self::Ended(*state), Where::Subtask(subtask)))
            }
            TaskEvent::ExecutionStateChanged { .. }
            | TaskEvent::StateLeft { .. }
            | TaskEvent::BackPressured { .. }
            | TaskEvent::BackPressureEased { .. } => None,
        }
    }

    fn of_checkpoint(event: &CheckpointEvent) -> Option<Self> {
        use CheckpointEvent as E;
        match event {
            E::CheckpointTriggered { checkpoint, .. } => Some(Self::Begun(*checkpoint)),
            E::AlignmentStarted { checkpoint, .. } => Some(Self::Aligning(*checkpoint)),
            E::SnapshotTaken { checkpoint, .. } => Some(Self::Snapshot(*checkpoint)),
            E::SnapshotStored { checkpoint, .. } => Some(Self::Stored(*checkpoint)),
            E::SnapshotFailed { checkpoint, .. } => Some(Self::SnapshotFailed(*checkpoint)),
            E::CheckpointAcknowledged { checkpoint, .. } => Some(Self::Acknowledged(*checkpoint)),
            E::CheckpointDeclined { checkpoint, .. } => Some(Self::Declined(*checkpoint)),
            E::CheckpointCompleted { checkpoint, .. } => Some(Self::Completed(*checkpoint)),
            E::CheckpointAborted { checkpoint, .. } => Some(Self::Aborted(*checkpoint)),
            E::CompletionNotified { checkpoint, .. } => Some(Self::Told(*checkpoint)),
            E::CheckpointNotTriggered { .. }
            | E::SourcePaused { .. }
            | E::SourceResumed { .. }
            | E::BarrierSent { .. }
            | E::BarrierReceived { .. }
            | E::ChannelBlocked { .. }
            | E::ChannelResumed { .. }
            | E::AlignmentTimedOut { .. }
            | E::ChannelStateCollected { .. }
            | E::AcknowledgementIgnored { .. }
            | E::MetadataStored { .. }
            | E::AbortionNotified { .. }
            | E::CheckpointDiscarded { .. } => None,
        }
    }

    fn of_recovery(event: &RecoveryEvent) -> Option<(Self, Where<'_>)> {
        match event {
            RecoveryEvent::RestartScheduled { restart, .. } => {
                Some((Self::Restart(*restart), Where::Coordinator))
            }
            RecoveryEvent::JobRestored { checkpoint, .. } => {
                Some((Self::From(*checkpoint), Where::Coordinator))
            }
            RecoveryEvent::StateRestored { subtask, checkpoint, .. } => {
                Some((Self::Restored(*checkpoint), Where::Subtask(subtask)))
            }
            RecoveryEvent::RecordsMissed { .. } | RecoveryEvent::CheckpointUnusable { .. } => None,
        }
    }

    /// Whether from here on the lane's process runs, or no longer does; none if it stays as it is.
    pub fn runs_from_here(&self) -> Option<bool> {
        match self {
            Self::Started(_) | Self::Up => Some(true),
            Self::Ended(_) | Self::Crashed => Some(false),
            Self::Begun(_)
            | Self::Aligning(_)
            | Self::Snapshot(_)
            | Self::Stored(_)
            | Self::SnapshotFailed(_)
            | Self::Acknowledged(_)
            | Self::Declined(_)
            | Self::Completed(_)
            | Self::Aborted(_)
            | Self::Told(_)
            | Self::Restored(_)
            | Self::Failure
            | Self::Job(_)
            | Self::Restart(_)
            | Self::From(_)
            | Self::Paused
            | Self::Resumed
            | Self::Fault(_)
            | Self::Healed(_) => None,
        }
    }

    /// In few words. What a fault is comes from its scenario and is not made safe here.
    pub fn words(&self) -> String {
        match self {
            Self::Begun(checkpoint) => format!("{checkpoint} begins"),
            Self::Aligning(checkpoint) => format!("{checkpoint} aligns"),
            Self::Snapshot(checkpoint) => format!("{checkpoint} snap"),
            Self::Stored(checkpoint) => format!("{checkpoint} stored"),
            Self::SnapshotFailed(checkpoint) => format!("{checkpoint} fails"),
            Self::Acknowledged(checkpoint) => format!("{checkpoint} ack"),
            Self::Declined(checkpoint) => format!("{checkpoint} declined"),
            Self::Completed(checkpoint) => format!("{checkpoint} done"),
            Self::Aborted(checkpoint) => format!("{checkpoint} aborted"),
            Self::Told(checkpoint) => format!("{checkpoint} told"),
            Self::Restored(checkpoint) => format!("{checkpoint} restored"),
            Self::Started(0) => "starts".to_owned(),
            Self::Started(attempt) => format!("starts '{attempt}"),
            Self::Ended(ExecutionState::Finished) => "finished".to_owned(),
            Self::Ended(ExecutionState::Canceled | ExecutionState::Canceling) => {
                "canceled".to_owned()
            }
            Self::Ended(
                ExecutionState::Failed
                | ExecutionState::Created
                | ExecutionState::Scheduled
                | ExecutionState::Deploying
                | ExecutionState::Initializing
                | ExecutionState::Running,
            )
            | Self::Failure => "failed".to_owned(),
            Self::Job(status) => <&'static str>::from(*status).to_owned(),
            Self::Restart(number) => format!("restart {number}"),
            Self::From(Some(checkpoint)) => format!("from {checkpoint}"),
            Self::From(None) => "anew".to_owned(),
            Self::Up => "up".to_owned(),
            Self::Crashed => "crash".to_owned(),
            Self::Paused => "pauses".to_owned(),
            Self::Resumed => "goes on".to_owned(),
            Self::Fault(what) => format!("fault: {what}"),
            Self::Healed(what) => format!("over: {what}"),
        }
    }
}
