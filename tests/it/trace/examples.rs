//! One telling event of each kind.

use std::sync::Arc;

use weir::base::{
    AllocationId, CheckpointId, EventTime, Incarnation, JobId, Name, SimTime, StateBackendKind,
    TimeDomain,
};
use weir::record::{RecordId, Row, RowKind, RowNumber, WatermarkStatus};
use weir::trace::{
    Accumulated, Event, ExchangeEvent, ExecutionState, FaultEvent, FiringTime, JobEvent, JobStatus,
    LateOutcome, NodeEvent, RecordEvent, ResourceEvent, RowRange, RpcEvent, SinkEvent, Span,
    StateDigest, StateEvent, TaskEvent, TimeEvent, TimerEvent, WindowEvent, kinds,
};

use super::checkpoint_examples::checkpoints;
use super::database_examples::database;
use super::log_examples::log;
use super::strategy::Given;

fn n(name: &str) -> Name {
    Arc::from(name)
}

/// One event of each kind, as they might come in a run.
pub fn events() -> Vec<Event> {
    let (job, edge, attempt) = (JobId(1), 0, 0);
    let (subtask, from, to) = (n("parse#1"), n("parse#1"), n("count#2"));
    let (slot, allocation) = (n("taskmanager-1/0"), AllocationId(4));
    let ids = vec![RecordId { source: 0, split: 0, offset: 17 }];
    let row = |kind, fields: [&str; 2]| Row {
        kind,
        fields: fields.map(Into::into).into(),
        id: None,
        number: None,
    };
    let node = [
        NodeEvent::NodeStarted { incarnation: Incarnation(1) },
        NodeEvent::ClockChanged { offset_us: -1500, drift_ppm: 200 },
        NodeEvent::LinkCut { to: n("taskmanager-2") },
        NodeEvent::LinkHealed { to: n("taskmanager-2") },
        NodeEvent::NodePaused,
        NodeEvent::NodeResumed,
    ];
    let resource = [
        ResourceEvent::TaskExecutorRegistered { taskmanager: n("taskmanager-1"), slots: 2 },
        ResourceEvent::ResourcesDeclared { job, slots: 3 },
        ResourceEvent::NotEnoughResources { job, missing: 1 },
        ResourceEvent::SlotAllocated { slot: slot.clone(), allocation, job },
        ResourceEvent::SlotAccepted { slot: slot.clone(), allocation, job },
        ResourceEvent::SlotFreed { slot, allocation, job },
        ResourceEvent::TaskExecutorLost {
            taskmanager: n("taskmanager-2"),
            cause: "no heartbeat for 5s".into(),
        },
    ];
    let jobs = [
        JobEvent::JobSubmitted {
            job,
            name: n("word-count"),
            plan: "{\"slots\":[],\"execution\":{\"channels\":[1,2]}}".into(),
        },
        JobEvent::JobStatusChanged {
            job,
            from: JobStatus::Running,
            to: JobStatus::Failing,
            cause: Some("parse#1: line 3 is\nnot a flight".into()),
        },
    ];
    let rpc = [
        RpcEvent::RpcSent {
            from: n("jobmaster-1"),
            to: n("taskmanager-1"),
            message: n("SubmitTask"),
            about: "parse#1, attempt 0".into(),
        },
        RpcEvent::RpcReceived {
            by: n("taskexecutor"),
            from: n("jobmanager-1"),
            message: n("SubmitTask"),
            about: String::new(),
        },
        RpcEvent::HeartbeatSent { from: n("resourcemanager"), to: n("taskmanager-1") },
        RpcEvent::HeartbeatReceived { by: n("taskexecutor"), from: n("jobmanager-1") },
        RpcEvent::HeartbeatTimedOut { by: n("resourcemanager"), peer: n("taskmanager-2") },
        RpcEvent::ConnectionReset { by: n("jobmaster-1"), peer: n("taskmanager-2") },
    ];
    let task = [
        TaskEvent::ExecutionStateChanged {
            job,
            subtask: subtask.clone(),
            attempt,
            from: ExecutionState::Deploying,
            to: ExecutionState::Running,
            taskmanager: Some(n("taskmanager-2")),
            cause: None,
        },
        TaskEvent::TaskStarted { job: JobId(2), subtask: subtask.clone(), attempt: 1 },
        TaskEvent::BackPressured { job: JobId(2), subtask: subtask.clone() },
    ];
    let exchange = [
        ExchangeEvent::PartitionRequested {
            job,
            edge,
            from: from.clone(),
            to: to.clone(),
            credit: 2,
        },
        ExchangeEvent::BufferSent {
            job,
            edge,
            from: from.clone(),
            to: to.clone(),
            seq: 7,
            records: 1024,
            backlog: 3,
            credit: 1,
        },
        ExchangeEvent::BufferConsumed {
            job,
            edge,
            from: from.clone(),
            to: to.clone(),
            seq: 7,
            records: 1024,
        },
        ExchangeEvent::CreditAdded { job, edge, from: from.clone(), to: to.clone(), credit: 1 },
        ExchangeEvent::EndOfInputSent { job, edge, from: from.clone(), to: to.clone(), seq: 8 },
        ExchangeEvent::EndOfInputReceived { job, edge, from: from.clone(), to: to.clone(), seq: 8 },
    ];
    let record = [
        RecordEvent::RecordsEmitted {
            job,
            subtask: subtask.clone(),
            operator: n("lines"),
            ids: ids.clone(),
            values: vec!["\"to be \u{202e}or not\u{1b}[31m\"".into()],
        },
        RecordEvent::RecordsSent {
            job,
            edge,
            from,
            to,
            seq: 7,
            ids,
            values: ["to", "be", "or", "not"].map(Into::into).into(),
        },
    ];
    let (from, to) = (n("parse#1"), n("count#2"));
    let watermarks = watermarks(job, edge, &from, &to);
    let sink = [
        SinkEvent::RowsWritten {
            sink: n("counts"),
            subtask: n("sink#1"),
            rows: vec![row(RowKind::Insert, ["to", "2"]), row(RowKind::UpdateAfter, ["be", "2"])],
        },
        SinkEvent::RowsVisible {
            sink: n("counts"),
            subtask: n("sink#1"),
            attempt: 0,
            rows: 2,
            hash: 0xfeed,
            numbers: vec![RowRange {
                first: RowNumber { job, subtask: 0, attempt: 0, number: 7 },
                rows: 2,
            }],
            shown: Vec::new(),
        },
        SinkEvent::LatencyMeasured { subtask: n("sink#1"), marked: vec![SimTime(1_500_000)] },
        SinkEvent::SinkDeclared { sink: n("counts"), key_columns: Some(1) },
        SinkEvent::RowsCounted {
            job,
            sink: n("counts"),
            subtask: n("sink#1"),
            index: 0,
            attempt: 0,
            checkpoint: Some(CheckpointId(3)),
            rows: 9,
        },
        SinkEvent::RowsExpected {
            sink: n("counts"),
            key_columns: Some(1),
            rows: vec![vec!["to".into(), "2".into()], vec!["be".into(), "2".into()]],
        },
    ];
    let ends = [
        TaskEvent::BackPressureEased { job: JobId(2), subtask: subtask.clone() },
        TaskEvent::StateLeft {
            job: JobId(2),
            subtask: subtask.clone(),
            attempt: 1,
            state: vec![StateDigest {
                operator: n("count"),
                state: n("reduced"),
                entries: 3,
                digest: n("00000000000000000000000000000abc"),
            }],
        },
        TaskEvent::TaskEnded {
            job: JobId(2),
            subtask,
            attempt: 1,
            state: ExecutionState::Finished,
            records_in: 26_483,
            records_out: 26_483,
            busy_us: 26_500,
            back_pressured_us: 1_200_000,
            idle_us: 0,
        },
    ];
    let merged = [JobEvent::AccumulatorsMerged {
        job,
        accumulators: vec![
            Accumulated { name: n("lines"), value: "7".into() },
            Accumulated { name: n("least\nof all"), value: "-".into() },
        ],
    }];
    let last = [
        NodeEvent::NodeKilled { incarnation: Incarnation(1) },
        NodeEvent::BytesLost { file: "journal".into(), bytes: 4096 },
    ];
    let fault = [
        FaultEvent::FaultInjected { fault: 1, what: "kill taskmanager-2".into() },
        FaultEvent::FaultHealed { fault: 1, what: "taskmanager-2 starts again".into() },
        FaultEvent::NoteShown { note: 1, text: "Channel 0 now waits for channel 1.".into() },
    ];
    let events = node.map(Event::Node).into_iter().chain(resource.map(Event::Resource));
    let events = events.chain(jobs.map(Event::Job)).chain(rpc.map(Event::Rpc));
    let events = events.chain(task.map(Event::Task)).chain(exchange.map(Event::Exchange));
    let events = events.chain(record.map(Event::Record)).chain(watermarks.map(Event::Exchange));
    let events = events.chain(times(job).map(Event::Time)).chain(windows(job).map(Event::Window));
    let events = events.chain(timers(job).map(Event::Timer)).chain(states(job).map(Event::State));
    let events =
        events.chain(checkpoints()).chain(log()).chain(database()).chain(sink.map(Event::Sink));
    let events = events.chain(ends.map(Event::Task)).chain(fault.map(Event::Fault));
    let events = events.chain(last.map(Event::Node));
    events.chain(merged.map(Event::Job)).collect()
}

