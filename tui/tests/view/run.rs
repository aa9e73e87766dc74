//! A plausible run of a word count: three vertices on two TaskManagers.

use weir::base::{AllocationId, Incarnation, JobId, Name, NodeId, SimTime, Step, VertexId};
use weir::graph::{
    ChainedOperator, DistributionPattern, ExecutionEdge, ExecutionGraph, JobEdge, JobGraph,
    JobVertex, PhysicalPlan, SharedSlot, StreamNodeId, VertexSubtask,
};
use weir::record::{Partitioning, Row, RowKind};
use weir::trace::{
    Event, ExchangeEvent, ExecutionState, FaultEvent, JobEvent, JobStatus, NodeEvent, RecordEvent,
    Recorded, ResourceEvent, RpcEvent, SinkEvent, TaskEvent,
};

const JOB: JobId = JobId(1);
const CLIENT: u16 = 0;
const JOBMANAGER: u16 = 1;
const TASKMANAGERS: [u16; 2] = [2, 3];

/// Numbers and times events.
#[derive(Default)]
pub struct Builder {
    events: Vec<Recorded>,
    step: u64,
    sub: u32,
    at: u64,
}

impl Builder {
    fn push(&mut self, node: u16, event: impl Into<Event>) {
        let event = event.into();
        if event.level() == weir::trace::Level::Records {
            self.sub += 1;
        } else {
            self.step += 1;
            self.sub = 0;
        }
        self.at += 250_000;
        self.events.push(Recorded {
            step: Step(self.step),
            sub: self.sub,
            at: SimTime(self.at),
            node: NodeId(node),
            incarnation: Incarnation(1),
            event,
        });
    }

    fn task_state(&mut self, task: &Task, from: ExecutionState, to: ExecutionState) {
        let taskmanager =
            (to > ExecutionState::Scheduled).then(|| nodes()[usize::from(task.node)].clone());
        let event = TaskEvent::ExecutionStateChanged {
            job: JOB,
            subtask: task.name.into(),
            attempt: 0,
            from,
            to,
            taskmanager,
            cause: None,
        };
        self.push(JOBMANAGER, Event::Task(event));
    }

    fn send(&mut self, channel: Channel, seq: u64, records: u32, backlog: u32, credit: u32) {
        let Channel { edge, from, to } = channel;
        let values = (0..records).map(|i| format!("word-{i}")).collect();
        let (from, to): (Name, Name) = (from.name.into(), to.name.into());
        let node = channel.from.node;
        self.push(
            node,
            Event::Record(RecordEvent::RecordsSent {
                job: JOB,
                edge,
                from: from.clone(),
                to: to.clone(),
                seq,
                ids: Vec::new(),
                values,
            }),
        );
        self.push(
            node,
            Event::Exchange(ExchangeEvent::BufferSent {
                job: JOB,
                edge,
                from,
                to,
                seq,
                records,
                backlog,
                credit,
            }),
        );
    }

    fn consume(&mut self, channel: Channel, seq: u64, records: u32) {
        let Channel { edge, from, to } = channel;
        self.push(
            to.node,
            Event::Exchange(ExchangeEvent::BufferConsumed {
                job: JOB,
                edge,
                from: from.name.into(),
                to: to.name.into(),
                seq,
                records,
            }),
        );
    }
}

#[derive(Clone, Copy)]
struct Task {
    name: &'static str,
    node: u16,
}

#[derive(Clone, Copy)]
struct Channel {
    edge: u16,
    from: Task,
    to: Task,
}

const SOURCES: [Task; 2] = [Task { name: "text#1", node: 2 }, Task { name: "text#2", node: 3 }];
const COUNTS: [Task; 2] = [Task { name: "count#1", node: 2 }, Task { name: "count#2", node: 3 }];
const SINK: Task = Task { name: "counts#1", node: 2 };

pub fn nodes() -> Vec<Name> {
    ["client", "jobmanager-1", "taskmanager-1", "taskmanager-2"].map(Name::from).to_vec()
}

fn vertex(id: u16, name: &str, uid: &str, parallelism: u32) -> JobVertex {
    JobVertex {
        id: VertexId(id),
        name: name.to_owned(),
        uid: uid.to_owned(),
        chain: vec![ChainedOperator {
            node: StreamNodeId(id),
            name: name.to_owned(),
            uid: uid.to_owned(),
            outputs: Vec::new(),
        }],
        parallelism,
        max_parallelism: 128,
        max_parallelism_set: false,
        slot_sharing_group: "default".to_owned(),
    }
}

