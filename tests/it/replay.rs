//! One world for one place in the run, however one gets there.

mod checkpoints;
mod event_log;
mod event_time;
mod generate;
mod generate_checkpoints;
mod generate_outside;
mod outside;
mod space_time;
mod state;
mod ten_traces;

use std::sync::Arc;

use proptest::prelude::*;
use weir::base::{AllocationId, Incarnation, JobId, Name, NodeId, Seed, SimTime, Step, VertexId};
use weir::graph::{
    DistributionPattern, ExecutionEdge, ExecutionGraph, JobEdge, JobGraph, JobVertex, PhysicalPlan,
};
use weir::record::Partitioning;
use weir::replay::{ChannelKey, Life, Load, MarkKind, Place, PlanError, Seen, Timeline, World};
use weir::trace::{
    Event, ExchangeEvent, ExecutionState, FaultEvent, Header, JobEvent, JobStatus, Level,
    NodeEvent, RecordEvent, Recorded, ResourceEvent, RpcEvent, TaskEvent,
};

use generate::events;

const JOB: JobId = JobId(1);

fn nodes() -> Vec<Name> {
    ["client", "jobmanager-1", "taskmanager-1"].map(Name::from).to_vec()
}

fn header() -> Header {
    Header { level: Level::Records, ..Header::new("replay", "", Seed(7), nodes()) }
}

/// A source with two subtasks, a sink with two.
fn plan() -> PhysicalPlan {
    let vertex = |id: u16, uid: &str| JobVertex {
        id: VertexId(id),
        name: uid.to_owned(),
        uid: uid.to_owned(),
        chain: Vec::new(),
        parallelism: 2,
        max_parallelism: 128,
        max_parallelism_set: false,
        slot_sharing_group: "default".to_owned(),
    };
    let channels = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(producer, consumer)| ExecutionEdge {
        edge: 0,
        producer,
        subpartition: consumer,
        consumer,
        channel: producer,
    });
    let edge = JobEdge {
        source: VertexId(0),
        target: VertexId(1),
        input: 0,
        stream_edge: 0,
        partitioning: Partitioning::Hash,
        pattern: DistributionPattern::AllToAll,
    };
    let job = JobGraph {
        name: "job".to_owned(),
        vertices: vec![vertex(0, "a"), vertex(1, "b")],
        edges: vec![edge],
    };
    PhysicalPlan {
        execution: ExecutionGraph { job, channels: channels.to_vec() },
        slots: Vec::new(),
    }
}

fn submitted(plan: &PhysicalPlan) -> Event {
    let plan = serde_json::to_string(plan).unwrap();
    Event::Job(JobEvent::JobSubmitted { job: JOB, name: "job".into(), plan })
}

/// Gives events their places; each happens on the JobManager, a millisecond after the last.
fn record(events: impl IntoIterator<Item = Event>) -> Vec<Recorded> {
    let (mut step, mut sub) = (0, 0);
    events
        .into_iter()
        .enumerate()
        .map(|(index, event)| {
            if event.level() == Level::Records {
                sub += 1;
            } else {
                (step, sub) = (step + 1, 0);
            }
            Recorded {
                step: Step(step),
                sub,
                at: SimTime(1_000_000 * (u64::try_from(index).unwrap() + 1)),
                node: NodeId(1),
                incarnation: Incarnation(1),
                event,
            }
        })
        .collect()
}