/// Ten o'clock in the flights' January, and that many milliseconds.
fn ten_and(millis: i64) -> EventTime {
    EventTime(1_357_034_400_000 + millis)
}

fn watermarks(job: JobId, edge: u16, from: &Name, to: &Name) -> [ExchangeEvent; 4] {
    let (watermark, status) = (ten_and(-1), WatermarkStatus::Idle);
    let ends = || (from.clone(), to.clone());
    let watermark_at = |seq| {
        let (from, to) = ends();
        ExchangeEvent::WatermarkSent { job, edge, from, to, seq, watermark }
    };
    let received = |seq| {
        let (from, to) = ends();
        ExchangeEvent::WatermarkReceived { job, edge, from, to, seq, watermark }
    };
    let status_at = |seq| {
        let (from, to) = ends();
        ExchangeEvent::WatermarkStatusSent { job, edge, from, to, seq, status }
    };
    let status_received = |seq| {
        let (from, to) = ends();
        ExchangeEvent::WatermarkStatusReceived { job, edge, from, to, seq, status }
    };
    [watermark_at(8), received(8), status_at(9), status_received(9)]
}

fn times(job: JobId) -> [TimeEvent; 8] {
    let (source, counting, edge) = (n("parse#1"), n("count#2"), 0);
    [
        TimeEvent::WatermarkEmitted { job, subtask: source.clone(), edge, watermark: ten_and(-1) },
        TimeEvent::WatermarkAdvanced { job, subtask: counting.clone(), watermark: ten_and(59_999) },
        TimeEvent::WatermarkStatusEmitted {
            job,
            subtask: source.clone(),
            edge,
            status: WatermarkStatus::Idle,
        },
        TimeEvent::WatermarkStatusChanged {
            job: JobId(2),
            subtask: counting.clone(),
            status: WatermarkStatus::Active,
        },
        TimeEvent::RecordsLate {
            job,
            subtask: counting,
            operator: n("hourly"),
            records: 2,
            outcome: LateOutcome::Dropped,
        },
        TimeEvent::AlignmentAnnounced {
            job,
            subtask: source.clone(),
            max_watermark: ten_and(60_000),
        },
        TimeEvent::SplitPaused { job, subtask: source.clone(), split: 3 },
        TimeEvent::SplitResumed { job, subtask: source, split: 3 },
    ]
}

