//! Traces of runs that never were.

use proptest::prelude::*;
use weir::base::{AllocationId, EventTime, Incarnation, Name, StateBackendKind, TimeDomain};
use weir::record::{KeyGroup, Row, RowKind, WatermarkStatus};
use weir::trace::{
    Event, ExchangeEvent, ExecutionState, FaultEvent, FiringTime, JobEvent, JobStatus, LateOutcome,
    NodeEvent, RecordEvent, Recorded, ResourceEvent, RpcEvent, SinkEvent, Span, StateEvent,
    TaskEvent, TimeEvent, TimerEvent, WindowEvent,
};

use super::generate_checkpoints::{checkpoint_event, recovery_event};
use super::generate_outside::{database_event, log_event, storage_event, transaction_event};
use super::{JOB, plan, record, submitted};

fn name(names: &'static [&'static str]) -> impl Strategy<Value = Name> {
    prop::sample::select(names).prop_map(Name::from)
}

fn node() -> impl Strategy<Value = Name> {
    name(&["client", "jobmanager-1", "taskmanager-1", "unheard-of"])
}

pub fn subtask() -> impl Strategy<Value = Name> {
    name(&["a#1", "a#2", "b#1", "b#2", "c#1"])
}

fn execution_state() -> impl Strategy<Value = ExecutionState> {
    use ExecutionState as S;
    prop::sample::select(vec![
        S::Created,
        S::Scheduled,
        S::Deploying,
        S::Initializing,
        S::Running,
        S::Finished,
        S::Canceling,
        S::Canceled,
        S::Failed,
    ])
}

fn job_status() -> impl Strategy<Value = JobStatus> {
    use JobStatus as S;
    prop::sample::select(vec![
        S::Created,
        S::Running,
        S::Restarting,
        S::Failing,
        S::Failed,
        S::Finished,
    ])
}

fn node_event() -> impl Strategy<Value = Event> {
    let incarnation = (1u32..4).prop_map(Incarnation);
    prop_oneof![
        incarnation.clone().prop_map(|incarnation| NodeEvent::NodeStarted { incarnation }),
        incarnation.prop_map(|incarnation| NodeEvent::NodeKilled { incarnation }),
        Just(NodeEvent::NodePaused),
        Just(NodeEvent::NodeResumed),
        (-2i64..3, -2i64..3).prop_map(|(offset_us, drift_ppm)| {
            NodeEvent::ClockChanged { offset_us, drift_ppm }
        }),
        (1u64..9).prop_map(|bytes| NodeEvent::BytesLost { file: "log".to_owned(), bytes }),
        node().prop_map(|to| NodeEvent::LinkCut { to }),
        node().prop_map(|to| NodeEvent::LinkHealed { to }),
    ]
    .prop_map(Event::Node)
}

fn fault_event() -> impl Strategy<Value = Event> {
    (1u32..4, 0..3).prop_map(|(fault, kind)| {
        let what = "what".to_owned();
        Event::Fault(match kind {
            0 => FaultEvent::FaultInjected { fault, what },
            1 => FaultEvent::FaultHealed { fault, what },
            _ => FaultEvent::NoteShown { note: fault, text: what },
        })
    })
}

fn rpc_event() -> impl Strategy<Value = Event> {
    (node(), node(), 0..3, "[a-c]").prop_map(|(from, to, kind, about)| {
        let message = Name::from("SubmitTask");
        Event::Rpc(match kind {
            0 => RpcEvent::RpcSent { from: "jobmaster-1".into(), to, message, about },
            1 => RpcEvent::RpcReceived { by: "taskexecutor".into(), from, message, about },
            _ => RpcEvent::ConnectionReset { by: "jobmaster-1".into(), peer: to },
        })
    })
}

fn resource_event() -> impl Strategy<Value = Event> {
    let slot = name(&["taskmanager-1/0", "taskmanager-1/1"]);
    (slot, (1u32..4).prop_map(AllocationId), 0..4).prop_map(|(slot, allocation, kind)| {
        let taskmanager = Name::from("taskmanager-1");
        Event::Resource(match kind {
            0 => ResourceEvent::TaskExecutorRegistered { taskmanager, slots: 2 },
            1 => ResourceEvent::SlotAllocated { slot, allocation, job: JOB },
            2 => ResourceEvent::SlotAccepted { slot, allocation, job: JOB },
            _ => ResourceEvent::SlotFreed { slot, allocation, job: JOB },
        })
    })
}

