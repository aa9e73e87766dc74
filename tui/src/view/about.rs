//! What an event is about: selecting it on the screen of the events selects that on the others.

use weir::base::{CheckpointId, JobId, Name};
use weir::trace::{
    CheckpointEvent, Event, ExchangeEvent, LogEvent, RecordEvent, RecoveryEvent, SinkEvent,
    TaskEvent, TransactionEvent,
};

use super::app::App;
use super::graph::Aspect;

/// What an event is about, as far as there is something to select.
#[derive(Clone, Copy, Debug, Default)]
struct About<'a> {
    job: Option<JobId>,
    subtask: Option<&'a Name>,
    checkpoint: Option<CheckpointId>,
    /// What of the subtask it is about, if that has a panel of its own.
    aspect: Option<Aspect>,
}

impl<'a> About<'a> {
    fn subtask(job: JobId, subtask: &'a Name) -> Self {
        Self { job: Some(job), subtask: Some(subtask), ..Self::default() }
    }

    fn of(event: &'a Event) -> Self {
        let event_time = Some(Aspect::EventTime);
        let state = Some(Aspect::State);
        match event {
            Event::Task(event) => of_task(event),
            Event::Exchange(event) => of_exchange(event),
            Event::Record(event) => match event {
                RecordEvent::RecordsEmitted { job, subtask, .. }
                | RecordEvent::RecordsSent { job, from: subtask, .. } => {
                    Self::subtask(*job, subtask)
                }
            },
            Event::Time(event) => {
                Self { aspect: event_time, ..Self::subtask(event.job(), event.subtask()) }
            }
            Event::Window(event) => {
                Self { aspect: event_time, ..Self::subtask(event.job(), event.subtask()) }
            }
            Event::Timer(event) => {
                Self { aspect: state, ..Self::subtask(event.job(), event.subtask()) }
            }
            Event::State(event) => {
                Self { aspect: state, ..Self::subtask(event.job(), event.subtask()) }
            }
            Event::Checkpoint(event) => of_checkpoint(event),
            Event::Recovery(event) => of_recovery(event),
            Event::Transaction(event) => of_transaction(event),
            Event::Sink(event) => of_sink(event),
            Event::Log(event) => of_log(event),
            Event::Node(_)
            | Event::Fault(_)
            | Event::Rpc(_)
            | Event::Resource(_)
            | Event::Job(_)
            | Event::Storage(_)
            | Event::Database(_) => Self::default(),
        }
    }
}

fn of_task(event: &TaskEvent) -> About<'_> {
    match event {
        TaskEvent::ExecutionStateChanged { job, subtask, .. }
        | TaskEvent::TaskStarted { job, subtask, .. }
        | TaskEvent::TaskEnded { job, subtask, .. }
        | TaskEvent::StateLeft { job, subtask, .. }
        | TaskEvent::BackPressured { job, subtask }
        | TaskEvent::BackPressureEased { job, subtask } => About::subtask(*job, subtask),
    }
}

/// Of the two ends of a channel it is the one at which something happens.
fn of_exchange(event: &ExchangeEvent) -> About<'_> {
    match event {
        ExchangeEvent::BufferSent { job, from: subtask, .. }
        | ExchangeEvent::CreditAdded { job, from: subtask, .. }
        | ExchangeEvent::WatermarkSent { job, from: subtask, .. }
        | ExchangeEvent::WatermarkStatusSent { job, from: subtask, .. }
        | ExchangeEvent::EndOfInputSent { job, from: subtask, .. }
        | ExchangeEvent::PartitionRequested { job, to: subtask, .. }
        | ExchangeEvent::BufferConsumed { job, to: subtask, .. }
        | ExchangeEvent::WatermarkReceived { job, to: subtask, .. }
        | ExchangeEvent::WatermarkStatusReceived { job, to: subtask, .. }
        | ExchangeEvent::EndOfInputReceived { job, to: subtask, .. } => {
            About::subtask(*job, subtask)
        }
    }
}