fn windows(job: JobId) -> [WindowEvent; 6] {
    let (subtask, operator, key) = (n("count#2"), n("hourly"), "\"JFK\"".to_string());
    let session = |start, end| Span { start: ten_and(start).0, end: ten_and(end).0 };
    let place = || (subtask.clone(), operator.clone(), key.clone());
    let window = Some(session(-3_600_000, 0));
    let created = {
        let (subtask, operator, key) = place();
        WindowEvent::WindowCreated { job, subtask, operator, key, window }
    };
    let merged = {
        let (subtask, operator, key) = place();
        let merged = vec![session(-3_600_000, -2_000), session(-1_000, 0)];
        WindowEvent::WindowMerged { job, subtask, operator, key, window, merged }
    };
    let fired = {
        let ((subtask, operator, key), timing) = (place(), FiringTime::Late);
        WindowEvent::WindowFired { job, subtask, operator, key, window, timing }
    };
    let purged = {
        let (subtask, operator, key) = place();
        WindowEvent::WindowPurged { job, subtask, operator, key, window: None }
    };
    let cleaned = {
        let (subtask, operator, key) = place();
        WindowEvent::WindowCleaned { job, subtask, operator, key, window }
    };
    let late = WindowEvent::RecordLate {
        job,
        subtask,
        operator,
        value: "(\"JFK\", 12)".into(),
        id: Some(RecordId { source: 0, split: 0, offset: 17 }),
        timestamp: ten_and(-90_000),
        watermark: ten_and(-1),
        outcome: LateOutcome::SideOutput,
    };
    [created, merged, fired, purged, cleaned, late]
}

