//! Sentences about checkpoints, recovery and durable storage.

use super::escape::{brief, escape};
use super::sentence::{VALUE_CHARS, channel, count, execution, micros, of_job};
use crate::trace::{
    ChannelCut, ChannelRange, CheckpointEvent, RecoveryEvent, SplitPosition, StorageEvent,
};

pub(super) fn checkpoint(event: &CheckpointEvent) -> String {
    use CheckpointEvent as E;
    match event {
        E::CheckpointTriggered { job, checkpoint, barriers, sources, tasks, finished } => {
            let finished = match finished.len() {
                0 => String::new(),
                many => format!(", {many} finished"),
            };
            let job = of_job(*job);
            let (sources, tasks) = (count(sources.len() as u64, "source"), tasks.len());
            format!(
                "checkpoint {checkpoint}{job} begins, barriers {}: {sources}, {tasks} to \
                 acknowledge{finished}",
                escape(barriers)
            )
        }
        E::CheckpointNotTriggered { job, reason } => {
            format!("no checkpoint{} now: {}", of_job(*job), escape(reason))
        }
        E::SourcePaused { job, subtask, checkpoint } => {
            format!("{}  stands still for checkpoint {checkpoint}", execution(*job, subtask, 0))
        }
        E::SourceResumed { job, subtask, checkpoint, paused_us } => {
            let (which, paused) = (execution(*job, subtask, 0), micros(*paused_us));
            format!("{which}  goes on after {paused}, checkpoint {checkpoint}")
        }
        E::BarrierSent { job, edge, from, to, checkpoint, seq, records, overtaken, .. } => {
            let (which, overtakes) = (channel(*job, *edge, from, to), overtakes(*overtaken));
            format!(
                "{which}  sends barrier {checkpoint} as {seq}, behind {}{overtakes}",
                count(*records, "record")
            )
        }
        E::BarrierReceived { job, edge, from, to, checkpoint, seq, records, overtaken, .. } => {
            let (which, overtakes) = (channel(*job, *edge, from, to), overtakes(*overtaken));
            format!(
                "{which}  takes up barrier {checkpoint}, {seq}, behind {}{overtakes}",
                count(*records, "record")
            )
        }
        E::AlignmentStarted { job, subtask, attempt, checkpoint } => {
            let which = execution(*job, subtask, *attempt);
            format!("{which}  begins to align checkpoint {checkpoint}")
        }
        E::ChannelBlocked { job, edge, from, to, checkpoint } => {
            let which = channel(*job, *edge, from, to);
            format!("{which}  waits for the other barriers of checkpoint {checkpoint}")
        }
        E::ChannelResumed { job, edge, from, to, checkpoint } => {
            let which = channel(*job, *edge, from, to);
            format!("{which}  goes on after checkpoint {checkpoint}")
        }
        E::AlignmentTimedOut { job, subtask, attempt, checkpoint } => {
            let which = execution(*job, subtask, *attempt);
            format!("{which}  aligns no longer: barriers of checkpoint {checkpoint} overtake")
        }
        E::SnapshotTaken {
            job,
            subtask,
            attempt,
            checkpoint,
            inputs,
            outputs,
            positions,
            bytes,
            alignment_us,
            ..
        } => {
            let which = execution(*job, subtask, *attempt);
            let (consumed, given) = (records(inputs), records(outputs));
            let aligned = match alignment_us {
                0 => String::new(),
                span => format!(", aligned for {}", micros(*span)),
            };
            format!(
                "{which}  takes its snapshot of checkpoint {checkpoint}: {bytes} bytes{}, {consumed} \
                 in, {given} out{aligned}",
                read(positions)
            )
        }
        E::ChannelStateCollected { job, subtask, attempt, checkpoint, inputs, outputs, bytes } => {
            let which = execution(*job, subtask, *attempt);
            let (inputs, outputs) = (kept(inputs), kept(outputs));
            format!(
                "{which}  keeps {inputs} of its inputs and {outputs} of its outputs, {bytes} bytes, \
                 for checkpoint {checkpoint}"
            )
        }
        E::SnapshotStored { job, subtask, attempt, checkpoint, files, stored_bytes, async_us } => {
            let (which, files) = (execution(*job, subtask, *attempt), files.len());
            let span = micros(*async_us);
            format!(
                "{which}  has stored its snapshot of checkpoint {checkpoint}: {}, {stored_bytes} \
                 bytes written in {span}",
                count(files as u64, "file")
            )
        }
        E::SnapshotFailed { job, subtask, attempt, checkpoint, reason } => {
            let (which, reason) = (execution(*job, subtask, *attempt), escape(reason));
            format!("{which}  has no snapshot of checkpoint {checkpoint}: {reason}")
        }
        E::CheckpointAcknowledged { job, subtask, attempt, checkpoint, bytes, .. } => {
            let which = execution(*job, subtask, *attempt);
            format!("{which}  has acknowledged checkpoint {checkpoint}, {bytes} bytes")
        }
        E::AcknowledgementIgnored { job, subtask, attempt, checkpoint, reason } => {
            let (which, reason) = (execution(*job, subtask, *attempt), escape(reason));
            format!("{which}  acknowledges checkpoint {checkpoint} in vain: {reason}")
        }
        E::CheckpointDeclined { job, subtask, attempt, checkpoint, reason } => {
            let (which, reason) = (execution(*job, subtask, *attempt), escape(reason));
            format!("{which}  has declined checkpoint {checkpoint}: {reason}")
        }
        E::MetadataStored { job, checkpoint, path } => {
            let place = match path {
                Some(path) => format!("in {}", escape(path)),
                None => "in the memory of the JobManager".to_string(),
            };
            format!("metadata of checkpoint {checkpoint}{} is {place}", of_job(*job))
        }
        E::CheckpointCompleted { job, checkpoint, duration_us, bytes, stored_bytes } => {
            let (job, span) = (of_job(*job), micros(*duration_us));
            format!(
                "checkpoint {checkpoint}{job} is complete after {span}: {bytes} bytes, \
                 {stored_bytes} written"
            )
        }
        E::CheckpointAborted { job, checkpoint, reason } => {
            format!("checkpoint {checkpoint}{} is aborted: {}", of_job(*job), escape(reason))
        }
        E::CompletionNotified { job, subtask, attempt, checkpoint } => {
            let which = execution(*job, subtask, *attempt);
            format!("{which}  learns that checkpoint {checkpoint} is complete")
        }
        E::AbortionNotified { job, subtask, attempt, checkpoint } => {
            let which = execution(*job, subtask, *attempt);
            format!("{which}  learns that checkpoint {checkpoint} was aborted")
        }
        E::CheckpointDiscarded { job, checkpoint, files } => {
            let files = count(files.len() as u64, "file");
            format!("checkpoint {checkpoint}{} is discarded, {files} deleted", of_job(*job))
        }
    }
}

