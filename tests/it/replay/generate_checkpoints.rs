//! Checkpoints and restarts of runs that never were.

use proptest::prelude::*;
use weir::base::{CheckpointId, Name};
use weir::record::CheckpointKind;
use weir::trace::{CheckpointEvent, Event, RecoveryEvent, SplitPosition};

use super::JOB;
use super::generate::subtask;

/// Few, so that they meet.
fn checkpoint() -> impl Strategy<Value = CheckpointId> {
    (1u64..4).prop_map(CheckpointId)
}

fn kind() -> impl Strategy<Value = CheckpointKind> {
    prop::sample::select(vec![
        CheckpointKind::Aligned { timeout_ms: None },
        CheckpointKind::Unaligned,
        CheckpointKind::AtLeastOnce,
    ])
}

/// What happens on channels.
fn barrier_event() -> impl Strategy<Value = CheckpointEvent> {
    let numbers = (0u32..3, 0u64..6, 0u64..2);
    (subtask(), subtask(), 0u16..2, numbers, checkpoint(), 0..6).prop_map(
        |(from, to, edge, (attempt, seq, overtaken), checkpoint, what)| {
            let (job, records) = (JOB, seq);
            match what {
                0 | 1 => CheckpointEvent::BarrierSent {
                    job,
                    edge,
                    from,
                    to,
                    attempt,
                    checkpoint,
                    seq,
                    records,
                    overtaken,
                },
                2 | 3 => CheckpointEvent::BarrierReceived {
                    job,
                    edge,
                    from,
                    to,
                    attempt,
                    checkpoint,
                    seq,
                    records,
                    overtaken,
                },
                4 => CheckpointEvent::ChannelBlocked { job, edge, from, to, checkpoint },
                _ => CheckpointEvent::ChannelResumed { job, edge, from, to, checkpoint },
            }
        },
    )
}

fn positions(position: u64) -> Vec<SplitPosition> {
    vec![SplitPosition { operator: "a".into(), split: 0, position }]
}

/// What tasks do.
fn snapshot_event() -> impl Strategy<Value = CheckpointEvent> {
    (subtask(), 0u32..3, checkpoint(), kind(), 0u64..3, 0..11).prop_map(
        |(subtask, attempt, checkpoint, kind, number, what)| {
            let job = JOB;
            match what {
                0 => CheckpointEvent::SourcePaused { job, subtask, checkpoint },
                1 => {
                    let paused_us = number;
                    CheckpointEvent::SourceResumed { job, subtask, checkpoint, paused_us }
                }
                2 => CheckpointEvent::AlignmentStarted { job, subtask, attempt, checkpoint },
                3 => CheckpointEvent::AlignmentTimedOut { job, subtask, attempt, checkpoint },
                4 | 5 => CheckpointEvent::SnapshotTaken {
                    job,
                    subtask,
                    attempt,
                    checkpoint,
                    barriers: kind.word().into(),
                    inputs: Vec::new(),
                    outputs: Vec::new(),
                    positions: positions(number),
                    state: Vec::new(),
                    state_version: number,
                    watermark: None,
                    start_delay_us: number,
                    alignment_us: number,
                    sync_us: number,
                    bytes: u64::MAX - number,
                },
                6 => CheckpointEvent::ChannelStateCollected {
                    job,
                    subtask,
                    attempt,
                    checkpoint,
                    inputs: Vec::new(),
                    outputs: Vec::new(),
                    bytes: number,
                },
                7 => CheckpointEvent::SnapshotStored {
                    job,
                    subtask,
                    attempt,
                    checkpoint,
                    files: Vec::new(),
                    stored_bytes: number,
                    async_us: number,
                },
                8 => CheckpointEvent::SnapshotFailed {
                    job,
                    subtask,
                    attempt,
                    checkpoint,
                    reason: "disk".into(),
                },
                9 => CheckpointEvent::CompletionNotified { job, subtask, attempt, checkpoint },
                _ => CheckpointEvent::AbortionNotified { job, subtask, attempt, checkpoint },
            }
        },
    )
}

/// What the coordinator does, and what it hears.
fn coordinator_event() -> impl Strategy<Value = CheckpointEvent> {
    let tasks = prop::collection::vec(subtask(), 0..4);
    (subtask(), tasks, checkpoint(), kind(), 0u64..3, 0..11).prop_map(
        |(subtask, tasks, checkpoint, kind, number, what)| {
            let (job, attempt, reason) = (JOB, 0, Name::from("why"));
            match what {
                0 | 1 => CheckpointEvent::CheckpointTriggered {
                    job,
                    checkpoint,
                    barriers: kind.word().into(),
                    sources: Vec::new(),
                    tasks,
                    finished: Vec::new(),
                },
                2 => CheckpointEvent::CheckpointNotTriggered { job, reason },
                3 | 4 => CheckpointEvent::CheckpointAcknowledged {
                    job,
                    subtask,
                    attempt,
                    checkpoint,
                    files: Vec::new(),
                    bytes: u64::MAX - number,
                    stored_bytes: number,
                    in_flight_bytes: number,
                    start_delay_us: number,
                    alignment_us: number,
                    sync_us: number,
                    async_us: number,
                },
                5 => CheckpointEvent::AcknowledgementIgnored {
                    job,
                    subtask,
                    attempt,
                    checkpoint,
                    reason,
                },
                6 => CheckpointEvent::CheckpointDeclined {
                    job,
                    subtask,
                    attempt,
                    checkpoint,
                    reason,
                },
                7 => CheckpointEvent::MetadataStored { job, checkpoint, path: None },
                8 => CheckpointEvent::CheckpointCompleted {
                    job,
                    checkpoint,
                    duration_us: number,
                    bytes: number,
                    stored_bytes: number,
                },
                9 => CheckpointEvent::CheckpointAborted { job, checkpoint, reason },
                _ => CheckpointEvent::CheckpointDiscarded { job, checkpoint, files: Vec::new() },
            }
        },
    )
}

pub fn checkpoint_event() -> impl Strategy<Value = Event> {
    prop_oneof![barrier_event(), snapshot_event(), coordinator_event()].prop_map(Event::Checkpoint)
}

pub fn recovery_event() -> impl Strategy<Value = Event> {
    (subtask(), 0u32..3, checkpoint(), 0..5).prop_map(|(subtask, restart, checkpoint, what)| {
        let (job, cause) = (JOB, "cause".to_owned());
        Event::Recovery(match what {
            0 => RecoveryEvent::RestartScheduled { job, restart, delay_ms: 5, cause },
            1 => {
                let checkpoint = (restart > 0).then_some(checkpoint);
                RecoveryEvent::JobRestored { job, restart, checkpoint }
            }
            2 => RecoveryEvent::CheckpointUnusable { job, checkpoint, cause },
            3 => {
                let operator = "words".into();
                RecoveryEvent::RecordsMissed { job, subtask, attempt: restart, operator }
            }
            _ => RecoveryEvent::StateRestored {
                job,
                subtask,
                attempt: restart,
                checkpoint,
                files: Vec::new(),
                positions: positions(restart.into()),
                state: Vec::new(),
                state_version: 0,
                inputs: Vec::new(),
                outputs: Vec::new(),
            },
        })
    })
}
