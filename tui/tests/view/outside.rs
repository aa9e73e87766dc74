//! What is around a job on the screen: the log, the database, files, transactions, and the cluster.

use weir::base::{CheckpointId, JobId, Name, Seed};
use weir::record::{Row, RowKind};
use weir::replay::Timeline;
use weir::trace::{
    CheckpointEvent, DatabaseEvent, Event, FaultEvent, Header, Level, LogEvent, NodeEvent,
    RecoveryEvent, ResourceEvent, RpcEvent, SinkEvent, SplitPosition, StorageEvent,
    TransactionEvent as T, TransactionResult,
};
use weir_tui::view::{App, Options, Source};

use super::checkpointed::Run;
use super::{keys, run, screen};

const JOB: JobId = JobId(1);
const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 50);

fn at(operator: &str, positions: [u64; 2]) -> Vec<SplitPosition> {
    let of = |(split, position)| SplitPosition { operator: operator.into(), split, position };
    (0..).zip(positions).map(of).collect()
}

impl Run {
    fn log(&mut self, event: LogEvent) {
        self.push(Event::Log(event), 4);
    }

    fn appended(&mut self, (topic, partition): (&str, u16), id: &str, (from, to): (u64, u64)) {
        let (topic, transactional_id, epoch) = (topic.into(), id.into(), 0);
        let producer = producer(id);
        self.log(LogEvent::RecordsAppended {
            topic,
            partition,
            producer,
            epoch,
            transactional_id,
            from,
            to,
        });
    }

    fn ended(&mut self, partition: u16, id: &str, result: TransactionResult, offset: u64) {
        let (transactional_id, producer, epoch) = (Name::from(id), producer(id), 0);
        let topic = "totals".into();
        self.log(LogEvent::TransactionDecided {
            transactional_id: transactional_id.clone(),
            producer,
            epoch,
            result,
        });
        self.log(LogEvent::MarkerWritten { topic, partition, producer, result, offset });
        self.log(LogEvent::TransactionEnded { transactional_id, producer, result });
    }

    fn stable(&mut self, (topic, partition): (&str, u16), offset: u64) {
        let topic = topic.into();
        self.log(LogEvent::StableOffsetAdvanced { topic, partition, offset });
    }

    fn begun(&mut self, name: &str, attempt: u32) {
        let (job, subtask, transaction) = (JOB, "counts#1".into(), name.into());
        self.push(
            Event::Transaction(T::TransactionBegun { job, subtask, attempt, transaction }),
            2,
        );
    }

    fn pre_committed(&mut self, name: &str, checkpoint: u64) {
        let (job, subtask, attempt, transaction) = (JOB, "counts#1".into(), 0, name.into());
        let checkpoint = CheckpointId(checkpoint);
        let event = T::TransactionPreCommitted { job, subtask, attempt, transaction, checkpoint };
        self.push(Event::Transaction(event), 2);
    }

    fn taken(&mut self, checkpoint: u64, positions: [u64; 2]) {
        self.push(
            Event::Checkpoint(CheckpointEvent::SnapshotTaken {
                job: JOB,
                subtask: "text#1".into(),
                attempt: 0,
                checkpoint: CheckpointId(checkpoint),
                barriers: "aligned".into(),
                inputs: Vec::new(),
                outputs: Vec::new(),
                positions: at("text", positions),
                state: Vec::new(),
                state_version: 0,
                watermark: None,
                start_delay_us: 0,
                alignment_us: 0,
                sync_us: 10,
                bytes: 64,
            }),
            2,
        );
    }

    fn database(&mut self, event: DatabaseEvent) {
        self.push(Event::Database(event), 4);
    }

    fn asked(&mut self, query: &str, answer: &str, expected: Option<&str>) {
        let fields = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let expected = expected.map(fields).unwrap_or_default();
        let (query, answer) = (query.into(), fields(answer));
        self.database(DatabaseEvent::QueryAnswered { query, answer, expected });
    }

    fn stored(&mut self, path: &str, bytes: u64) {
        let (path, checksum) = (path.into(), "feed".into());
        self.push(Event::Storage(StorageEvent::FileStored { path, bytes, checksum }), 4);
    }
}

/// Each transaction of this run has a producer of its own.
fn producer(id: &str) -> u64 {
    id.bytes().map(u64::from).sum()
}