/// The fold itself, from the beginning.
fn folded(events: &[Recorded]) -> World {
    let mut world = World::new(&header());
    for recorded in events {
        world.apply(recorded);
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn stepping_stepping_back_and_seeking_agree(
        events in events(),
        seeks in prop::collection::vec((any::<prop::sample::Index>(), 0..3), 1..12),
    ) {
        let mut timeline = Timeline::new(header(), events.clone());
        for (goal, how) in seeks {
            let goal = goal.index(events.len() + 1);
            match how {
                0 => timeline.seek_position(goal),
                1 => match goal.checked_sub(1) {
                    None => timeline.seek(Place::default()),
                    Some(last) => {
                        timeline.seek(Place { step: events[last].step, sub: events[last].sub });
                    }
                },
                _ => timeline.seek_time(goal.checked_sub(1).map_or(SimTime::ZERO, |i| events[i].at)),
            }
            prop_assert_eq!(timeline.position(), goal);
            prop_assert_eq!(timeline.world(), &folded(&events[..goal]));
            timeline.back();
            prop_assert_eq!(&timeline.world_at(goal), &folded(&events[..goal]));
            prop_assert_eq!(timeline.world(), &folded(&events[..goal.saturating_sub(1)]));
            timeline.seek_position(goal);
            timeline.forward();
            prop_assert_eq!(timeline.world(), &folded(&events[..(goal + 1).min(events.len())]));
        }
    }

    #[test]
    fn a_trace_that_grows_is_the_trace_at_once(
        events in events(),
        cut in any::<prop::sample::Index>(),
        goal in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(events.len() + 1);
        let mut growing = Timeline::new(header(), events[..cut].to_vec());
        growing.seek_position(cut / 2);
        growing.extend(events[cut..].to_vec());
        prop_assert_eq!(growing.position(), cut / 2);
        let goal = goal.index(events.len() + 1);
        growing.seek_position(goal);
        prop_assert_eq!(growing.world(), &folded(&events[..goal]));
    }

    #[test]
    fn what_is_not_seen_leaves_the_jobs_as_they_were(events in events()) {
        let mut timeline = Timeline::new(header(), events.clone());
        while let Some(next) = timeline.next_seen() {
            let before = timeline.world().jobs.clone();
            timeline.seek_position(next - 1);
            prop_assert_eq!(before.iter().count(), timeline.world().jobs.iter().count());
            for ((_, then), (_, now)) in before.iter().zip(timeline.world().jobs.iter()) {
                let states = |job: &weir::replay::Job| {
                    job.tasks.iter()
                        .map(|(name, task)| {
                            let pressed = task.back_pressured_since.is_some();
                            (name.clone(), task.state, pressed, task.records_in, task.records_out)
                        })
                        .collect::<Vec<_>>()
                };
                prop_assert_eq!(states(then), states(now));
                prop_assert_eq!(then.status, now.status);
                let time = |job: &weir::replay::Job| {
                    job.tasks.values().map(|task| task.event_time.clone()).collect::<Vec<_>>()
                };
                prop_assert_eq!(time(then), time(now));
                prop_assert_eq!(&then.windows, &now.windows);
                prop_assert_eq!(then.has_event_time, now.has_event_time);
                prop_assert_eq!(&then.checkpoints, &now.checkpoints);
                prop_assert_eq!(&then.restarts, &now.restarts);
                let snapshots = |job: &weir::replay::Job| {
                    let of = |task: &weir::replay::Task| (task.snapshotting.clone(), task.restored);
                    job.tasks.values().map(of).collect::<Vec<_>>()
                };
                prop_assert_eq!(snapshots(then), snapshots(now));
                let barriers = |job: &weir::replay::Job| {
                    let of = |channel: &weir::replay::Channel| {
                        (channel.barriers().collect::<Vec<_>>(), channel.blocked_for)
                    };
                    let shown = |(barriers, blocked): &(Vec<_>, Option<_>)| {
                        !barriers.is_empty() || blocked.is_some()
                    };
                    job.channels.iter().map(|(_, it)| of(it)).filter(shown).collect::<Vec<_>>()
                };
                prop_assert_eq!(barriers(then), barriers(now));
            }
            timeline.seek_position(next);
            prop_assert_eq!(timeline.previous_seen().unwrap_or(0) < next, true);
        }
    }
}

fn key(from: &str, to: &str) -> ChannelKey {
    ChannelKey { edge: 0, from: from.into(), to: to.into() }
}

fn exchange(build: impl FnOnce(JobId, u16, Name, Name) -> ExchangeEvent) -> Event {
    Event::Exchange(build(JOB, 0, "a#1".into(), "b#1".into()))
}

fn sent(seq: u64, records: u32, credit: u32) -> Event {
    sent_with_backlog(seq, records, credit, 0)
}

fn sent_with_backlog(seq: u64, records: u32, credit: u32, backlog: u32) -> Event {
    exchange(|job, edge, from, to| ExchangeEvent::BufferSent {
        job,
        edge,
        from,
        to,
        seq,
        records,
        backlog,
        credit,
    })
}

/// Flink's end of a partition is an event: it travels without credit.
#[test]
fn the_end_of_input_takes_no_credit_and_leaves_no_backlog() {
    let end = exchange(|job, edge, from, to| ExchangeEvent::EndOfInputSent {
        job,
        edge,
        from,
        to,
        seq: 2,
    });
    let world = folded(&record([submitted(&plan()), sent_with_backlog(1, 3, 0, 1), end]));
    let job = world.jobs.get(JOB).unwrap();
    let channel = job.channels.get(&key("a#1", "b#1")).unwrap();
    assert_eq!((channel.buffers_in_flight(), channel.in_flight.len()), (1, 2));
    assert_eq!((channel.credit, channel.backlog, channel.lacks_credit()), (0, 0, false));
}

#[test]
fn a_channel_holds_what_was_sent_and_not_consumed() {
    let values: Vec<String> = vec!["x".to_owned(), "y".to_owned()];
    let told = Event::Record(RecordEvent::RecordsSent {
        job: JOB,
        edge: 0,
        from: "a#1".into(),
        to: "b#1".into(),
        seq: 2,
        ids: Vec::new(),
        values: values.clone(),
    });
    let events = [
        submitted(&plan()),
        exchange(|job, edge, from, to| ExchangeEvent::PartitionRequested {
            job,
            edge,
            from,
            to,
            credit: 4,
        }),
        sent(1, 3, 3),
        told,
        sent(2, 2, 2),
        exchange(|job, edge, from, to| ExchangeEvent::EndOfInputSent {
            job,
            edge,
            from,
            to,
            seq: 3,
        }),
        // The buffer that the end of input is in.
        sent(3, 0, 1),
        exchange(|job, edge, from, to| ExchangeEvent::BufferConsumed {
            job,
            edge,
            from,
            to,
            seq: 1,
            records: 3,
        }),
        exchange(|job, edge, from, to| ExchangeEvent::CreditAdded {
            job,
            edge,
            from,
            to,
            credit: 1,
        }),
    ];
    let mut world = folded(&record(events.clone()));
    let job = world.jobs.get(JOB).unwrap();
    let channel = job.channels.get(&key("a#1", "b#1")).unwrap();
    let loads: Vec<&Load> = channel.in_flight.iter().map(|buffer| &buffer.load).collect();
    let values: Arc<[String]> = values.into();
    assert_eq!(loads, [&Load::Records { count: 2, values: Some(values) }, &Load::EndOfInput]);
    assert_eq!((channel.credit, channel.records_in_flight()), (2, 2));
    assert_eq!(job.task("a", 0).unwrap().records_out, 5);
    assert_eq!(job.task("b", 0).unwrap().records_in, 3);
    assert!(job.channel(0, ("a", 1), ("b", 1)).unwrap().in_flight.is_empty());

    // A second attempt begins with empty channels.
    let again = TaskEvent::ExecutionStateChanged {
        job: JOB,
        subtask: "b#1".into(),
        attempt: 1,
        from: ExecutionState::Created,
        to: ExecutionState::Scheduled,
        taskmanager: None,
        cause: None,
    };
    world.apply(&record([Event::Task(again)])[0]);
    let job = world.jobs.get(JOB).unwrap();
    assert!(job.channels.get(&key("a#1", "b#1")).unwrap().in_flight.is_empty());
}

#[test]
fn a_plan_that_cannot_be_followed_is_refused() {
    let break_it = |break_it: fn(&mut PhysicalPlan)| {
        let mut plan = plan();
        break_it(&mut plan);
        let world = folded(&record([submitted(&plan)]));
        world.jobs.get(JOB).unwrap().plan.clone().err()
    };
    assert_eq!(break_it(|_| {}), None);
    let broken: [fn(&mut PhysicalPlan); 4] = [
        |plan| plan.execution.channels[0].producer = 2,
        |plan| plan.execution.channels[0].edge = 1,
        |plan| plan.execution.job.edges[0].target = VertexId(9),
        |plan| plan.execution.job.vertices.swap(0, 1),
    ];
    for broken in broken {
        assert!(matches!(break_it(broken), Some(PlanError::Inconsistent(_))));
    }
    let vast = break_it(|plan| plan.execution.job.vertices[0].parallelism = u32::MAX);
    assert_eq!(vast, Some(PlanError::TooLarge));
}

#[test]
fn what_is_sent_to_a_process_dies_with_it() {
    let call = |to: &str| {
        Event::Rpc(RpcEvent::RpcSent {
            from: "jobmaster-1".into(),
            to: to.into(),
            message: "SubmitTask".into(),
            about: String::new(),
        })
    };
    let killed = NodeEvent::NodeKilled { incarnation: Incarnation(1) };
    let mut world = folded(&record([call("jobmanager-1"), call("taskmanager-1")]));
    assert_eq!(world.messages.iter().len(), 2);
    world.apply(&record([Event::Node(killed)])[0]);
    let left: Vec<&str> = world.messages.iter().map(|message| &*message.to).collect();
    assert_eq!(left, ["taskmanager-1"]);
    assert_eq!(world.nodes.get("jobmanager-1").unwrap().life, Life::Dead);
}

#[test]
fn marks_stand_where_something_happened() {
    let fault = |fault| Event::Fault(FaultEvent::FaultInjected { fault, what: String::new() });
    let note = Event::Fault(FaultEvent::NoteShown { note: 1, text: String::new() });
    let failed = Event::Job(JobEvent::JobStatusChanged {
        job: JOB,
        from: JobStatus::Failing,
        to: JobStatus::Failed,
        cause: None,
    });
    let timeline = Timeline::new(header(), record([sent(1, 1, 1), fault(1), note, failed]));
    let marks: Vec<(usize, MarkKind)> =
        timeline.marks().iter().map(|mark| (mark.position, mark.kind)).collect();
    assert_eq!(marks, [(2, MarkKind::Fault), (3, MarkKind::Note), (4, MarkKind::Failure)]);
}

#[test]
fn a_new_attempt_is_a_change_even_if_its_state_is_the_old_one() {
    let created = |attempt| {
        Event::Task(TaskEvent::ExecutionStateChanged {
            job: JOB,
            subtask: "a#1".into(),
            attempt,
            from: ExecutionState::Created,
            to: ExecutionState::Created,
            taskmanager: None,
            cause: None,
        })
    };
    let events = [submitted(&plan()), sent(1, 3, 1), created(0), created(1), created(0)];
    let seen: Vec<Seen> = {
        let mut world = World::new(&header());
        record(events).iter().map(|recorded| world.apply(recorded)).collect()
    };
    assert_eq!(seen, [Seen::Yes, Seen::Yes, Seen::No, Seen::Yes, Seen::No]);
}

#[test]
fn slots_are_missing_until_they_are_granted() {
    let check = |granted: &[JobId], expected: Option<u32>| {
        let lacks = ResourceEvent::NotEnoughResources { job: JOB, missing: 2 };
        let grants = granted.iter().map(|job| ResourceEvent::SlotAllocated {
            slot: "taskmanager-1/0".into(),
            allocation: AllocationId(1),
            job: *job,
        });
        let events = [lacks].into_iter().chain(grants).map(Event::Resource);
        let world = folded(&record(events));
        assert_eq!(world.resources.missing.get(&JOB).copied(), expected);
    };
    check(&[], Some(2));
    check(&[JobId(2)], Some(2));
    check(&[JOB], Some(1));
    check(&[JOB, JOB], None);
}
