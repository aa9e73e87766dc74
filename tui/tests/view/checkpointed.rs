//! Checkpoints on the screen: a word count that takes one after the other, fails and starts again.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use weir::base::{
    CheckpointId, Incarnation, JobId, Name, NodeId, Seed, SimTime, StateBackendKind, Step,
};
use weir::record::CheckpointKind;
use weir::replay::Timeline;
use weir::trace::{
    CheckpointEvent as E, Event, ExchangeEvent, ExecutionState, Header, JobEvent, JobStatus, Level,
    NodeEvent, RecordEvent, Recorded, RecoveryEvent, StateEvent, StorageEvent, TaskEvent,
};
use weir_tui::view::{App, Options, Source, UiEvent, update};

use super::windowed::body;
use super::{keys, run, screen};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 50);
const SMALLEST: (u16, u16) = (60, 20);

const JOB: JobId = JobId(1);
const TASKS: [&str; 5] = ["text#1", "text#2", "count#1", "count#2", "counts#1"];

/// Numbers and times events, and knows which attempt the tasks are at.
pub struct Run {
    pub events: Vec<Recorded>,
    attempt: u32,
}

impl Run {
    /// All tasks are deployed and nothing is sent yet.
    pub fn new() -> Self {
        let (_, events) = run::word_count();
        let is_sent =
            |it: &Recorded| matches!(it.event, Event::Record(RecordEvent::RecordsSent { .. }));
        let deployed = events.into_iter().take_while(|recorded| !is_sent(recorded));
        let mut run = Self { events: deployed.collect(), attempt: 0 };
        run.push(Event::Node(NodeEvent::NodeStarted { incarnation: Incarnation(1) }), 4);
        run
    }

    pub fn push(&mut self, event: Event, node: u16) {
        let last = self.events.last().expect("there are some");
        let is_record = event.level() == Level::Records;
        let step = Step(last.step.0 + u64::from(!is_record));
        let sub = if is_record { last.sub + 1 } else { 0 };
        let (at, node) = (SimTime(last.at.0 + 250_000), NodeId(node));
        self.events.push(Recorded { step, sub, at, node, incarnation: Incarnation(1), event });
    }

    fn checkpoint(&mut self, event: E) {
        let node = match event.subtask() {
            None => 1,
            Some(name) if name.ends_with("#2") => 3,
            Some(_) => 2,
        };
        self.push(Event::Checkpoint(event), node);
    }

    fn send(&mut self, edge: u16, from: &str, to: &str, (seq, records): (u64, u32)) {
        let (from, to) = (from.into(), to.into());
        let (job, backlog, credit) = (JOB, 0, 2);
        let sent = ExchangeEvent::BufferSent { job, edge, from, to, seq, records, backlog, credit };
        self.push(Event::Exchange(sent), 2);
    }

    fn trigger(&mut self, number: u64, kind: CheckpointKind) {
        let (job, checkpoint) = (JOB, CheckpointId(number));
        let names = |names: &[&str]| names.iter().copied().map(Name::from).collect();
        let (sources, tasks) = (names(&TASKS[..2]), names(&TASKS));
        let finished = Vec::new();
        self.checkpoint(E::CheckpointTriggered {
            job,
            checkpoint,
            barriers: kind.word().into(),
            sources,
            tasks,
            finished,
        });
    }