fn trace() -> (Vec<Name>, Run) {
    let mut run = Run::new();
    in_the_log(&mut run);
    in_the_stores(&mut run);
    in_the_cluster(&mut run);
    let nodes = run::nodes().into_iter().chain(["storage".into()]).collect();
    (nodes, run)
}

/// One transaction is committed, one aborted, two are open, and one of them has expired.
fn in_the_log(run: &mut Run) {
    use TransactionResult::{Abort, Commit};
    run.taken(3, [120, 96]);
    run.appended(("lines", 0), "", (0, 60));
    run.stable(("lines", 0), 60);
    for name in ["totals-0-1", "totals-0-2", "totals-0-3", "totals-0-4"] {
        let (transactional_id, producer, epoch) = (name.into(), producer(name), 0);
        run.log(LogEvent::ProducerInitialized { transactional_id, producer, epoch });
    }
    run.begun("totals-0-1", 0);
    run.appended(("totals", 0), "totals-0-1", (0, 12));
    run.pre_committed("totals-0-1", 1);
    let (job, subtask, attempt) = (JOB, "counts#1".into(), 0);
    let transaction = "totals-0-1".into();
    run.push(Event::Transaction(T::CommitRequested { job, subtask, attempt, transaction }), 2);
    run.ended(0, "totals-0-1", Commit, 12);
    run.stable(("totals", 0), 13);
    let (subtask, transaction) = ("counts#1".into(), "totals-0-1".into());
    run.push(Event::Transaction(T::TransactionCommitted { job, subtask, attempt, transaction }), 2);

    run.begun("totals-0-2", 0);
    run.appended(("totals", 0), "totals-0-2", (13, 17));
    run.ended(0, "totals-0-2", Abort, 17);
    run.stable(("totals", 0), 18);
    let (subtask, transaction) = ("counts#1".into(), "totals-0-2".into());
    run.push(Event::Transaction(T::TransactionAborted { job, subtask, attempt, transaction }), 2);

    run.begun("totals-0-3", 0);
    run.appended(("totals", 0), "totals-0-3", (18, 26));
    run.pre_committed("totals-0-3", 3);
    run.begun("totals-0-4", 0);
    run.appended(("totals", 0), "totals-0-4", (26, 30));
    run.appended(("totals", 1), "totals-0-4", (0, 5));
    run.appended(("totals", 0), "", (30, 36));
    let (transactional_id, epoch) = (Name::from("totals-0-4"), 0);
    let producer = producer(&transactional_id);
    run.log(LogEvent::TransactionExpired { transactional_id, producer, epoch });
    let (subtask, transaction) = ("counts#1".into(), "totals-0-0".into());
    let cause = "its transaction was aborted by the broker".into();
    run.push(Event::Transaction(T::CommitFailed { job, subtask, attempt, transaction, cause }), 2);
}

fn in_the_stores(run: &mut Run) {
    let prepared = |name: &str, rows| DatabaseEvent::TransactionPrepared {
        transaction: name.into(),
        table: "accounts".into(),
        rows,
    };
    let (table, rows, part_of) = ("accounts".into(), 40, "".into());
    run.database(DatabaseEvent::TableChanged { table, rows, part_of });
    run.database(prepared("accounts-0-1", 6));
    run.database(DatabaseEvent::PreparedCommitted { transaction: "accounts-0-1".into() });
    run.database(prepared("accounts-0-2", 4));
    run.database(DatabaseEvent::DatabaseRefused { cause: "row 7 is locked".into() });
    run.asked("total", "100", Some("100"));
    run.asked("negative", "3 -20", Some("0"));
    run.asked("accounts", "40", None);
    run.stored("checkpoints/1/counts-1", 1_024);
    run.stored("files/words/.words-0-1.0.inprogress", 700);
    run.stored("files/words/.words-0-2.0.inprogress", 90);
    let (from, to) = ("files/words/.words-0-1.0.inprogress", "files/words/words-0-1.0");
    let renamed = StorageEvent::FileRenamed { from: from.into(), to: to.into() };
    run.push(Event::Storage(renamed), 4);
    let (path, cause) = ("checkpoints/2/counts-1".into(), "the disk is full".to_owned());
    run.push(Event::Storage(StorageEvent::FileRefused { path, cause }), 4);
    let fields = vec!["to".to_owned(), "7".to_owned()];
    let row = Row { kind: RowKind::UpdateAfter, fields, id: None, number: None };
    let (sink, subtask) = (Name::from("totals"), Name::from("counts#1"));
    let rows = vec![row];
    let (of, by) = (sink.clone(), subtask.clone());
    run.push(Event::Sink(SinkEvent::RowsWritten { sink: of, subtask: by, rows }), 2);
    let visible = SinkEvent::RowsVisible {
        sink,
        subtask,
        attempt: 0,
        rows: 12,
        hash: 9,
        numbers: Vec::new(),
        shown: Vec::new(),
    };
    run.push(Event::Sink(visible), 2);
}

