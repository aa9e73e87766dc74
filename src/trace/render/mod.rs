//! An event as one line of a log, in fixed columns.
//!
//! Columns are step, time, node, area and a sentence. [`parts`] gives them one by one, with a
//! [`Tone`], for whoever colours them; the line alone says everything without colour.

mod checkpoint;
mod database;
mod escape;
mod event_time;
mod log;
mod moment;
mod sentence;
mod state;

pub use escape::escape;
pub use moment::{moment, moment_within};

use super::{
    CheckpointEvent, DatabaseEvent, Event, ExchangeEvent, FaultEvent, JobEvent, LateOutcome,
    LogEvent, NodeEvent, Recorded, RecoveryEvent, ResourceEvent, RpcEvent, SinkEvent, StateEvent,
    StorageEvent, TaskEvent, TimeEvent, TimerEvent, TransactionEvent, WindowEvent,
};
use super::{ExecutionState, Header, JobStatus};

/// How wide the column of steps is, at least.
const STEP_WIDTH: usize = 8;
/// How wide the column of times is, at least.
const TIME_WIDTH: usize = 12;
/// How wide the column of nodes is at most; a longer name moves the rest of its line.
const NODE_WIDTH: usize = 16;
/// How wide the column of areas is.
const AREA_WIDTH: usize = 10;

/// What kind of news an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Routine, such as a heartbeat.
    Quiet,
    /// Something is done.
    Good,
    /// Something waits.
    Waiting,
    /// Something went wrong.
    Bad,
    /// It was done on purpose, from outside.
    Fault,
    /// The scenario speaks.
    Note,
}

/// The columns of a line, unpadded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineParts {
    /// The step, with the place below it for a record event: `17` or `17.3`.
    pub step: String,
    /// The simulated time.
    pub time: String,
    /// The node's name.
    pub node: String,
    /// The area.
    pub area: &'static str,
    /// What happened, in words.
    pub text: String,
    /// What kind of news that is.
    pub tone: Tone,
}

/// The columns of the line of an event.
pub fn parts(recorded: &Recorded, header: &Header) -> LineParts {
    let step = match recorded.sub {
        0 => recorded.step.to_string(),
        sub => format!("{}.{sub}", recorded.step),
    };
    LineParts {
        step,
        time: recorded.at.to_string(),
        node: escape(&header.node_name(recorded.node)).into_owned(),
        area: recorded.event.area(),
        text: sentence::sentence(&recorded.event),
        tone: tone(&recorded.event),
    }
}

/// The line of an event.
pub fn render_line(recorded: &Recorded, header: &Header) -> String {
    let LineParts { step, time, node, area, text, tone: _ } = parts(recorded, header);
    let nodes = node_width(header);
    format!("{step:>STEP_WIDTH$}  {time:>TIME_WIDTH$}  {node:<nodes$}  {area:<AREA_WIDTH$}  {text}")
}

/// What the columns of [`render_line`] are, in the same columns, and what the signs mean.
pub fn legend(header: &Header) -> String {
    let nodes = node_width(header);
    format!(
        "{:>STEP_WIDTH$}  {:>TIME_WIDTH$}  {:<nodes$}  {:<AREA_WIDTH$}  what happened\n\
         {:>STEP_WIDTH$}  number of the control event; 17.3 is the 3rd record event after step 17\n\
         {:>STEP_WIDTH$}  simulated time since the start of the run\n\
         {:>STEP_WIDTH$}  parse#1 is the first subtask of operator `parse`; /e0 is edge 0 of the \
         job graph;\n\
         {:>STEP_WIDTH$}  (job 2) and (attempt 1) are shown where they are not the first\n",
        "step", "time", "node", "area", "step", "time", "names", ""
    )
}

fn node_width(header: &Header) -> usize {
    let widths = header.nodes.iter().map(|name| escape(name).chars().count());
    widths.max().unwrap_or_default().clamp(4, NODE_WIDTH)
}

