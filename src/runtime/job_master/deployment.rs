//! From a full slot pool to task descriptors: a pure function of plan and slots.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::executions::{Executions, Location};
use crate::base::{AllocationId, JobId, SimTime, SlotId, SubtaskId, VertexId};
use crate::graph::{PhysicalPlan, VertexSubtask};
use crate::host::Address;
use crate::runtime::rpc::JobPayload;
use crate::runtime::{RuntimeOptions, ports};
use crate::task::{SubtaskNames, TaskDescriptor, TaskRestore};

/// Gives every execution its place: the plan's slots are filled in the order in which the slots
/// were granted. So many executions were deployed before.
pub(super) fn place(
    executions: &mut Executions,
    job: JobId,
    plan: &PhysicalPlan,
    slots: impl Iterator<Item = (AllocationId, SlotId)>,
    (now, deployed): (SimTime, u32),
) {
    for (shared, (allocation, slot)) in plan.slots.iter().zip(slots) {
        for &subtask in &shared.subtasks {
            let place = executions.place(subtask);
            let number = u32::try_from(place).expect("a job has fewer than 2^18 subtasks");
            let port = ports::task(job, deployed.wrapping_add(number));
            let location = Location { node: slot.node, allocation, port, since: now };
            executions.locate(place, location);
        }
    }
}

/// The descriptors of all executions, in topological order. All must have their place.
pub(super) fn descriptors(
    executions: &Executions,
    (payload, names): (&JobPayload, &Arc<SubtaskNames>),
    options: &RuntimeOptions,
    restore: impl Fn(SubtaskId) -> Option<TaskRestore>,
) -> Vec<TaskDescriptor> {
    let mut producers = producers(executions, &payload.plan);
    let descriptors = executions.iter().zip(producers.iter_mut()).map(|(execution, producers)| {
        let location = execution.location.expect("every subtask of the plan is in a slot of it");
        TaskDescriptor {
            attempt: execution.attempt,
            name: execution.name.clone(),
            port: location.port,
            plan: Arc::clone(&payload.plan),
            code: Arc::clone(&payload.code),
            names: Arc::clone(names),
            producers: std::mem::take(producers),
            options: Arc::clone(&options.task),
            parts: Arc::clone(&options.event_time),
            checkpointing: options.checkpointing.clone(),
            snapshot_parts: Arc::clone(&options.snapshot),
            restore: restore(execution.attempt.subtask).map(Arc::new),
        }
    });
    descriptors.collect()
}

/// Where the producers of each execution's inputs are, by the execution's place.
fn producers(
    executions: &Executions,
    plan: &PhysicalPlan,
) -> Vec<BTreeMap<VertexSubtask, Address>> {
    let mut producers = vec![BTreeMap::new(); executions.len()];
    let subtask = |vertex: VertexId, index: u32| VertexSubtask { vertex, index };
    for channel in &plan.execution.channels {
        let edge = &plan.execution.job.edges[channel.edge];
        let producer = subtask(edge.source, channel.producer);
        let location = executions.get(executions.place(producer)).location;
        let location = location.expect("every subtask of the plan is in a slot of it");
        let address = Address { node: location.node, port: location.port };
        let consumer = executions.place(subtask(edge.target, channel.consumer));
        producers[consumer].insert(producer, address);
    }
    producers
}