    fn take(&mut self, number: u64, subtask: &str, alignment_us: u64) {
        self.checkpoint(E::SnapshotTaken {
            job: JOB,
            subtask: subtask.into(),
            attempt: self.attempt,
            checkpoint: CheckpointId(number),
            barriers: CheckpointKind::default().word().into(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            positions: Vec::new(),
            state: Vec::new(),
            state_version: 7,
            watermark: None,
            start_delay_us: 750,
            alignment_us,
            sync_us: 120,
            bytes: 2_048,
        });
    }

    fn acknowledge(&mut self, number: u64, subtask: &str, alignment_us: u64) {
        let (job, attempt, checkpoint) = (JOB, self.attempt, CheckpointId(number));
        self.checkpoint(E::SnapshotStored {
            job,
            subtask: subtask.into(),
            attempt,
            checkpoint,
            files: Vec::new(),
            stored_bytes: 1_024,
            async_us: 3_400,
        });
        self.checkpoint(E::CheckpointAcknowledged {
            job,
            subtask: subtask.into(),
            attempt,
            checkpoint,
            files: Vec::new(),
            bytes: 2_048,
            stored_bytes: 1_024,
            in_flight_bytes: 0,
            start_delay_us: 750,
            alignment_us,
            sync_us: 120,
            async_us: 3_400,
        });
    }

    fn barrier(&mut self, number: u64, (edge, from, to): (u16, &str, &str), seq: u64, sent: bool) {
        let (job, attempt, checkpoint) = (JOB, self.attempt, CheckpointId(number));
        let (from, to, records, overtaken) = (from.into(), to.into(), 12, 0);
        let channel = (edge, from, to);
        let (edge, from, to) = channel;
        self.checkpoint(if sent {
            E::BarrierSent { job, edge, from, to, attempt, checkpoint, seq, records, overtaken }
        } else {
            E::BarrierReceived { job, edge, from, to, attempt, checkpoint, seq, records, overtaken }
        });
    }

    fn task(&mut self, subtask: &str, attempt: u32, to: ExecutionState) {
        let (job, from, cause) = (JOB, ExecutionState::Created, None);
        let taskmanager = (to >= ExecutionState::Deploying).then(|| "taskmanager-1".into());
        let subtask = subtask.into();
        self.push(
            Event::Task(TaskEvent::ExecutionStateChanged {
                job,
                subtask,
                attempt,
                from,
                to,
                taskmanager,
                cause,
            }),
            1,
        );
    }

    fn status(&mut self, to: JobStatus, cause: Option<&str>) {
        let (from, cause) = (JobStatus::Running, cause.map(str::to_owned));
        self.push(Event::Job(JobEvent::JobStatusChanged { job: JOB, from, to, cause }), 1);
    }
}

fn trace() -> (Vec<Name>, Vec<Recorded>) {
    let mut run = Run::new();
    completes(&mut run);
    is_aborted(&mut run);
    starts_again(&mut run);
    let nodes = run::nodes().into_iter().chain(["storage".into()]).collect();
    (nodes, run.events)
}

/// Checkpoint 1. `count#1` gets its barriers one after the other.
fn completes(run: &mut Run) {
    let job = JOB;
    for (from, to) in [("text#1", "count#1"), ("text#2", "count#1"), ("text#2", "count#2")] {
        run.send(0, from, to, (1, 12));
    }
    run.trigger(1, CheckpointKind::Aligned { timeout_ms: Some(100) });
    run.take(1, "text#1", 0);
    for (to, seq) in [("count#1", 2), ("count#2", 1)] {
        run.barrier(1, (0, "text#1", to), seq, true);
    }
    run.acknowledge(1, "text#1", 0);
    run.send(0, "text#1", "count#2", (2, 5));
    run.barrier(1, (0, "text#1", "count#1"), 2, false);
    let (subtask, attempt, checkpoint) = ("count#1".into(), 0, CheckpointId(1));
    run.checkpoint(E::AlignmentStarted { job, subtask, attempt, checkpoint });
    let channel = || (0, Name::from("text#1"), Name::from("count#1"));
    let (edge, from, to) = channel();
    run.checkpoint(E::ChannelBlocked { job, edge, from, to, checkpoint });
    run.send(0, "text#1", "count#1", (3, 9));
    let subtask = "text#2".into();
    run.checkpoint(E::SourcePaused { job, subtask, checkpoint });
    // Here one looks at it.
    let subtask = "text#2".into();
    run.checkpoint(E::SourceResumed { job, subtask, checkpoint, paused_us: 250 });
    run.take(1, "text#2", 0);
    for to in ["count#1", "count#2"] {
        run.barrier(1, (0, "text#2", to), 2, true);
    }
    run.acknowledge(1, "text#2", 0);
    for (from, to, seq) in
        [("text#2", "count#1", 2), ("text#1", "count#2", 1), ("text#2", "count#2", 2)]
    {
        run.barrier(1, (0, from, to), seq, false);
    }
    let (edge, from, to) = channel();
    run.checkpoint(E::ChannelResumed { job, edge, from, to, checkpoint });
    for (subtask, alignment_us) in [("count#1", 2_250), ("count#2", 250)] {
        run.take(1, subtask, alignment_us);
        run.barrier(1, (1, subtask, "counts#1"), 1, true);
        run.acknowledge(1, subtask, alignment_us);
    }
    for from in ["count#1", "count#2"] {
        run.barrier(1, (1, from, "counts#1"), 1, false);
    }
    run.take(1, "counts#1", 500);
    let (path, bytes, checksum) = ("checkpoints/1/counts#1".into(), 1_024, "feed".into());
    run.push(Event::Storage(StorageEvent::FileStored { path, bytes, checksum }), 4);
    run.acknowledge(1, "counts#1", 500);
    let (duration_us, bytes, stored_bytes) = (9_500, 10_240, 5_120);
    run.checkpoint(E::CheckpointCompleted { job, checkpoint, duration_us, bytes, stored_bytes });
}

/// Checkpoint 2.
fn is_aborted(run: &mut Run) {
    let (job, checkpoint, attempt) = (JOB, CheckpointId(2), 0);
    run.trigger(2, CheckpointKind::Unaligned);
    run.take(2, "text#1", 0);
    let reason = Name::from("the disk is full");
    let subtask = "count#2".into();
    run.checkpoint(E::CheckpointDeclined { job, subtask, attempt, checkpoint, reason });
    let reason = "count#2 has declined it: the disk is full".into();
    run.checkpoint(E::CheckpointAborted { job, checkpoint, reason });
}

/// The job fails and is restored from checkpoint 1; then checkpoint 3 begins.
fn starts_again(run: &mut Run) {
    let (job, checkpoint) = (JOB, Some(CheckpointId(1)));
    run.task("count#1", 0, ExecutionState::Failed);
    let cause = "count#1 has failed: no such word";
    run.status(JobStatus::Restarting, Some(cause));
    for subtask in TASKS.into_iter().filter(|subtask| *subtask != "count#1") {
        run.task(subtask, 0, ExecutionState::Canceled);
    }
    let (restart, delay_ms, cause) = (1, 500, cause.to_owned());
    run.push(Event::Recovery(RecoveryEvent::RestartScheduled { job, restart, delay_ms, cause }), 1);
    run.push(Event::Recovery(RecoveryEvent::JobRestored { job, restart, checkpoint }), 1);
    run.attempt = 1;
    for subtask in TASKS {
        run.task(subtask, 1, ExecutionState::Scheduled);
    }
    let (subtask, operator) = ("count#1".into(), "count".into());
    let (backend, first_key_group, last_key_group) = (StateBackendKind::Lsm, 0, 63);
    let opened = StateEvent::StateBackendOpened {
        job,
        subtask,
        operator,
        backend,
        first_key_group,
        last_key_group,
    };
    run.push(Event::State(opened), 2);
    let restored = RecoveryEvent::StateRestored {
        job,
        subtask: "count#1".into(),
        attempt: 1,
        checkpoint: CheckpointId(1),
        files: Vec::new(),
        positions: Vec::new(),
        state: Vec::new(),
        state_version: 7,
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    run.push(Event::Recovery(restored), 2);
    for subtask in TASKS {
        run.task(subtask, 1, ExecutionState::Running);
        let subtask = subtask.into();
        run.push(Event::Task(TaskEvent::TaskStarted { job, subtask, attempt: 1 }), 2);
    }
    run.status(JobStatus::Running, None);
    run.trigger(3, CheckpointKind::AtLeastOnce);
    run.take(3, "text#1", 0);
}

pub fn app(options: &Options, size: (u16, u16), at: impl Fn(&Event) -> bool) -> App {
    let (nodes, events) = trace();
    let header = Header::new("word-count", "", Seed(7), nodes);
    let header = Header { level: Level::Records, ..header };
    let mut timeline = Timeline::new(header, events);
    let position = timeline.next_matching(|recorded| at(&recorded.event));
    timeline.seek_position(position.expect("the run comes to it"));
    let (title, teaches, about) = (String::new(), Vec::new(), String::new());
    App::new(Source { title, teaches, about, timeline, grows: false }, options, size)
}

/// A run in which reasons, causes and names would do harm to a terminal if they could, and
/// numbers are as large as they can be.
pub fn hostile(options: &Options, size: (u16, u16)) -> App {
    let (job, attempt, checkpoint) = (JOB, u32::MAX, CheckpointId(u64::MAX));
    let mut run = Run::new();
    let harm = "\u{1b}[31m\u{202e}gnol\n";
    run.trigger(u64::MAX, CheckpointKind::Aligned { timeout_ms: Some(i64::MIN) });
    run.attempt = attempt;
    run.take(u64::MAX, harm, u64::MAX);
    run.barrier(u64::MAX, (0, "text#1", "count#1"), u64::MAX, true);
    run.take(u64::MAX, "count#1", u64::MAX);
    let reason = Name::from(harm.repeat(100));
    let subtask = "count#1".into();
    run.checkpoint(E::CheckpointDeclined {
        job,
        subtask,
        attempt,
        checkpoint,
        reason: reason.clone(),
    });
    run.checkpoint(E::CheckpointAborted { job, checkpoint, reason: reason.clone() });
    run.checkpoint(E::CheckpointNotTriggered { job, reason: reason.clone() });
    let cause = reason.to_string();
    let unusable = RecoveryEvent::CheckpointUnusable { job, checkpoint, cause: cause.clone() };
    run.push(Event::Recovery(unusable), 1);
    let (restart, delay_ms) = (u32::MAX, u64::MAX);
    run.push(Event::Recovery(RecoveryEvent::RestartScheduled { job, restart, delay_ms, cause }), 1);
    let header = Header::new("word-count", "", Seed(7), run::nodes());
    let mut timeline = Timeline::new(header, run.events);
    timeline.seek_position(usize::MAX);
    let (title, teaches, about) = (String::new(), Vec::new(), String::new());
    App::new(Source { title, teaches, about, timeline, grows: false }, options, size)
}

fn ascii() -> Options {
    Options { ascii: true, ..Options::default() }
}

/// A look at the run: a name for the snapshot, how it looks, and the keys that are typed.
fn check(
    (name, options, size): (&str, Options, (u16, u16)),
    at: impl Fn(&Event) -> bool,
    typed: &str,
) {
    let mut app = app(&options, size, at);
    keys(&mut app, typed);
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, body(&app, size));
    });
}

