//! One telling event of each kind of checkpoints, recovery, storage and fenced sinks.

use std::sync::Arc;

use weir::base::{CheckpointId, EventTime, JobId, Name};
use weir::trace::{
    ChannelCut, ChannelRange, CheckpointEvent, Event, RecoveryEvent, SinkEvent, SplitPosition,
    StateDigest, StorageEvent, StoredFile,
};

fn n(name: &str) -> Name {
    Arc::from(name)
}

/// One event of each kind of checkpoints, recovery and storage.
pub fn checkpoints() -> Vec<Event> {
    use CheckpointEvent as E;
    let (job, attempt, checkpoint, edge) = (JobId(1), 1, CheckpointId(3), 0);
    let (subtask, from, to) = (n("count#1"), n("parse#1"), n("count#1"));
    let (seq, records, overtaken, reason) = (17, 4_096, 12, n("Checkpoint was declined."));
    let barriers = n("aligned");
    let path = n("job-1/chk-3/count#1");
    let file = StoredFile { path: path.clone(), bytes: 2_187, checksum: n("0123456789abcdef") };
    let cut = |peer: &str| vec![ChannelCut { edge, peer: n(peer), records }];
    let range =
        |peer: &str| vec![ChannelRange { edge, peer: n(peer), from: records, to: records + 12 }];
    let positions = vec![SplitPosition { operator: n("words"), split: 0, position: 4_096 }];
    let state = vec![StateDigest {
        operator: n("count"),
        state: n("_op_state"),
        entries: 100,
        digest: n("fedcba9876543210"),
    }];
    let (start_delay_us, alignment_us, sync_us, async_us) = (1_200, 3_400, 22, 6_126);
    let (bytes, stored_bytes, in_flight_bytes) = (2_187, 1_024, 96);
    macro_rules! of {
        ($kind:ident { $($field:tt)* }) => { Event::Checkpoint(E::$kind { job, $($field)* }) };
    }
    macro_rules! at {
        ($kind:ident { $($field:tt)* }) => {
            of!($kind { subtask: subtask.clone(), attempt, checkpoint, $($field)* })
        };
    }
    macro_rules! on {
        ($kind:ident { $($field:tt)* }) => {
            of!($kind { edge, from: from.clone(), to: to.clone(), checkpoint, $($field)* })
        };
    }
    let tasks = vec![n("parse#1"), subtask.clone()];
    let mut events = vec![
        of!(CheckpointTriggered {
            checkpoint,
            barriers: barriers.clone(),
            sources: vec![n("parse#1")],
            tasks: tasks.clone(),
            finished: vec![n("parse#2")]
        }),
        of!(CheckpointNotTriggered { reason: n("Not all required tasks are currently running.") }),
        of!(SourcePaused { subtask: from.clone(), checkpoint }),
        of!(SourceResumed { subtask: from.clone(), checkpoint, paused_us: 21_280 }),
        on!(BarrierSent { attempt, seq, records, overtaken }),
        on!(BarrierReceived { attempt, seq, records, overtaken: 0 }),
        at!(AlignmentStarted {}),
        on!(ChannelBlocked {}),
        on!(ChannelResumed {}),
        at!(AlignmentTimedOut {}),
        at!(SnapshotTaken {
            barriers,
            inputs: cut("parse#1"),
            outputs: Vec::new(),
            positions: positions.clone(),
            state: state.clone(),
            state_version: 4_096,
            watermark: Some(EventTime(1_000)),
            start_delay_us,
            alignment_us,
            sync_us,
            bytes
        }),
        at!(ChannelStateCollected { inputs: range("parse#1"), outputs: Vec::new(), bytes }),
        at!(SnapshotStored { files: vec![file.clone()], stored_bytes, async_us }),
        at!(SnapshotFailed { reason: reason.clone() }),
        at!(CheckpointAcknowledged {
            files: vec![file.clone()],
            bytes,
            stored_bytes,
            in_flight_bytes,
            start_delay_us,
            alignment_us,
            sync_us,
            async_us
        }),
        at!(AcknowledgementIgnored { reason: n("the checkpoint is over") }),
        at!(CheckpointDeclined { reason: reason.clone() }),
        of!(MetadataStored { checkpoint, path: Some(n("job-1/chk-3/_metadata")) }),
        of!(CheckpointCompleted { checkpoint, duration_us: 21_280, bytes, stored_bytes }),
        of!(CheckpointAborted { checkpoint, reason }),
        at!(CompletionNotified {}),
        at!(AbortionNotified {}),
        of!(CheckpointDiscarded { checkpoint, files: vec![path.clone()] }),
    ];
    events.extend(
        [
            RecoveryEvent::RestartScheduled {
                job,
                restart: 2,
                delay_ms: 200,
                cause: "taskmanager-2 was lost".into(),
            },
            RecoveryEvent::JobRestored { job, restart: 2, checkpoint: Some(checkpoint) },
            RecoveryEvent::RecordsMissed {
                job,
                subtask: n("parse#1"),
                attempt: 1,
                operator: n("words"),
            },
            RecoveryEvent::CheckpointUnusable {
                job,
                checkpoint,
                cause: "job-1/chk-3/count#1 is damaged".into(),
            },
            RecoveryEvent::StateRestored {
                job,
                subtask,
                attempt,
                checkpoint,
                files: vec![file],
                positions,
                state,
                state_version: 4_096,
                inputs: range("parse#1"),
                outputs: Vec::new(),
            },
        ]
        .map(Event::Recovery),
    );
    let cause = "input/output error".to_string();
    events.extend(
        [
            StorageEvent::FileStored { path: path.clone(), bytes, checksum: n("0123456789abcdef") },
            StorageEvent::FileRead { path: path.clone(), bytes },
            StorageEvent::FileDeleted { path: path.clone() },
            StorageEvent::FileRenamed { from: path.clone(), to: n("files/out/out-0-1-3.0") },
            StorageEvent::FileRefused { path, cause },
        ]
        .map(Event::Storage),
    );
    let (sink, subtask) = (n("counts"), n("sink#1"));
    events.extend(
        [
            SinkEvent::WriterOpened { sink: sink.clone(), subtask: subtask.clone(), attempt },
            SinkEvent::WriteRefused { sink, subtask, attempt: 0, rows: 2 },
        ]
        .map(Event::Sink),
    );
    events
}