fn in_the_cluster(run: &mut Run) {
    run.push(Event::Node(NodeEvent::ClockChanged { offset_us: 1_500, drift_ppm: 20 }), 3);
    let what = "taskmanager-2 is cut off from jobmanager-1".to_owned();
    run.push(Event::Fault(FaultEvent::FaultInjected { fault: 1, what }), 0);
    run.push(Event::Node(NodeEvent::LinkCut { to: "jobmanager-1".into() }), 3);
    run.push(Event::Node(NodeEvent::LinkCut { to: "taskmanager-2".into() }), 1);
    run.push(Event::Node(NodeEvent::LinkCut { to: "storage".into() }), 2);
    let sent = RpcEvent::RpcSent {
        from: "jobmaster-1".into(),
        to: "taskmanager-2".into(),
        message: "TriggerCheckpoint".into(),
        about: "checkpoint 4".to_owned(),
    };
    run.push(Event::Rpc(sent), 1);
    run.push(Event::Node(NodeEvent::BytesLost { file: "log".to_owned(), bytes: 512 }), 4);
    let (taskmanager, cause) = ("taskmanager-2".into(), "heartbeat timed out".to_owned());
    run.push(Event::Resource(ResourceEvent::TaskExecutorLost { taskmanager, cause }), 1);
    let (fault, what) = (2, "taskmanager-1 pauses".to_owned());
    run.push(Event::Fault(FaultEvent::FaultInjected { fault, what: what.clone() }), 0);
    run.push(Event::Node(NodeEvent::NodePaused), 2);
    run.push(Event::Node(NodeEvent::NodeResumed), 2);
    run.push(Event::Fault(FaultEvent::FaultHealed { fault, what }), 0);
    let restored = RecoveryEvent::StateRestored {
        job: JOB,
        subtask: "text#2".into(),
        attempt: 0,
        checkpoint: CheckpointId(3),
        files: Vec::new(),
        positions: vec![SplitPosition { operator: "text".into(), split: 1, position: 90 }],
        state: Vec::new(),
        state_version: 0,
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    run.push(Event::Recovery(restored), 3);
}

fn timeline(nodes: Vec<Name>, run: Run) -> Timeline {
    let header = Header::new("word-count", "", Seed(7), nodes);
    Timeline::new(Header { level: Level::Records, ..header }, run.events)
}

/// A view of the run just after the first event that is like this.
pub fn app(options: &Options, size: (u16, u16), at: impl Fn(&Event) -> bool) -> App {
    let (nodes, run) = trace();
    let mut timeline = timeline(nodes, run);
    let position = timeline.next_matching(|recorded| at(&recorded.event));
    timeline.seek_position(position.expect("the run comes to it"));
    let title = "Word count with much around it".to_owned();
    let (teaches, about) = (Vec::new(), String::new());
    App::new(Source { title, teaches, about, timeline, grows: false }, options, size)
}

/// A run in which names and causes would do harm to a terminal if they could, and numbers are as
/// large as they can be.
pub fn hostile(options: &Options, size: (u16, u16)) -> App {
    let mut run = Run::new();
    let harm = "\u{1b}[31m\u{202e}gnol\n".repeat(40);
    let most = u64::MAX;
    run.taken(most, [most, 0]);
    for partition in [0, u16::MAX] {
        run.appended((&harm, partition), &harm, (0, most));
        run.appended((&harm, partition), "backwards", (most, 3));
        run.stable((&harm, partition), most);
    }
    run.begun(&harm, u32::MAX);
    run.pre_committed(&harm, most);
    let (job, subtask, attempt) = (JOB, Name::from(harm.as_str()), u32::MAX);
    let (transaction, cause) = ("lost".into(), harm.as_str().into());
    run.push(Event::Transaction(T::CommitFailed { job, subtask, attempt, transaction, cause }), 2);
    let prepared = DatabaseEvent::TransactionPrepared {
        transaction: harm.as_str().into(),
        table: harm.as_str().into(),
        rows: u32::MAX,
    };
    run.database(prepared);
    run.database(DatabaseEvent::DatabaseRefused { cause: harm.as_str().into() });
    run.asked(&harm, &harm, Some("\u{7}"));
    run.stored(&format!("files/{harm}/.part"), most);
    run.stored("other", most);
    let (offset_us, drift_ppm) = (i64::MIN, i64::MIN);
    run.push(Event::Node(NodeEvent::ClockChanged { offset_us, drift_ppm }), 3);
    run.push(Event::Node(NodeEvent::LinkCut { to: harm.as_str().into() }), 9);
    let sent = RpcEvent::RpcSent {
        from: harm.as_str().into(),
        to: harm.as_str().into(),
        message: harm.as_str().into(),
        about: harm.clone(),
    };
    run.push(Event::Rpc(sent), 1);
    let registered = ResourceEvent::TaskExecutorRegistered {
        taskmanager: harm.as_str().into(),
        slots: u16::MAX,
    };
    run.push(Event::Resource(registered), 1);
    run.push(Event::Fault(FaultEvent::FaultInjected { fault: 1, what: harm.clone() }), 0);
    let mut timeline = timeline(run::nodes(), run);
    timeline.seek_position(usize::MAX);
    let (title, teaches, about) = (harm, Vec::new(), String::new());
    App::new(Source { title, teaches, about, timeline, grows: false }, options, size)
}

fn ascii() -> Options {
    Options { ascii: true, ..Options::default() }
}

/// The last event of the run.
fn is_last(event: &Event) -> bool {
    matches!(event, Event::Recovery(RecoveryEvent::StateRestored { .. }))
}

fn check(
    (name, options, size): (&str, Options, (u16, u16)),
    at: impl Fn(&Event) -> bool,
    typed: &str,
) {
    let mut app = app(&options, size, at);
    keys(&mut app, typed);
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, screen(&app, size));
    });
}