fn task_event() -> impl Strategy<Value = Event> {
    (subtask(), 0u32..3, execution_state(), 0..8).prop_map(|(subtask, attempt, to, kind)| {
        let job = JOB;
        Event::Task(match kind {
            0 => TaskEvent::TaskStarted { job, subtask, attempt },
            1 => TaskEvent::BackPressured { job, subtask },
            2 => TaskEvent::BackPressureEased { job, subtask },
            3 => TaskEvent::TaskEnded {
                job,
                subtask,
                attempt,
                state: to,
                records_in: 5,
                records_out: 6,
                busy_us: 1,
                back_pressured_us: 2,
                idle_us: 3,
            },
            _ => TaskEvent::ExecutionStateChanged {
                job,
                subtask,
                attempt,
                from: ExecutionState::Created,
                to,
                taskmanager: (kind > 5).then(|| "taskmanager-1".into()),
                cause: (to == ExecutionState::Failed).then(|| "cause".to_owned()),
            },
        })
    })
}

/// Few watermarks, so that they meet, and both ends of time.
fn watermark() -> impl Strategy<Value = EventTime> {
    prop_oneof![
        8 => (0i64..6).prop_map(EventTime),
        1 => Just(EventTime::NONE),
        1 => Just(EventTime::MAX),
    ]
}

fn status() -> impl Strategy<Value = WatermarkStatus> {
    prop::sample::select(vec![WatermarkStatus::Active, WatermarkStatus::Idle])
}

fn exchange_event() -> impl Strategy<Value = Event> {
    let numbers = (0u16..2, 0u64..6, 0u32..4);
    (subtask(), subtask(), numbers, (watermark(), status()), 0..13)
        .prop_map(|(from, to, (edge, seq, records), (watermark, status), kind)| {
            let (job, credit, backlog) = (JOB, records, records);
            match kind {
                0 => ExchangeEvent::PartitionRequested { job, edge, from, to, credit },
                1..=3 => {
                    ExchangeEvent::BufferSent { job, edge, from, to, seq, records, backlog, credit }
                }
                4 | 5 => ExchangeEvent::BufferConsumed { job, edge, from, to, seq, records },
                6 => ExchangeEvent::CreditAdded { job, edge, from, to, credit },
                7 => ExchangeEvent::EndOfInputSent { job, edge, from, to, seq },
                8 => ExchangeEvent::WatermarkSent { job, edge, from, to, seq, watermark },
                9 => ExchangeEvent::WatermarkReceived { job, edge, from, to, seq, watermark },
                10 => ExchangeEvent::WatermarkStatusSent { job, edge, from, to, seq, status },
                11 => ExchangeEvent::WatermarkStatusReceived { job, edge, from, to, seq, status },
                _ => ExchangeEvent::EndOfInputReceived { job, edge, from, to, seq },
            }
        })
        .prop_map(Event::Exchange)
}

fn time_event() -> impl Strategy<Value = Event> {
    (subtask(), 0u16..3, (watermark(), status()), any::<bool>(), 0..8).prop_map(
        |(subtask, edge, (watermark, status), aside, kind)| {
            let job = JOB;
            let outcome = if aside { LateOutcome::SideOutput } else { LateOutcome::Dropped };
            Event::Time(match kind {
                0 => TimeEvent::WatermarkAdvanced { job, subtask, watermark },
                1 => TimeEvent::WatermarkStatusChanged { job, subtask, status },
                2 => TimeEvent::WatermarkEmitted { job, subtask, edge, watermark },
                3 => TimeEvent::WatermarkStatusEmitted { job, subtask, edge, status },
                4 => TimeEvent::AlignmentAnnounced { job, subtask, max_watermark: watermark },
                5 => TimeEvent::SplitPaused { job, subtask, split: edge },
                6 => TimeEvent::SplitResumed { job, subtask, split: edge },
                _ => {
                    let (operator, records) = ("hourly".into(), u32::from(edge));
                    TimeEvent::RecordsLate { job, subtask, operator, records, outcome }
                }
            })
        },
    )
}

fn span() -> impl Strategy<Value = Span> {
    (0i64..3, 1i64..3).prop_map(|(start, length)| Span { start, end: start + length })
}

fn window_event() -> impl Strategy<Value = Event> {
    let timing =
        prop::sample::select(vec![FiringTime::Early, FiringTime::OnTime, FiringTime::Late]);
    let spans = (prop::option::weighted(0.9, span()), prop::collection::vec(span(), 0..3));
    (subtask(), "[xy]", spans, (watermark(), timing), 0..9).prop_map(
        |(subtask, key, (window, merged), (watermark, timing), kind)| {
            let (job, operator) = (JOB, Name::from("hourly"));
            Event::Window(match kind {
                0..=2 => WindowEvent::WindowCreated { job, subtask, operator, key, window },
                3 => WindowEvent::WindowMerged { job, subtask, operator, key, window, merged },
                4 | 5 => WindowEvent::WindowFired { job, subtask, operator, key, window, timing },
                6 => WindowEvent::WindowPurged { job, subtask, operator, key, window },
                7 => WindowEvent::WindowCleaned { job, subtask, operator, key, window },
                _ => WindowEvent::RecordLate {
                    job,
                    subtask,
                    operator,
                    value: key,
                    id: None,
                    timestamp: EventTime(0),
                    watermark,
                    outcome: LateOutcome::Dropped,
                },
            })
        },
    )
}

