//! Builds a task's operator chain, from its end to its head.

use std::cell::RefCell;
use std::rc::Rc;

use super::{TaskDescriptor, wiring};
use crate::graph::OutputTarget;
use crate::host::{Host, Services};
use crate::network::ResultPartition;
use crate::operator::{
    AccumulatorRegistry, Meter, OperatorContext, OperatorEvent, OperatorKind, OutsideWork,
    ProcessingTimeService, ScratchTraffic, Snapshots, SourceReader,
};
use crate::record::{AnyOutput, ChainEvent, Failure, Outputs};
use crate::time::PausableRelativeClock;
use crate::trace::Level;

/// What all operators of a chain share with their task.
pub(super) struct Shared {
    pub(super) accumulators: AccumulatorRegistry,
    pub(super) meter: Rc<Meter>,
    pub(super) timers: Rc<ProcessingTimeService>,
    pub(super) snapshots: Rc<Snapshots>,
    pub(super) outside: Rc<OutsideWork>,
    pub(super) services: Services,
    pub(super) scratch: Rc<ScratchTraffic>,
    pub(super) activity_clock: Rc<RefCell<PausableRelativeClock>>,
    pub(super) coordinator: Rc<dyn Fn(OperatorEvent)>,
}

/// The head of a chain.
pub(super) enum Head {
    /// It reads from outside.
    Source(Box<dyn SourceReader>),
    /// It takes what comes through the input gate.
    Operator(Box<dyn AnyOutput>),
    /// It had finished before a restart: it lets its input pass by, and ends.
    Finished,
}

impl Head {
    /// Sends an event down the chain.
    pub(super) fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        match self {
            Self::Source(source) => source.on_event(event),
            Self::Operator(operator) => operator.on_event(event),
            Self::Finished => Ok(()),
        }
    }
}

/// Builds the chain in front of the task's result partitions.
///
/// # Panics
/// If the plan and the code do not fit each other; both come from one program.
pub(super) fn build(
    host: &Host,
    descriptor: &TaskDescriptor,
    shared: &Shared,
    partitions: &[Rc<ResultPartition>],
) -> Result<Head, Failure> {
    let vertex = wiring::vertex(descriptor);
    let code = &descriptor.code;
    let mut built: Vec<Option<Box<dyn AnyOutput>>> = Vec::new();
    built.resize_with(vertex.chain.len(), || None);
    // Each operator stands before those it feeds, so the end of the chain comes first.
    for (place, operator) in vertex.chain.iter().enumerate().rev() {
        let operator_code = code.operator(operator.node);
        let context = OperatorContext {
            host: host.clone(),
            job: descriptor.attempt.subtask.job,
            subtask: descriptor.name.clone(),
            operator: operator.uid.as_str().into(),
            index: u32::from(descriptor.attempt.subtask.index),
            parallelism: vertex.parallelism,
            max_parallelism: vertex.max_parallelism,
            attempt: descriptor.attempt.attempt,
            accumulators: shared.accumulators.clone(),
            meter: shared.meter.clone(),
            rows: Rc::default(),
            record_cost: operator_code.record_cost.unwrap_or(descriptor.options.record_cost),
            batch_records: descriptor.options.buffer_records,
            identities: host.trace.level() >= Level::Records,
            watermark_interval: code.watermark_interval,
            state_backend: code.state_backend.unwrap_or(descriptor.options.state_backend),
            parts: descriptor.parts.clone(),
            timers: shared.timers.clone(),
            snapshots: shared.snapshots.clone(),
            outside_work: shared.outside.clone(),
            services: shared.services.clone(),
            checkpointed: descriptor.checkpointing.is_some(),
            scratch: shared.scratch.clone(),
            activity_clock: shared.activity_clock.clone(),
            coordinator: shared.coordinator.clone(),
        };
        let mut outputs = Outputs::default();
        for output in &operator.outputs {
            let reader = match output.target {
                OutputTarget::Chained(next) => {
                    built[next].take().expect("an operator of a chain has one operator before it")
                }
                OutputTarget::Edge(edge) => {
                    let partition = partitions
                        .iter()
                        .find(|partition| usize::from(partition.edge()) == edge)
                        .expect("every edge out of a vertex has a result partition");
                    code.edges[output.stream_edge].build(&context, Box::new(partition.clone()))
                }
            };
            match &output.side_output {
                None => outputs.main.push(reader),
                Some(tag) => outputs.sides.push((tag.as_str().into(), reader)),
            }
        }
        match &operator_code.kind {
            OperatorKind::Source(source) => {
                return Ok(Head::Source(source.build(&context, outputs)));
            }
            OperatorKind::Operator(factory) => {
                built[place] = Some(factory.build(&context, outputs)?);
            }
        }
    }
    Ok(Head::Operator(built.swap_remove(0).expect("a chain has a head")))
}