fn of_checkpoint(event: &CheckpointEvent) -> About<'_> {
    About {
        job: Some(event.job()),
        subtask: event.subtask(),
        checkpoint: event.checkpoint(),
        aspect: None,
    }
}

fn of_recovery(event: &RecoveryEvent) -> About<'_> {
    let about = About { job: Some(event.job()), ..About::default() };
    match event {
        RecoveryEvent::RestartScheduled { .. } => about,
        RecoveryEvent::JobRestored { checkpoint, .. } => About { checkpoint: *checkpoint, ..about },
        RecoveryEvent::CheckpointUnusable { checkpoint, .. } => {
            About { checkpoint: Some(*checkpoint), ..about }
        }
        RecoveryEvent::RecordsMissed { subtask, .. } => About { subtask: Some(subtask), ..about },
        RecoveryEvent::StateRestored { subtask, checkpoint, .. } => {
            About { subtask: Some(subtask), checkpoint: Some(*checkpoint), ..about }
        }
    }
}

fn of_transaction(event: &TransactionEvent) -> About<'_> {
    let about = About::subtask(event.job(), event.subtask());
    match event {
        TransactionEvent::TransactionPreCommitted { checkpoint, .. } => {
            About { checkpoint: Some(*checkpoint), ..about }
        }
        TransactionEvent::TransactionBegun { .. }
        | TransactionEvent::CommitRequested { .. }
        | TransactionEvent::RecommitRequested { .. }
        | TransactionEvent::TransactionCommitted { .. }
        | TransactionEvent::TransactionAborted { .. }
        | TransactionEvent::LingeringAborted { .. }
        | TransactionEvent::CommitFailed { .. } => about,
    }
}

/// Most of these do not say of which job the subtask is: then it is of the one that is shown.
fn of_sink(event: &SinkEvent) -> About<'_> {
    match event {
        SinkEvent::RowsCounted { job, subtask, checkpoint, .. } => {
            About { checkpoint: *checkpoint, ..About::subtask(*job, subtask) }
        }
        SinkEvent::WriterOpened { subtask, .. }
        | SinkEvent::WriteRefused { subtask, .. }
        | SinkEvent::RowsVisible { subtask, .. }
        | SinkEvent::RowsWritten { subtask, .. }
        | SinkEvent::LatencyMeasured { subtask, .. } => {
            About { subtask: Some(subtask), ..About::default() }
        }
        SinkEvent::SinkDeclared { .. } | SinkEvent::RowsExpected { .. } => About::default(),
    }
}

fn of_log(event: &LogEvent) -> About<'_> {
    match event {
        LogEvent::PartitionDiscovered { job, subtask, .. }
        | LogEvent::PositionReset { job, subtask, .. } => About::subtask(*job, subtask),
        LogEvent::LogRecovered { .. }
        | LogEvent::ProducerInitialized { .. }
        | LogEvent::ProducerFenced { .. }
        | LogEvent::RecordsAppended { .. }
        | LogEvent::AppendRefused { .. }
        | LogEvent::PartitionJoined { .. }
        | LogEvent::TransactionDecided { .. }
        | LogEvent::TransactionExpired { .. }
        | LogEvent::MarkerWritten { .. }
        | LogEvent::TransactionEnded { .. }
        | LogEvent::StableOffsetAdvanced { .. }
        | LogEvent::RecordsDeleted { .. }
        | LogEvent::PartitionsAdded { .. } => About::default(),
    }
}

/// Selects on the other screens what an event is about. What it says nothing of stays as it was.
pub(super) fn select(app: &mut App, event: usize) {
    let Some(recorded) = app.timeline.event(event) else { return };
    let About { job, subtask, checkpoint, aspect } = About::of(&recorded.event);
    if let Some(subtask) = subtask {
        app.graph.look_at(app.timeline.world(), (job, &**subtask), aspect);
        app.state.turn_to(subtask);
    }
    if let Some(checkpoint) = checkpoint {
        app.checkpoints.look_at(checkpoint);
        app.time.look_at(job, checkpoint);
    }
}
