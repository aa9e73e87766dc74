//! What an input gate is made of, and what it gives.

use crate::base::{CheckpointId, JobId, Name};
use crate::host::{Address, Port};
use crate::record::{CheckpointBarrier, Element};

/// One channel, as it is known before anything arrives.
pub struct InputChannel {
    /// The edge of the job graph, by its place there.
    pub edge: u16,
    /// Which input of the head operator it feeds.
    pub input: u16,
    /// The producing subtask.
    pub producer: Name,
    /// Where the producer is.
    pub address: Address,
    /// The subpartition of the producer.
    pub subpartition: u32,
}

/// What an input gate gives its task.
pub struct Taken {
    /// The channel that it came on, by its place among all of the gate.
    pub channel: usize,
    /// Which input of the head operator it is for.
    pub input: u16,
    /// What it is.
    pub element: Element,
}

/// What overtakes the records of its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorityEvent {
    /// A barrier.
    Barrier(CheckpointBarrier),
    /// A barrier has arrived that has records in front of it.
    Announcement(CheckpointBarrier),
    /// A checkpoint is given up.
    CancelCheckpoint(CheckpointId),
}

/// Who reads.
pub struct Consumer {
    /// The job.
    pub job: JobId,
    /// The subtask's name.
    pub name: Name,
    /// Which attempt.
    pub attempt: u32,
    /// Its port.
    pub port: Port,
}