fn is_aligning(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(E::SourcePaused { .. }))
}

fn is_failing(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(E::CheckpointAborted { .. }))
}

fn is_waiting(event: &Event) -> bool {
    matches!(event, Event::Recovery(RecoveryEvent::RestartScheduled { .. }))
}

/// Checkpoint 3 has begun after the restart, and its first snapshot is taken.
fn runs_again(event: &Event) -> bool {
    matches!(event, Event::Checkpoint(E::SnapshotTaken { attempt: 1, .. }))
}

#[test]
fn barriers_and_channels_that_wait_are_on_the_edges() {
    let plain = Options::default;
    check(("barriers-80", plain(), SMALL), is_aligning, "");
    check(("barriers-80-ascii", ascii(), SMALL), is_aligning, "");
    check(("barriers-160", plain(), LARGE), is_aligning, "");
    check(("barriers-60", plain(), SMALLEST), is_aligning, "");
    check(("barriers-vertices-80", plain(), SMALL), is_aligning, "zzz");
}

#[test]
fn checkpoints_are_listed_with_what_each_subtask_does() {
    let plain = Options::default;
    check(("checkpoints-80", plain(), SMALL), is_aligning, "c");
    check(("checkpoints-80-ascii", ascii(), SMALL), is_aligning, "c");
    check(("checkpoints-160", plain(), LARGE), is_aligning, "c");
    check(("checkpoints-60", plain(), SMALLEST), is_aligning, "c");
    check(("checkpoints-down-80", plain(), SMALL), is_waiting, "cj");
    check(("checkpoints-aborted-80", plain(), SMALL), is_failing, "c");
    check(("checkpoints-before-160", plain(), LARGE), is_failing, "cc");
}

