//! The executions of a job's subtasks: where each is and in which state.
//!
//! Invariant: states change only as [`super::transitions::execution_may_become`] allows. Nothing
//! else here decides; what to do about a state is [`super::JobMaster`]'s.

use std::collections::{BTreeMap, BTreeSet};

use super::transitions::execution_may_become;
use crate::base::{AllocationId, AttemptId, JobId, Name, NodeId, SimTime, SubtaskId};
use crate::graph::{PhysicalPlan, VertexSubtask};
use crate::host::Port;
use crate::operator::AccumulatorValues;
use crate::task::SubtaskNames;
use crate::trace::ExecutionState;

/// One execution.
pub(super) struct Execution {
    /// Which attempt at which subtask.
    pub(super) attempt: AttemptId,
    /// The subtask's name, such as `parse#1`.
    pub(super) name: Name,
    /// Its state; changed only by [`Executions::enter`].
    pub(super) state: ExecutionState,
    /// Where it was sent, once it was; changed only by [`Executions::locate`].
    pub(super) location: Option<Location>,
    /// What its accumulators have come to, once it is over.
    pub(super) accumulators: AccumulatorValues,
    /// Whether it had finished by the checkpoint from which this attempt was restored.
    pub(super) finished_before: bool,
}

/// Where an execution is deployed.
#[derive(Clone, Copy)]
pub(super) struct Location {
    pub(super) node: NodeId,
    pub(super) allocation: AllocationId,
    pub(super) port: Port,
    /// When it was sent there.
    pub(super) since: SimTime,
}

impl Execution {
    /// Whether nothing more comes of it, so that checkpoints need not wait for it. One that had
    /// finished before a restart runs only to tell its consumers so, and has no state to hand in.
    pub(super) fn has_finished(&self) -> bool {
        match self.state {
            ExecutionState::Running => self.finished_before,
            state => state == ExecutionState::Finished,
        }
    }

    /// Whether it is deployed on `node` and not over.
    pub(super) fn is_alive_on(&self, node: NodeId) -> bool {
        !self.state.is_terminal() && self.location.is_some_and(|location| location.node == node)
    }
}

/// All executions of a job, in topological order.
pub(super) struct Executions {
    all: Vec<Execution>,
    /// Where each vertex's executions begin.
    first: Vec<usize>,
    /// How many are not over.
    open: usize,
    /// The places of those that were sent to a TaskExecutor, which is heard of more often than all
    /// of them may be looked at.
    by_node: BTreeMap<NodeId, BTreeSet<usize>>,
}

impl Executions {
    /// The first attempt at every subtask, all created.
    pub(super) fn new(job: JobId, plan: &PhysicalPlan, names: &SubtaskNames) -> Self {
        let (mut all, mut first) = (Vec::new(), Vec::new());
        for vertex in &plan.execution.job.vertices {
            first.push(all.len());
            for index in 0..vertex.parallelism {
                let index = u16::try_from(index).expect("parallelism is at most 2^15");
                let subtask = SubtaskId { job, vertex: vertex.id, index };
                all.push(Execution {
                    attempt: AttemptId { subtask, attempt: 0 },
                    name: names.of(vertex.id, u32::from(index)).clone(),
                    state: ExecutionState::Created,
                    location: None,
                    accumulators: AccumulatorValues::new(),
                    finished_before: false,
                });
            }
        }
        let open = all.len();
        Self { all, first, open, by_node: BTreeMap::new() }
    }

    /// The next attempt at every subtask; all of the last one must be over.
    pub(super) fn begin_attempt(&mut self) {
        assert!(self.are_over(), "an attempt begins when the last one is over");
        for execution in &mut self.all {
            execution.attempt.attempt += 1;
            execution.state = ExecutionState::Created;
            execution.location = None;
            execution.accumulators = AccumulatorValues::new();
        }
        self.open = self.all.len();
        self.by_node.clear();
    }

    /// Says where the execution at a place is sent; it was nowhere.
    pub(super) fn locate(&mut self, place: usize, location: Location) {
        let before = self.all[place].location.replace(location);
        assert!(before.is_none(), "an attempt is sent to one place");
        self.by_node.entry(location.node).or_default().insert(place);
    }

    /// The places of those that were sent to a TaskExecutor, in topological order.
    pub(super) fn sent_to(&self, node: NodeId) -> Vec<usize> {
        self.by_node.get(&node).into_iter().flatten().copied().collect()
    }

    /// Moves the execution at a place to another state and returns the one before.
    pub(super) fn enter(&mut self, place: usize, to: ExecutionState) -> ExecutionState {
        let execution = &mut self.all[place];
        let from = std::mem::replace(&mut execution.state, to);
        let name = &execution.name;
        assert!(execution_may_become(from, to), "{name} went from {from:?} to {to:?}");
        // No terminal state has a way out.
        self.open -= usize::from(to.is_terminal());
        from
    }

    /// Whether all of them are over.
    pub(super) fn are_over(&self) -> bool {
        self.open == 0
    }

    /// Whether all of them wait for slots.
    pub(super) fn are_scheduled(&self) -> bool {
        self.all.iter().all(|execution| execution.state == ExecutionState::Scheduled)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All, in topological order.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Execution> {
        self.all.iter()
    }

    /// The execution at a place of that order.
    pub(super) fn get(&self, place: usize) -> &Execution {
        &self.all[place]
    }

    /// The execution at a place of that order.
    pub(super) fn get_mut(&mut self, place: usize) -> &mut Execution {
        &mut self.all[place]
    }

    /// The place of a subtask.
    pub(super) fn place(&self, subtask: VertexSubtask) -> usize {
        self.first[usize::from(subtask.vertex.0)] + subtask.index as usize
    }

    /// The place of an attempt, if it is the current one at its subtask.
    pub(super) fn find(&self, attempt: AttemptId) -> Option<usize> {
        let SubtaskId { vertex, index, .. } = attempt.subtask;
        let place = self.first.get(usize::from(vertex.0))? + usize::from(index);
        (self.all.get(place)?.attempt == attempt).then_some(place)
    }
}
