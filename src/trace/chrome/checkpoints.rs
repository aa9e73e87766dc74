//! Checkpoints as spans: each from its beginning to its end, and at the tasks how long barriers
//! were waited for and how long the snapshot took to store.
//!
//! Spans on one track are nested, and those of checkpoints that go on at the same time would cross.
//! So a track has lanes, and a span takes the first that is free.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::out::Out;
use super::task_track;
use crate::base::{CheckpointId, JobId, NodeId};
use crate::trace::{CheckpointEvent, Recorded, RecoveryEvent};

/// What the coordinator does.
const ALL: &str = "checkpoints";

/// The track of an event: that of the task that does it, or of the coordinator.
pub(super) fn track_of(event: &CheckpointEvent) -> String {
    let is_heard = matches!(
        event,
        CheckpointEvent::CheckpointAcknowledged { .. }
            | CheckpointEvent::AcknowledgementIgnored { .. }
            | CheckpointEvent::CheckpointDeclined { .. }
    );
    match event.subtask().filter(|_| !is_heard) {
        Some(subtask) => task_track(event.job(), subtask),
        None => ALL.to_owned(),
    }
}

/// The track of an event about restarts.
pub(super) fn track_of_recovery(event: &RecoveryEvent) -> String {
    match event {
        RecoveryEvent::StateRestored { job, subtask, .. }
        | RecoveryEvent::RecordsMissed { job, subtask, .. } => task_track(*job, subtask),
        RecoveryEvent::RestartScheduled { .. }
        | RecoveryEvent::JobRestored { .. }
        | RecoveryEvent::CheckpointUnusable { .. } => ALL.to_owned(),
    }
}

/// What is open in a lane.
type Open = (JobId, CheckpointId);

/// The lanes of all tracks, each with what is open in it.
#[derive(Default)]
pub(super) struct CheckpointSpans(BTreeMap<(NodeId, String), Vec<Option<Open>>>);

impl CheckpointSpans {
    /// Opens and closes what begins and ends with an event.
    pub fn event<W: Write>(
        &mut self,
        out: &mut Out<W>,
        recorded: &Recorded,
        event: &CheckpointEvent,
    ) -> io::Result<()> {
        use CheckpointEvent as E;
        let Some(checkpoint) = event.checkpoint() else { return Ok(()) };
        let of = (event.job(), checkpoint);
        let task = event.subtask().map(|subtask| task_track(event.job(), subtask));
        let track = match task {
            None => ALL.to_owned(),
            Some(task) => format!("snapshots of {task}"),
        };
        let mut spans = Spans { lanes: self, out, recorded, track };
        match event {
            E::CheckpointTriggered { barriers: kind, .. } => {
                let name = format!("checkpoint {checkpoint}");
                spans.open(of, &name, &json!({ "kind": kind.to_string() }))
            }
            E::CheckpointCompleted { .. } | E::CheckpointAborted { .. } => spans.close(of),
            E::AlignmentStarted { .. } => {
                spans.open(of, &format!("aligning {checkpoint}"), &json!({}))
            }
            E::SnapshotTaken { bytes, .. } => {
                let name = format!("storing {checkpoint}");
                spans.open(of, &name, &json!({ "bytes": bytes }))
            }
            E::SnapshotStored { .. } | E::SnapshotFailed { .. } | E::AbortionNotified { .. } => {
                spans.close(of)
            }
            E::CheckpointNotTriggered { .. }
            | E::SourcePaused { .. }
            | E::SourceResumed { .. }
            | E::BarrierSent { .. }
            | E::BarrierReceived { .. }
            | E::ChannelBlocked { .. }
            | E::ChannelResumed { .. }
            | E::AlignmentTimedOut { .. }
            | E::ChannelStateCollected { .. }
            | E::CheckpointAcknowledged { .. }
            | E::AcknowledgementIgnored { .. }
            | E::CheckpointDeclined { .. }
            | E::MetadataStored { .. }
            | E::CompletionNotified { .. }
            | E::CheckpointDiscarded { .. } => Ok(()),
        }
    }

    /// Nothing is open any more on a node.
    pub fn on_kill(&mut self, node: NodeId) {
        self.0.retain(|(of, _), _| *of != node);
    }

    /// Nothing is open any more at a task.
    pub fn on_end<W: Write>(
        &mut self,
        out: &mut Out<W>,
        recorded: &Recorded,
        task: &str,
    ) -> io::Result<()> {
        let track = format!("snapshots of {task}");
        let lanes = self.0.get(&(recorded.node, track.clone()));
        let open: Vec<Open> = lanes.into_iter().flatten().copied().flatten().collect();
        let mut spans = Spans { lanes: self, out, recorded, track };
        open.into_iter().try_for_each(|of| spans.close(of))
    }
}

/// The lanes of one track.
struct Spans<'a, W> {
    lanes: &'a mut CheckpointSpans,
    out: &'a mut Out<W>,
    recorded: &'a Recorded,
    track: String,
}

impl<W: Write> Spans<'_, W> {
    fn lane(&self, number: usize) -> String {
        if number == 0 { self.track.clone() } else { format!("{} ({})", self.track, number + 1) }
    }

    /// What was open of the same checkpoint ends where the next begins.
    fn open(&mut self, of: Open, name: &str, args: &Value) -> io::Result<()> {
        self.close(of)?;
        let lanes = self.lanes.0.entry((self.recorded.node, self.track.clone())).or_default();
        let free = lanes.iter().position(Option::is_none).unwrap_or(lanes.len());
        lanes.resize(lanes.len().max(free + 1), None);
        lanes[free] = Some(of);
        let track = self.out.track(self.recorded, &self.lane(free))?;
        self.out.open(track, self.recorded.at, name, "checkpoint", args)
    }

    fn close(&mut self, of: Open) -> io::Result<()> {
        let lanes = self.lanes.0.get_mut(&(self.recorded.node, self.track.clone()));
        let mut lanes = lanes.into_iter().flatten().enumerate();
        let Some((number, lane)) = lanes.find(|(_, lane)| **lane == Some(of)) else {
            return Ok(());
        };
        *lane = None;
        let track = self.out.track(self.recorded, &self.lane(number))?;
        self.out.close(track, self.recorded.at)
    }
}