pub fn plan() -> PhysicalPlan {
    let edge = |source: u16, partitioning| JobEdge {
        source: VertexId(source),
        target: VertexId(source + 1),
        input: 0,
        stream_edge: usize::from(source),
        partitioning,
        pattern: DistributionPattern::AllToAll,
    };
    let channel = |edge, producer, consumer| ExecutionEdge {
        edge,
        producer,
        subpartition: consumer,
        consumer,
        channel: producer,
    };
    let slot = |index: u32, vertices: &[u16]| SharedSlot {
        group: "default".to_owned(),
        subtasks: vertices
            .iter()
            .map(|vertex| VertexSubtask { vertex: VertexId(*vertex), index })
            .collect(),
    };
    PhysicalPlan {
        execution: ExecutionGraph {
            job: JobGraph {
                name: "word-count".to_owned(),
                vertices: vec![
                    vertex(0, "Source: text -> split", "text", 2),
                    vertex(1, "count", "count", 2),
                    vertex(2, "Sink: counts", "counts", 1),
                ],
                edges: vec![edge(0, Partitioning::Hash), edge(1, Partitioning::Rebalance)],
            },
            channels: vec![
                channel(0, 0, 0),
                channel(0, 1, 0),
                channel(0, 0, 1),
                channel(0, 1, 1),
                channel(1, 0, 0),
                channel(1, 1, 0),
            ],
        },
        slots: vec![slot(0, &[0, 1, 2]), slot(1, &[0, 1])],
    }
}

/// The whole run.
pub fn word_count() -> (Vec<Name>, Vec<Recorded>) {
    let mut run = Builder::default();
    start(&mut run);
    submit(&mut run);
    deploy(&mut run);
    work(&mut run);
    finish(&mut run);
    (nodes(), run.events)
}

fn start(run: &mut Builder) {
    for node in 0..4 {
        run.push(node, Event::Node(NodeEvent::NodeStarted { incarnation: Incarnation(1) }));
    }
    for node in TASKMANAGERS {
        let taskmanager = nodes()[usize::from(node)].clone();
        run.push(
            JOBMANAGER,
            Event::Resource(ResourceEvent::TaskExecutorRegistered { taskmanager, slots: 2 }),
        );
    }
}

fn submit(run: &mut Builder) {
    run.push(
        CLIENT,
        Event::Rpc(RpcEvent::RpcSent {
            from: "client".into(),
            to: "jobmanager-1".into(),
            message: "SubmitJob".into(),
            about: "word-count".to_owned(),
        }),
    );
    run.push(
        JOBMANAGER,
        Event::Rpc(RpcEvent::RpcReceived {
            by: "dispatcher".into(),
            from: "client".into(),
            message: "SubmitJob".into(),
            about: "word-count".to_owned(),
        }),
    );
    let plan = serde_json::to_string(&plan()).unwrap();
    run.push(
        JOBMANAGER,
        Event::Job(JobEvent::JobSubmitted { job: JOB, name: "word-count".into(), plan }),
    );
    job_status(run, JobStatus::Initializing, JobStatus::Created);
    run.push(JOBMANAGER, Event::Resource(ResourceEvent::ResourcesDeclared { job: JOB, slots: 2 }));
    for (index, slot) in ["taskmanager-1/0", "taskmanager-2/0"].into_iter().enumerate() {
        let allocation = AllocationId(u32::try_from(index).unwrap() + 1);
        run.push(
            JOBMANAGER,
            Event::Resource(ResourceEvent::SlotAllocated {
                slot: slot.into(),
                allocation,
                job: JOB,
            }),
        );
        run.push(
            JOBMANAGER,
            Event::Resource(ResourceEvent::SlotAccepted {
                slot: slot.into(),
                allocation,
                job: JOB,
            }),
        );
    }
    job_status(run, JobStatus::Created, JobStatus::Running);
}

fn job_status(run: &mut Builder, from: JobStatus, to: JobStatus) {
    run.push(
        JOBMANAGER,
        Event::Job(JobEvent::JobStatusChanged { job: JOB, from, to, cause: None }),
    );
}

fn tasks() -> [Task; 5] {
    [SOURCES[0], SOURCES[1], COUNTS[0], COUNTS[1], SINK]
}

fn channels() -> Vec<Channel> {
    let mut channels = Vec::new();
    for to in COUNTS {
        for from in SOURCES {
            channels.push(Channel { edge: 0, from, to });
        }
    }
    for from in COUNTS {
        channels.push(Channel { edge: 1, from, to: SINK });
    }
    channels
}

fn deploy(run: &mut Builder) {
    use ExecutionState::{Created, Deploying, Initializing, Running, Scheduled};
    for task in &tasks() {
        run.task_state(task, Created, Scheduled);
        run.task_state(task, Scheduled, Deploying);
        run.push(
            JOBMANAGER,
            Event::Rpc(RpcEvent::RpcSent {
                from: "jobmaster-1".into(),
                to: nodes()[usize::from(task.node)].clone(),
                message: "SubmitTask".into(),
                about: task.name.to_owned(),
            }),
        );
    }
    for task in &tasks() {
        run.push(
            task.node,
            Event::Rpc(RpcEvent::RpcReceived {
                by: "taskexecutor".into(),
                from: "jobmanager-1".into(),
                message: "SubmitTask".into(),
                about: task.name.to_owned(),
            }),
        );
        run.push(
            task.node,
            Event::Task(TaskEvent::TaskStarted { job: JOB, subtask: task.name.into(), attempt: 0 }),
        );
        run.task_state(task, Deploying, Initializing);
        run.task_state(task, Initializing, Running);
    }
    for Channel { edge, from, to } in channels() {
        run.push(
            from.node,
            Event::Exchange(ExchangeEvent::PartitionRequested {
                job: JOB,
                edge,
                from: from.name.into(),
                to: to.name.into(),
                credit: 4,
            }),
        );
    }
}