fn tone(event: &Event) -> Tone {
    match event {
        Event::Node(event) => match event {
            NodeEvent::NodeStarted { .. }
            | NodeEvent::NodeResumed
            | NodeEvent::LinkHealed { .. } => Tone::Good,
            NodeEvent::NodePaused => Tone::Waiting,
            NodeEvent::NodeKilled { .. }
            | NodeEvent::ClockChanged { .. }
            | NodeEvent::LinkCut { .. }
            | NodeEvent::BytesLost { .. } => Tone::Bad,
        },
        Event::Fault(event) => match event {
            FaultEvent::FaultInjected { .. } | FaultEvent::FaultHealed { .. } => Tone::Fault,
            FaultEvent::NoteShown { .. } => Tone::Note,
        },
        Event::Rpc(event) => match event {
            RpcEvent::RpcSent { .. } | RpcEvent::RpcReceived { .. } => Tone::Plain,
            RpcEvent::HeartbeatSent { .. } | RpcEvent::HeartbeatReceived { .. } => Tone::Quiet,
            RpcEvent::ConnectionReset { .. } | RpcEvent::HeartbeatTimedOut { .. } => Tone::Bad,
        },
        Event::Resource(event) => match event {
            ResourceEvent::TaskExecutorRegistered { .. }
            | ResourceEvent::ResourcesDeclared { .. }
            | ResourceEvent::SlotAllocated { .. }
            | ResourceEvent::SlotAccepted { .. }
            | ResourceEvent::SlotFreed { .. } => Tone::Plain,
            ResourceEvent::NotEnoughResources { .. } => Tone::Waiting,
            ResourceEvent::TaskExecutorLost { .. } => Tone::Bad,
        },
        Event::Job(event) => match event {
            JobEvent::JobSubmitted { .. } | JobEvent::AccumulatorsMerged { .. } => Tone::Plain,
            JobEvent::JobStatusChanged { to, .. } => job_tone(*to),
        },
        Event::Task(event) => match event {
            TaskEvent::ExecutionStateChanged { to: state, .. }
            | TaskEvent::TaskEnded { state, .. } => execution_tone(*state),
            TaskEvent::TaskStarted { .. }
            | TaskEvent::StateLeft { .. }
            | TaskEvent::BackPressureEased { .. } => Tone::Plain,
            TaskEvent::BackPressured { .. } => Tone::Waiting,
        },
        Event::Exchange(event) => match event {
            ExchangeEvent::PartitionRequested { .. }
            | ExchangeEvent::BufferSent { .. }
            | ExchangeEvent::BufferConsumed { .. }
            | ExchangeEvent::WatermarkSent { .. }
            | ExchangeEvent::WatermarkReceived { .. }
            | ExchangeEvent::WatermarkStatusSent { .. }
            | ExchangeEvent::WatermarkStatusReceived { .. }
            | ExchangeEvent::EndOfInputSent { .. }
            | ExchangeEvent::EndOfInputReceived { .. } => Tone::Plain,
            ExchangeEvent::CreditAdded { .. } => Tone::Quiet,
        },
        Event::Time(event) => match event {
            TimeEvent::WatermarkAdvanced { .. }
            | TimeEvent::WatermarkStatusChanged { .. }
            | TimeEvent::WatermarkEmitted { .. }
            | TimeEvent::WatermarkStatusEmitted { .. }
            | TimeEvent::AlignmentAnnounced { .. }
            | TimeEvent::SplitResumed { .. } => Tone::Plain,
            TimeEvent::SplitPaused { .. } => Tone::Waiting,
            TimeEvent::RecordsLate { outcome, .. } => late_tone(*outcome),
        },
        Event::Window(event) => match event {
            WindowEvent::WindowCreated { .. }
            | WindowEvent::WindowMerged { .. }
            | WindowEvent::WindowPurged { .. } => Tone::Plain,
            WindowEvent::WindowFired { .. } => Tone::Good,
            WindowEvent::WindowCleaned { .. } => Tone::Quiet,
            WindowEvent::RecordLate { outcome, .. } => late_tone(*outcome),
        },
        Event::Timer(event) => match event {
            TimerEvent::TimerRegistered { .. } | TimerEvent::TimerDeleted { .. } => Tone::Plain,
            TimerEvent::TimerFired { .. } => Tone::Good,
        },
        Event::State(event) => match event {
            StateEvent::StateRead { .. } => Tone::Quiet,
            StateEvent::StateBackendOpened { .. } | StateEvent::StateWritten { .. } => Tone::Plain,
        },
        Event::Checkpoint(event) => checkpoint_tone(event),
        Event::Recovery(event) => match event {
            RecoveryEvent::RestartScheduled { .. } => Tone::Waiting,
            RecoveryEvent::JobRestored { .. } | RecoveryEvent::StateRestored { .. } => Tone::Good,
            RecoveryEvent::RecordsMissed { .. } | RecoveryEvent::CheckpointUnusable { .. } => {
                Tone::Bad
            }
        },
        Event::Storage(event) => match event {
            StorageEvent::FileStored { .. }
            | StorageEvent::FileRead { .. }
            | StorageEvent::FileDeleted { .. } => Tone::Plain,
            StorageEvent::FileRenamed { .. } => Tone::Good,
            StorageEvent::FileRefused { .. } => Tone::Bad,
        },
        Event::Log(event) => log::log_tone(event),
        Event::Database(event) => database::database_tone(event),
        Event::Transaction(event) => log::transaction_tone(event),
        Event::Sink(SinkEvent::WriteRefused { .. }) => Tone::Bad,
        Event::Record(_) | Event::Sink(_) => Tone::Plain,
    }
}