#[test]
fn the_outside_is_shown_with_what_nobody_sees_yet() {
    let plain = Options::default;
    check(("outside-80", plain(), SMALL), is_last, "5");
    check(("outside-80-ascii", ascii(), SMALL), is_last, "5");
    check(("outside-down-80", plain(), SMALL), is_last, "5jjjjjjjjjjjjjjjj");
    check(("outside-160", plain(), LARGE), is_last, "5");
    check(("outside-60", plain(), (60, 20)), is_last, "5");
    let prepares = |event: &Event| matches!(event, Event::Transaction(T::CommitRequested { .. }));
    check(("outside-commits-80", plain(), SMALL), prepares, "5");
}

#[test]
fn nothing_outside_is_said_to_be_nothing() {
    let starts = |event: &Event| matches!(event, Event::Node(NodeEvent::NodeStarted { .. }));
    check(("outside-none-80", Options::default(), SMALL), starts, "5");
}

#[test]
fn the_cluster_is_shown_with_what_is_wrong_with_it() {
    let plain = Options::default;
    check(("cluster-80", plain(), SMALL), is_last, "6");
    check(("cluster-80-ascii", ascii(), SMALL), is_last, "6");
    check(("cluster-160", plain(), LARGE), is_last, "6");
    check(("cluster-60", plain(), (60, 20)), is_last, "6");
}

/// What is around the jobs changes between the changes of the graph.
#[test]
fn one_stops_at_changes_of_what_one_looks_at() {
    let begins = |event: &Event| matches!(event, Event::Checkpoint(_));
    let after = |typed: &str| {
        let mut app = app(&Options::default(), SMALL, begins);
        let before = app.timeline().position();
        keys(&mut app, typed);
        app.timeline().position() - before
    };
    assert_eq!(after("5]"), 1);
    assert_eq!(after("5]]["), 1);
    assert!(after("1]") > 10);
}