fn work(run: &mut Builder) {
    let channels = channels();
    for (index, channel) in channels.iter().enumerate().take(4) {
        let records = 12 + u32::try_from(index).unwrap();
        for seq in 1..=3 {
            run.send(*channel, seq, records, 0, 4 - u32::try_from(seq).unwrap());
        }
    }
    run.consume(channels[0], 1, 12);
    run.send(channels[4], 1, 7, 0, 3);
    run.push(
        3,
        Event::Fault(FaultEvent::NoteShown {
            note: 1,
            text: "The sink is slow: from here on its producers wait for credit.".to_owned(),
        }),
    );
    run.send(channels[0], 4, 12, 1, 0);
    run.push(2, Event::Task(TaskEvent::BackPressured { job: JOB, subtask: "text#1".into() }));
    run.push(
        3,
        Event::Fault(FaultEvent::FaultInjected {
            fault: 1,
            what: "taskmanager-2 pauses".to_owned(),
        }),
    );
    run.push(3, Event::Node(NodeEvent::NodePaused));
    run.push(3, Event::Node(NodeEvent::NodeResumed));
    run.push(
        3,
        Event::Fault(FaultEvent::FaultHealed {
            fault: 1,
            what: "taskmanager-2 goes on".to_owned(),
        }),
    );
    run.push(
        2,
        Event::Sink(SinkEvent::RowsWritten {
            sink: "counts".into(),
            subtask: SINK.name.into(),
            rows: vec![Row {
                kind: RowKind::UpdateAfter,
                fields: vec!["to".to_owned(), "7".to_owned()],
                id: None,
                number: None,
            }],
        }),
    );
    run.consume(channels[4], 1, 7);
    run.push(
        2,
        Event::Sink(SinkEvent::RowsVisible {
            attempt: 0,
            sink: "counts".into(),
            subtask: SINK.name.into(),
            rows: 7,
            hash: 99,
            numbers: Vec::new(),
            shown: Vec::new(),
        }),
    );
    let Channel { edge, from, to } = channels[0];
    run.push(
        2,
        Event::Exchange(ExchangeEvent::CreditAdded {
            job: JOB,
            edge,
            from: from.name.into(),
            to: to.name.into(),
            credit: 1,
        }),
    );
    run.push(2, Event::Task(TaskEvent::BackPressureEased { job: JOB, subtask: "text#1".into() }));
}

fn finish(run: &mut Builder) {
    let channels = channels();
    let end_sent = |run: &mut Builder, channel: Channel, seq| {
        let Channel { edge, from, to } = channel;
        run.push(
            from.node,
            Event::Exchange(ExchangeEvent::EndOfInputSent {
                job: JOB,
                edge,
                from: from.name.into(),
                to: to.name.into(),
                seq,
            }),
        );
    };
    let end_received = |run: &mut Builder, channel: Channel, seq| {
        let Channel { edge, from, to } = channel;
        run.push(
            to.node,
            Event::Exchange(ExchangeEvent::EndOfInputReceived {
                job: JOB,
                edge,
                from: from.name.into(),
                to: to.name.into(),
                seq,
            }),
        );
    };
    let ended = |run: &mut Builder, task: &Task, records_in, records_out| {
        run.push(
            task.node,
            Event::Task(TaskEvent::TaskEnded {
                job: JOB,
                subtask: task.name.into(),
                attempt: 0,
                state: ExecutionState::Finished,
                records_in,
                records_out,
                busy_us: 900,
                back_pressured_us: 250,
                idle_us: 100,
            }),
        );
        run.task_state(task, ExecutionState::Running, ExecutionState::Finished);
    };
    for channel in &channels[..4] {
        end_sent(run, *channel, 5);
    }
    for source in &SOURCES {
        ended(run, source, 41, 82);
    }
    run.consume(channels[0], 2, 12);
    run.consume(channels[0], 3, 12);
    for (index, channel) in channels.iter().enumerate().take(4) {
        run.consume(*channel, 4, 12 + u32::try_from(index).unwrap());
        end_received(run, *channel, 5);
    }
    for (channel, count) in channels[4..].iter().zip(&COUNTS) {
        end_sent(run, *channel, 2);
        ended(run, count, 82, 40);
    }
    for channel in &channels[4..] {
        end_received(run, *channel, 2);
    }
    ended(run, &SINK, 80, 0);
    job_status(run, JobStatus::Running, JobStatus::Finished);
    for (slot, allocation) in [("taskmanager-1/0", 1), ("taskmanager-2/0", 2)] {
        run.push(
            JOBMANAGER,
            Event::Resource(ResourceEvent::SlotFreed {
                slot: slot.into(),
                allocation: AllocationId(allocation),
                job: JOB,
            }),
        );
    }
}