fn checkpoint_tone(event: &CheckpointEvent) -> Tone {
    use CheckpointEvent as E;
    match event {
        E::CheckpointTriggered { .. }
        | E::SourceResumed { .. }
        | E::BarrierSent { .. }
        | E::BarrierReceived { .. }
        | E::AlignmentStarted { .. }
        | E::ChannelResumed { .. }
        | E::SnapshotTaken { .. }
        | E::ChannelStateCollected { .. }
        | E::SnapshotStored { .. }
        | E::CheckpointAcknowledged { .. }
        | E::MetadataStored { .. }
        | E::CheckpointDiscarded { .. } => Tone::Plain,
        E::SourcePaused { .. } | E::ChannelBlocked { .. } | E::AlignmentTimedOut { .. } => {
            Tone::Waiting
        }
        E::CheckpointCompleted { .. } | E::CompletionNotified { .. } => Tone::Good,
        E::CheckpointNotTriggered { .. }
        | E::SnapshotFailed { .. }
        | E::AcknowledgementIgnored { .. }
        | E::CheckpointDeclined { .. }
        | E::CheckpointAborted { .. }
        | E::AbortionNotified { .. } => Tone::Bad,
    }
}

fn late_tone(outcome: LateOutcome) -> Tone {
    match outcome {
        LateOutcome::Dropped => Tone::Bad,
        LateOutcome::SideOutput => Tone::Waiting,
    }
}

fn job_tone(status: JobStatus) -> Tone {
    match status {
        JobStatus::Initializing | JobStatus::Created => Tone::Plain,
        JobStatus::Running | JobStatus::Finished => Tone::Good,
        JobStatus::Cancelling | JobStatus::Canceled | JobStatus::Restarting => Tone::Waiting,
        JobStatus::Failing | JobStatus::Failed => Tone::Bad,
    }
}

fn execution_tone(state: ExecutionState) -> Tone {
    match state {
        ExecutionState::Created
        | ExecutionState::Scheduled
        | ExecutionState::Deploying
        | ExecutionState::Initializing => Tone::Plain,
        ExecutionState::Running | ExecutionState::Finished => Tone::Good,
        ExecutionState::Canceling | ExecutionState::Canceled => Tone::Waiting,
        ExecutionState::Failed => Tone::Bad,
    }
}