#[test]
fn a_restart_is_shown_with_the_checkpoint_it_goes_back_to() {
    let plain = Options::default;
    check(("checkpoints-waiting-80", plain(), SMALL), is_waiting, "c");
    check(("checkpoints-restored-80", plain(), SMALL), runs_again, "c");
    check(("checkpoints-restored-160", plain(), LARGE), runs_again, "ccc");
    check(("state-restored-80", plain(), SMALL), runs_again, "s");
}

#[test]
fn no_checkpoint_is_no_reason_to_show_none() {
    let begins = |event: &Event| matches!(event, Event::Task(TaskEvent::TaskStarted { .. }));
    check(("checkpoints-none-80", Options::default(), SMALL), begins, "c");
}

#[test]
fn what_would_harm_the_terminal_is_written_out() {
    for (name, options, size) in [
        ("checkpoints-hostile-80", Options::default(), SMALL),
        ("checkpoints-hostile-60-ascii", ascii(), SMALLEST),
    ] {
        let mut app = hostile(&options, size);
        keys(&mut app, "c");
        let shown = body(&app, size);
        assert!(shown.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')));
        insta::with_settings!({
            snapshot_path => "snapshots", prepend_module_to_snapshot => false
        }, {
            insta::assert_snapshot!(name, shown);
        });
    }
}

#[test]
fn looking_at_checkpoints_is_left_again() {
    let mut app = app(&Options::default(), SMALL, runs_again);
    let graph = screen(&app, SMALL);
    for typed in ["cccc", "CCCC", "c\u{1b}", "cjjj\u{1b}", "ccCC", "ecs\u{1b}", "co\u{1b}"] {
        keys(&mut app, typed);
        assert_eq!(screen(&app, SMALL), graph, "after {typed:?}");
    }
    // Every checkpoint at every place draws, whatever is or is not known there.
    keys(&mut app, "cc");
    for _ in 0..=app.timeline().len() {
        for code in [KeyCode::Char('['), KeyCode::Char('c'), KeyCode::PageDown] {
            update(&mut app, UiEvent::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
        assert!(!screen(&app, SMALLEST).is_empty());
    }
}