fn timers(job: JobId) -> [TimerEvent; 3] {
    let (subtask, operator, key) = (n("alert#2"), n("alert"), "\"sensor_3\"".to_string());
    let (key_group, window) = (17, Some(Span { start: 0, end: 10_000 }));
    let set = TimerEvent::TimerRegistered {
        job,
        subtask: subtask.clone(),
        operator: operator.clone(),
        key_group,
        key: key.clone(),
        window,
        domain: TimeDomain::EventTime,
        timestamp: ten_and(10_000),
    };
    let taken_back = TimerEvent::TimerDeleted {
        job,
        subtask: subtask.clone(),
        operator: operator.clone(),
        key_group,
        key: key.clone(),
        window,
        domain: TimeDomain::ProcessingTime,
        timestamp: ten_and(11_000),
    };
    let domain = TimeDomain::EventTime;
    let timestamp = ten_and(10_000);
    let window = None;
    let fired = TimerEvent::TimerFired {
        job,
        subtask,
        operator,
        key_group,
        key,
        window,
        domain,
        timestamp,
    };
    [set, taken_back, fired]
}

fn states(job: JobId) -> [StateEvent; 3] {
    let (subtask, operator, key) = (n("alert#2"), n("alert"), "\"sensor_3\"".to_string());
    let (key_group, state) = (17, "last".to_string());
    let opened = StateEvent::StateBackendOpened {
        job,
        subtask: subtask.clone(),
        operator: operator.clone(),
        backend: StateBackendKind::Lsm,
        first_key_group: 64,
        last_key_group: 127,
    };
    let read = StateEvent::StateRead {
        job,
        subtask: subtask.clone(),
        operator: operator.clone(),
        key_group,
        key: key.clone(),
        state: state.clone(),
        window: None,
        value: None,
    };
    let (window, value) = (Some(Span { start: 0, end: 10_000 }), Some("21.5".to_string()));
    let written =
        StateEvent::StateWritten { job, subtask, operator, key_group, key, state, window, value };
    [opened, read, written]
}

/// A run of these events.
pub fn run() -> Vec<Given> {
    let place = |number: usize| ((number % 4) as u16, u32::from(number.is_multiple_of(5)));
    let given = |(number, event)| {
        let (node, incarnation) = place(number);
        (1_234_567 + number as u64 % 2 * 433, node, incarnation, event)
    };
    events().into_iter().enumerate().map(given).collect()
}

#[test]
fn there_is_one_of_each_kind() {
    let mut shown: Vec<_> = events().iter().map(Event::kind).collect();
    shown.sort_unstable();
    let mut all: Vec<_> = kinds().iter().map(|kind| kind.kind).collect();
    all.sort_unstable();
    assert_eq!(shown, all);
}