pub(super) fn recovery(event: &RecoveryEvent) -> String {
    match event {
        RecoveryEvent::RestartScheduled { job, restart, delay_ms, cause } => {
            let cause = escape(cause);
            format!("job {job}  restart {restart} in {delay_ms} ms: {cause}")
        }
        RecoveryEvent::JobRestored { job, restart, checkpoint: Some(checkpoint) } => {
            format!("job {job}  restart {restart} goes back to checkpoint {checkpoint}")
        }
        RecoveryEvent::JobRestored { job, restart, checkpoint: None } => {
            format!("job {job}  restart {restart} begins anew")
        }
        RecoveryEvent::RecordsMissed { job, subtask, attempt, operator } => {
            let which = execution(*job, subtask, *attempt);
            format!("{which}  cannot rewind {}: it goes on with what comes now", escape(operator))
        }
        RecoveryEvent::CheckpointUnusable { job, checkpoint, cause } => {
            format!("job {job}  checkpoint {checkpoint} cannot be restored: {}", escape(cause))
        }
        RecoveryEvent::StateRestored {
            job,
            subtask,
            attempt,
            checkpoint,
            files,
            positions,
            inputs,
            outputs,
            ..
        } => {
            let which = execution(*job, subtask, *attempt);
            let (files, read) = (count(files.len() as u64, "file"), read(positions));
            let again = match in_ranges(inputs.iter().chain(outputs)) {
                0 => String::new(),
                many => format!(", {} in flight", count(many, "record")),
            };
            format!("{which}  takes over checkpoint {checkpoint} from {files}{read}{again}")
        }
    }
}

pub(super) fn storage(event: &StorageEvent) -> String {
    match event {
        StorageEvent::FileStored { path, bytes, .. } => {
            format!("{} is stored, {bytes} bytes", escape(path))
        }
        StorageEvent::FileRead { path, bytes } => {
            format!("{} is read, {bytes} bytes", escape(path))
        }
        StorageEvent::FileDeleted { path } => format!("{} is deleted", escape(path)),
        StorageEvent::FileRenamed { from, to } => {
            format!("{} is now {}", escape(from), escape(to))
        }
        StorageEvent::FileRefused { path, cause } => {
            format!("{} is refused: {}", escape(path), brief(cause, VALUE_CHARS))
        }
    }
}

fn overtakes(overtaken: u64) -> String {
    if overtaken == 0 {
        return String::new();
    }
    format!(", of which it overtakes {overtaken}")
}

fn records(cuts: &[ChannelCut]) -> String {
    count(cuts.iter().fold(0u64, |sum, cut| sum.saturating_add(cut.records)), "record")
}

fn kept(ranges: &[ChannelRange]) -> String {
    count(in_ranges(ranges.iter()), "record")
}

/// A trace may be wrong, and its numbers too large or the wrong way round.
fn in_ranges<'a>(ranges: impl Iterator<Item = &'a ChannelRange>) -> u64 {
    ranges.fold(0u64, |sum, range| sum.saturating_add(range.to.saturating_sub(range.from)))
}

fn read(positions: &[SplitPosition]) -> String {
    if positions.is_empty() {
        return String::new();
    }
    let positions: Vec<_> = positions
        .iter()
        .map(|SplitPosition { split, position, .. }| format!("split {split} at {position}"))
        .collect();
    format!(", {}", positions.join(", "))
}
