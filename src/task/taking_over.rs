//! What a task takes over from a checkpoint beside the state of its operators: its channels.
//!
//! Previous: [`super::restoring`], which has fetched it. Next: the task's loop.

use super::checkpoints::{digests, file_digest, named, positions};
use super::guard::guarded;
use super::restoring::RestoredRest;
use super::stream_task::StreamTask;
use crate::base::CheckpointId;
use crate::checkpoint::{ChannelCounts, FileHandle, StateHandle, TaskSnapshot};
use crate::network;
use crate::operator::Channels;
use crate::record::{ChainEvent, Failure};
use crate::trace::{Event, RecoveryEvent, TaskEvent};

impl StreamTask {
    /// Takes over what a checkpoint holds beside the state of operators, and tells what all of it
    /// has come to.
    pub(super) fn take_over(
        &mut self,
        rest: RestoredRest,
        counts: &ChannelCounts,
    ) -> Result<(), Failure> {
        let RestoredRest { channels, files, backend_files, finished } = rest;
        let checkpoint = self.restored_checkpoint();
        if finished {
            return Ok(());
        }
        let code = self.descriptor.code.clone();
        let edges = &self.descriptor.plan.execution.job.edges;
        let edge = |edge: u16| &*code.edges[edges[usize::from(edge)].stream_edge];
        for index in 0..self.gate.channel_count() {
            let stored = channels.inputs.iter().find(|it| it.channel as usize == index);
            let elements = match stored {
                Some(stored) => guarded(|| network::restored(stored, edge(self.gate.edge(index))))?,
                None => Vec::new(),
            };
            let consumed = counts.inputs.get(index).copied().unwrap_or_default();
            self.gate.restore(index, consumed, elements);
        }
        let mut first = 0;
        for (place, partition) in self.partitions.iter().enumerate() {
            let count = Channels::count(partition);
            for index in 0..count {
                let stored =
                    channels.outputs.iter().find(|it| it.channel as usize == first + index);
                let given = counts.outputs.get(place).and_then(|it| it.get(index)).copied();
                let (given, elements) = match stored {
                    Some(stored) => {
                        let elements =
                            guarded(|| network::restored(stored, edge(Channels::edge(partition))))?;
                        (stored.from, elements)
                    }
                    None => (given.unwrap_or_default(), Vec::new()),
                };
                partition.restore(index, given, elements);
            }
            first += count;
        }
        let mut state = Vec::new();
        for ((operator, file), handle) in &backend_files {
            if let StateHandle::File(FileHandle { bytes, checksum, .. }) = handle {
                state.push(file_digest(operator, &file.name, *bytes, *checksum));
            }
        }
        self.checkpoints.begin_with(checkpoint, backend_files);
        self.shared.snapshots.begin_looking();
        guarded(|| self.head.on_event(ChainEvent::Snapshot(checkpoint)))?;
        let (operators, _) = self.shared.snapshots.take();
        state.splice(0..0, operators.iter().flat_map(digests));
        let (inputs, outputs) = (self.input_ranges(&channels), self.output_ranges(&channels));
        let found = TaskSnapshot { operators, ..TaskSnapshot::default() };
        self.host.trace.record(Event::Recovery(RecoveryEvent::StateRestored {
            job: self.job(),
            subtask: self.name(),
            attempt: self.attempt(),
            checkpoint,
            files,
            positions: positions(&found.operators),
            state,
            state_version: found.state_version(),
            inputs,
            outputs,
        }));
        Ok(())
    }

    /// Tells what the keyed states hold when the input has ended: the outcome of the job, as far as
    /// it is in its state.
    pub(super) fn tell_state_left(&mut self) -> Result<(), Failure> {
        if self.descriptor.checkpointing.is_none() || self.descriptor.had_finished() {
            return Ok(());
        }
        self.shared.snapshots.begin_looking();
        guarded(|| self.head.on_event(ChainEvent::Snapshot(CheckpointId(0))))?;
        let (operators, _) = self.shared.snapshots.take();
        let state = operators.iter().flat_map(|it| named(it, it.keyed_digests())).collect();
        let (job, subtask, attempt) = (self.job(), self.name(), self.attempt());
        self.host.trace.record(Event::Task(TaskEvent::StateLeft { job, subtask, attempt, state }));
        Ok(())
    }

    fn restored_checkpoint(&self) -> CheckpointId {
        self.descriptor.restore.as_ref().map_or(CheckpointId(0), |restore| restore.checkpoint)
    }
}
