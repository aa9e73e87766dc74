//! A task's place in the plan: its input channels and its result partitions.

use std::rc::Rc;

use super::TaskDescriptor;
use crate::graph::{JobVertex, VertexSubtask};
use crate::host::Host;
use crate::network::{InputChannel, PartitionSettings, ResultPartition};

/// What the task is an instance of.
pub(super) fn vertex(descriptor: &TaskDescriptor) -> &JobVertex {
    let vertex = descriptor.attempt.subtask.vertex;
    &descriptor.plan.execution.job.vertices[usize::from(vertex.0)]
}

/// The task's input channels, edge by edge.
///
/// # Panics
/// If the descriptor lacks a producer's address, which is the JobMaster's to give.
pub(super) fn input_channels(descriptor: &TaskDescriptor) -> Vec<InputChannel> {
    let execution = &descriptor.plan.execution;
    let me = descriptor.attempt.subtask;
    let mut inputs = Vec::new();
    for (place, edge) in execution.job.edges.iter().enumerate() {
        if edge.target != me.vertex {
            continue;
        }
        for channel in execution.channels_into(place, u32::from(me.index)) {
            let producer = VertexSubtask { vertex: edge.source, index: channel.producer };
            inputs.push(InputChannel {
                edge: place as u16,
                input: edge.input,
                producer: descriptor.names.of(edge.source, channel.producer).clone(),
                address: descriptor.producers[&producer],
                subpartition: channel.subpartition,
            });
        }
    }
    inputs
}

/// The task's result partitions, with the place of each one's edge in the stream graph.
pub(super) fn result_partitions(
    host: &Host,
    descriptor: &TaskDescriptor,
) -> Vec<Rc<ResultPartition>> {
    let execution = &descriptor.plan.execution;
    let me = descriptor.attempt.subtask;
    let mut partitions = Vec::new();
    for (place, edge) in execution.job.edges.iter().enumerate() {
        if edge.source != me.vertex {
            continue;
        }
        let target = &execution.job.vertices[usize::from(edge.target.0)];
        let channels = execution.channels_out_of(place, u32::from(me.index));
        let name = |index| descriptor.names.of(edge.target, index).clone();
        let consumers = channels.iter().map(|channel| name(channel.consumer));
        let settings = PartitionSettings {
            job: me.job,
            producer: descriptor.name.clone(),
            attempt: descriptor.attempt.attempt,
            port: descriptor.port,
            edge: place as u16,
            partitioning: edge.partitioning,
            max_parallelism: target.max_parallelism,
            consumers: consumers.collect(),
            queue_limit: descriptor.options.output_buffers,
            buffer_timeout: descriptor.options.buffer_timeout,
        };
        partitions.push(ResultPartition::new(host.clone(), settings));
    }
    partitions
}