/// The key group of a key of one letter.
pub fn group_of(key: &str) -> KeyGroup {
    key.bytes().map(KeyGroup::from).sum::<KeyGroup>() % 128
}

fn timer_event() -> impl Strategy<Value = Event> {
    let domain = prop::sample::select(vec![TimeDomain::EventTime, TimeDomain::ProcessingTime]);
    (subtask(), "[xy]", prop::option::of(span()), domain, watermark(), 0..5).prop_map(
        |(subtask, key, window, domain, timestamp, kind)| {
            let (job, operator, key_group) = (JOB, Name::from("hourly"), group_of(&key));
            Event::Timer(match kind {
                0..=2 => TimerEvent::TimerRegistered {
                    job,
                    subtask,
                    operator,
                    key_group,
                    key,
                    window,
                    domain,
                    timestamp,
                },
                3 => TimerEvent::TimerDeleted {
                    job,
                    subtask,
                    operator,
                    key_group,
                    key,
                    window,
                    domain,
                    timestamp,
                },
                _ => TimerEvent::TimerFired {
                    job,
                    subtask,
                    operator,
                    key_group,
                    key,
                    window,
                    domain,
                    timestamp,
                },
            })
        },
    )
}

fn state_event() -> impl Strategy<Value = Event> {
    let state = prop::sample::select(vec!["window-contents", "total"]);
    let value = prop::option::weighted(0.8, "[0-3]");
    (subtask(), "[xyz]", state, prop::option::of(span()), value, 0..9).prop_map(
        |(subtask, key, state, window, value, kind)| {
            let (job, operator, key_group) = (JOB, Name::from("hourly"), group_of(&key));
            let state = state.to_owned();
            Event::State(match kind {
                0 => StateEvent::StateBackendOpened {
                    job,
                    subtask,
                    operator,
                    backend: StateBackendKind::Lsm,
                    first_key_group: 0,
                    last_key_group: key_group,
                },
                1 | 2 => StateEvent::StateRead {
                    job,
                    subtask,
                    operator,
                    key_group,
                    key,
                    state,
                    window,
                    value,
                },
                _ => StateEvent::StateWritten {
                    job,
                    subtask,
                    operator,
                    key_group,
                    key,
                    state,
                    window,
                    value,
                },
            })
        },
    )
}

fn record_event() -> impl Strategy<Value = Event> {
    (subtask(), subtask(), 0u64..6, any::<bool>()).prop_map(|(from, to, seq, sent)| {
        let (ids, values) = (Vec::new(), vec!["x".to_owned()]);
        Event::Record(if sent {
            RecordEvent::RecordsSent { job: JOB, edge: 0, from, to, seq, ids, values }
        } else {
            let (subtask, operator) = (from, "a".into());
            RecordEvent::RecordsEmitted { job: JOB, subtask, operator, ids, values }
        })
    })
}

fn sink_event() -> impl Strategy<Value = Event> {
    (subtask(), 0u32..9, any::<bool>()).prop_map(|(subtask, rows, visible)| {
        let sink = Name::from("out");
        Event::Sink(if visible {
            SinkEvent::RowsVisible {
                sink,
                subtask,
                attempt: 0,
                rows,
                hash: u64::MAX - 1,
                numbers: Vec::new(),
                shown: Vec::new(),
            }
        } else {
            let row = Row {
                kind: RowKind::Insert,
                fields: vec![rows.to_string()],
                id: None,
                number: None,
            };
            SinkEvent::RowsWritten { sink, subtask, rows: vec![row; 3] }
        })
    })
}

fn job_event() -> impl Strategy<Value = Event> {
    let changed = job_status().prop_map(|to| {
        Event::Job(JobEvent::JobStatusChanged {
            job: JOB,
            from: JobStatus::Created,
            to,
            cause: None,
        })
    });
    prop_oneof![1 => Just(submitted(&plan())), 5 => changed]
}

/// A run that never was: any events in any order, over few names so that they meet.
pub fn events() -> impl Strategy<Value = Vec<Recorded>> {
    let event = prop_oneof![
        1 => node_event(),
        1 => fault_event(),
        1 => rpc_event(),
        1 => resource_event(),
        1 => job_event(),
        4 => task_event(),
        9 => exchange_event(),
        3 => time_event(),
        3 => window_event(),
        5 => state_event(),
        3 => timer_event(),
        2 => record_event(),
        9 => checkpoint_event(),
        1 => recovery_event(),
        2 => storage_event(),
        3 => transaction_event(),
        4 => log_event(),
        3 => database_event(),
        1 => sink_event(),
    ];
    // Some are longer than two key frames are apart.
    prop::collection::vec(event, 0..600).prop_map(record)
}
