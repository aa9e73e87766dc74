//! Scenario files: what they say is taken over, and whatever is wrong with one ends in exactly
//! one error at one place.

use std::collections::BTreeMap;
use std::path::Path;

use insta::assert_snapshot;
use proptest::prelude::*;
use weir::api::{Program, StreamExecutionEnvironment};
use weir::base::{Seed, SimDuration, SimTime};
use weir::cluster::{
    AttemptMetrics, EndReason, JobReport, LatencyReport, RunReport, SinkReport, SubtaskMetrics,
};
use weir::gallery::{ArgumentError, ArgumentKind, ArgumentValue, Arguments, GalleryJob, Registry};
use weir::operator::{AccumulatorError, AccumulatorValue};
use weir::record::{Row, RowKind};
use weir::scenario::{
    Lowered, Outcome, Overrides, Scenario, ScenarioError, embedded, load, lower, parse, parse_with,
};
use weir::sim::{FaultAction, When};
use weir::trace::{JobStatus, Level};

const HEAD: &str = "title = \"t\"\n";
const JOB: &str = "[job]\nprogram = \"count\"\nargs = { input = \"x.csv\" }\n";

/// What is wrong with a scenario, as a person sees it.
fn check(text: &str) -> String {
    match parse(text, "s.toml")
        .and_then(|scenario| lower(&scenario, &registry(), &Overrides::default()))
    {
        Ok(_) => "fine".to_owned(),
        Err(error) => shown(&error),
    }
}

/// What is wrong with a scenario of head, `section` and job.
fn check_section(section: &str) -> String {
    check(&format!("{HEAD}{section}\n{JOB}"))
}

/// What is wrong with a scenario over which a flag is laid.
fn check_flag(flag: &str) -> String {
    let text = format!("{HEAD}[cluster]\nslots = 2\n{JOB}");
    let parsed = parse_with(&text, "s.toml", &[flag.to_owned()]);
    match parsed.and_then(|scenario| lower(&scenario, &registry(), &Overrides::default())) {
        Ok(_) => "fine".to_owned(),
        Err(error) => shown(&error),
    }
}

fn shown(error: &ScenarioError) -> String {
    let rendered = error.render(false);
    let (place, line, column) = error.place();
    assert!(line >= 1 && column >= 1, "{place}:{line}:{column}");
    rendered
}

/// A registry of one job that needs no engine.
fn registry() -> Registry {
    let build = |arguments: &Arguments| -> Result<Program, ArgumentError> {
        if arguments.integer("every")? < 1 {
            return Err(ArgumentError::new("every", "must be positive"));
        }
        arguments.path("input")?;
        let env = StreamExecutionEnvironment::new("");
        let counts = env.from_collection(vec![("a".to_owned(), 1_u64)]);
        counts.upsert_to("counts", ["word", "count"], 1);
        Ok(env.build().expect("it is sound"))
    };
    let job = GalleryJob::new("count", "Counts.", build)
        .argument("input", ArgumentKind::File, "what to read")
        .optional("every", ArgumentValue::Integer(1), "how often")
        .optional("pace", ArgumentValue::Duration(SimDuration::ZERO), "how fast")
        .sink("counts", &["word", "count"]);
    Registry::default().with(job)
}

mod config;
mod errors;
mod malformed;

#[test]
fn everything_a_scenario_says_is_taken_over() {
    let text = r#"
        title = "All of it"
        teaches = ["one", "two"]
        about = "What to see."
        seed = 9
        [cluster]
        taskmanagers = 3
        slots = 4
        jobmanagers = 1
        mode = "session"
        provider = "standalone"
        heartbeat-interval = "1s"
        heartbeat-timeout = "1min"
        slot-request-timeout = "2h"
        [network]
        latency = "1ms..5ms"
        loss = 0.25
        bandwidth = "10MB/s"
        loopback = "1us"
        [[link]]
        from = "taskmanager-1"
        to = "client"
        latency = "2ms"
        [[node]]
        name = "taskmanager-2"
        clock-offset = "-1.5s"
        clock-drift = "200ppm"
        [disk]
        bandwidth = "1MiB/s"
        sync = "3ms"
        capacity = "1GB"
        [job]
        name = "mine"
        program = "count"
        args = { input = "x.csv", every = 3, pace = "5ms" }
        parallelism = 2
        submit-at = "1s"
        cancel-at = "1min"
        chaining = false
        auto-watermark-interval = "40ms"
        buffer-timeout = "7ms"
        buffer-records = 16
        credits = 3
        output-buffers = 5
        record-cost = "2us"
        [[fault]]
        when = { event = "task-started", subtask = "count#1", node = "taskmanager-1" }
        nth = 2
        kill = "taskmanager-1"
        restart-after = "1s"
        [[fault]]
        at = "1.2s"
        pause = "taskmanager-2"
        for = "3s"
        [[fault]]
        step = 4711
        partition = ["taskmanager-1", "client"]
        to = "jobmanager-1"
        one-way = true
        [[fault]]
        at = "2s"
        degrade = { from = "taskmanager-1", to = "client", loss = 0.5 }
        for = "1s"
        [[fault]]
        at = "3s"
        clock = "client"
        jump = "1min"
        drift = "-5ppm"
        [[fault]]
        at = "4s"
        disk = "client"
        trouble = "slow"
        factor = 10
        [[note]]
        at = "5s"
        text = "Look."
        [expect]
        job = "failed"
        root-cause = "because"
        rows = { counts = 0 }
        totals = { counts = { count = -3 } }
        [limits]
        events = 1000
        virtual-time = "1d"
        memory = "1GB"
    "#;
    let scenario = parse(text, "s.toml").expect("it is well formed");
    let lowered = lower(&scenario, &registry(), &Overrides::default()).expect("it fits the job");
    assert_eq!(lowered.submissions[0].program.graph.name, "mine");
    assert!(!lowered.submissions[0].program.graph.chaining);
    let interval = lowered.submissions[0].program.code.watermark_interval;
    assert_eq!(interval, SimDuration::from_millis(40));
    assert_eq!(lowered.submissions[0].at, SimTime(1_000_000_000));
    assert_eq!(lowered.submissions[0].cancel_at, Some(SimTime(60_000_000_000)));
    insta::assert_debug_snapshot!("everything", (lowered.options, lowered.expectations));
}

#[test]
fn every_embedded_scenario_parses_and_explains_itself() {
    let names = embedded().names();
    assert!(names.len() >= 12, "{names:?}");
    for name in names {
        let scenario = load(&name).unwrap_or_else(|error| panic!("{error}"));
        assert!(!scenario.teaches.is_empty(), "{name} teaches nothing");
        assert!(scenario.about.len() > 100, "{name} says little about itself");
        assert!(!scenario.notes.is_empty(), "{name} has no note");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
        let path = path.to_str().expect("the checkout's path is text");
        let from_file = load(path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(from_file.title, scenario.title);
    }
}

#[test]
fn files_are_found_relative_to_the_scenario_and_not_outside_what_is_embedded() {
    let reads = |name: &str, input: &str| -> Result<usize, String> {
        let read = |arguments: &Arguments| -> Result<Program, ArgumentError> {
            let bytes = arguments.file("input")?;
            // The length comes back as a failure, since lowering renames the graph.
            Err(ArgumentError { argument: None, message: bytes.len().to_string() })
        };
        let job = GalleryJob::new("word-count", "", read).argument("input", ArgumentKind::File, "");
        let flags = [format!("job.args.input={input:?}")];
        let scenario = weir::scenario::load_with(name, &flags).map_err(|e| e.to_string())?;
        let error = lower(&scenario, &Registry::default().with(job), &Overrides::default())
            .err()
            .expect("the job always refuses");
        error.message().parse().map_err(|_| error.message().to_owned())
    };
    let root = env!("CARGO_MANIFEST_DIR");
    let file = format!("{root}/scenarios/basics/word-count.toml");
    let length = std::fs::metadata(format!("{root}/scenarios/data/words.txt")).unwrap().len();
    assert_eq!(reads("basics/word-count", "../data/words.txt"), Ok(length as usize));
    assert_eq!(reads(&file, "../data/words.txt"), Ok(length as usize));
    for path in ["../../Cargo.toml", "/etc/hostname", "../data/absent.txt"] {
        let error = reads("basics/word-count", path).unwrap_err();
        assert!(error.contains("embedded"), "{path}: {error}");
    }
}

/// What becomes of a scenario whose run comes to `report`.
fn outcome(text: &str, overrides: &Overrides, report: RunReport) -> Outcome {
    let scenario = parse(text, "s.toml").unwrap();
    let Lowered { label, options, expectations, .. } =
        lower(&scenario, &registry(), overrides).unwrap();
    Outcome::new(label.scenario, options.sim.seed, &expectations, report)
}

fn report(status: JobStatus, cause: Option<&str>, rows: usize) -> RunReport {
    let row =
        Row { kind: RowKind::Insert, fields: vec!["a".into(), "1".into()], id: None, number: None };
    let sink = SinkReport {
        columns: vec!["word".to_owned(), "count".to_owned()],
        committed: rows as u64,
        rows: vec![row; rows],
        latency: Some(LatencyReport { p50: 1.5, p99: 2.0, max: 2.5 }),
    };
    RunReport {
        digest: "d1".to_owned(),
        level: Level::Off,
        events: 10,
        virtual_time: SimTime(5_000_000),
        jobs: vec![JobReport {
            name: "count".to_owned(),
            status,
            counts: weir::check::JobCounts::default(),
            cause: cause.map(str::to_owned),
            accumulators: BTreeMap::new(),
        }],
        sinks: BTreeMap::from([("counts".to_owned(), sink)]),
        metrics: Vec::new(),
        latency: None,
        end: EndReason::Completed,
        vacuous: Vec::new(),
        verdict: weir::check::Verdict::default(),
        trace: None,
    }
}

/// The exit code of a scenario that expects `expect` and comes to `report`, and what does not
/// hold.
fn check_judgement(expect: &str, report: RunReport) -> (u8, Vec<String>) {
    let text = format!("{HEAD}{JOB}[expect]\n{expect}");
    let outcome = outcome(&text, &Overrides::default(), report);
    let failed = outcome
        .judgement
        .expectations
        .iter()
        .filter_map(|judged| Some(format!("{}: {}", judged.text, judged.found.as_ref()?)))
        .collect();
    (outcome.exit_code(), failed)
}

#[test]
fn a_run_is_held_against_the_delivery_that_was_expected_of_it() {
    use weir::check::{Delivery, Verdict};
    let judged = |expect: &str, delivery| {
        let text = format!("{HEAD}{JOB}[expect]\n{expect}");
        let scenario = parse(&text, "s.toml").unwrap();
        let job = registry().jobs.remove(0).expecting(|_| {
            Ok(BTreeMap::from([("counts".to_owned(), vec![vec!["a".to_owned(), "1".to_owned()]])]))
        });
        let registry = Registry::default().with(job);
        let lowered = lower(&scenario, &registry, &Overrides::default()).unwrap();
        assert_eq!(lowered.submissions[0].program.expected["counts"].len(), 1);
        let report = RunReport {
            verdict: Verdict { delivery, ..Verdict::default() },
            ..report(JobStatus::Finished, None, 1)
        };
        let outcome = Outcome::new(String::new(), Seed(1), &lowered.expectations, report);
        outcome.judgement.expectations.iter().find_map(|judged| judged.found.clone())
    };
    let least = "delivery = \"at-least-once\"";
    assert_eq!(judged(least, Delivery::ExactlyOnce), None);
    assert_eq!(judged(least, Delivery::AtLeastOnce), None);
    assert_eq!(judged(least, Delivery::Unjudged), Some("it is unjudged".to_owned()));
    let exactly = "delivery-is = \"at-least-once\"";
    assert_eq!(judged(exactly, Delivery::AtLeastOnce), None);
    assert_eq!(judged(exactly, Delivery::ExactlyOnce), Some("it is exactly-once".to_owned()));
}

#[test]
fn a_run_is_held_against_what_was_expected_of_it() {
    use JobStatus::{Failed, Finished};
    let holds = (0, Vec::new());
    let violated = |text: &str| (1, vec![text.to_owned()]);
    assert_eq!(check_judgement("", report(Finished, None, 2)), holds);
    assert_eq!(check_judgement("rows = { counts = 2 }", report(Finished, None, 2)), holds);
    assert_eq!(
        check_judgement("rows = { counts = 3 }", report(Finished, None, 2)),
        violated("sink counts shows 3 rows: it shows 2")
    );
    assert_eq!(
        check_judgement("totals = { counts = { count = 2 } }", report(Finished, None, 2)),
        holds
    );
    assert_eq!(
        check_judgement("totals = { counts = { count = 3 } }", report(Finished, None, 2)),
        violated("column count of sink counts sums up to 3: it is 2")
    );
    assert_eq!(
        check_judgement("totals = { counts = { word = 0 } }", report(Finished, None, 2)),
        violated(
            "column word of sink counts sums up to 0: row 1 has `a`, which is no whole number"
        )
    );
    assert_eq!(
        check_judgement("totals = { counts = { word = 0 } }", report(Finished, None, 0)),
        holds
    );
    assert_eq!(
        check_judgement("", report(Failed, Some("boom"), 0)),
        violated("job count is FINISHED: it is FAILED: boom")
    );
    let expect = "job = \"failed\"\nroot-cause = \"boom\"";
    assert_eq!(check_judgement(expect, report(Failed, Some("a boom"), 0)), holds);
    assert_eq!(
        check_judgement(expect, report(Failed, Some("a bang"), 0)),
        violated("the root cause contains \"boom\": job count failed with \"a bang\"")
    );
    let vacuous = RunReport { vacuous: vec!["fault 1".into()], ..report(Finished, None, 2) };
    assert_eq!(check_judgement("", vacuous), (1, Vec::new()));
    let limit =
        RunReport { end: EndReason::Limit("10 events".into()), ..report(Finished, None, 2) };
    assert_eq!(check_judgement("", limit.clone()).0, 3);
    assert_eq!(check_judgement("end = \"limit\"", limit).0, 0);
    assert_eq!(check_judgement("end = \"limit\"", report(Finished, None, 2)).0, 1);
    let interrupted = RunReport { end: EndReason::Interrupted, ..report(Finished, None, 2) };
    assert_eq!(check_judgement("", interrupted).0, 130);
}

#[test]
fn the_machine_readable_result_has_the_agreed_fields() {
    let mut vacuous = RunReport {
        vacuous: vec!["fault 1 never had its moment".into()],
        ..report(JobStatus::Finished, None, 1)
    };
    let (name, first, second) = ("mixed".into(), "LongCounter", "Histogram");
    vacuous.jobs[0].accumulators = BTreeMap::from([
        ("lines".to_owned(), Ok(AccumulatorValue::LongCounter(7))),
        ("mixed".to_owned(), Err(AccumulatorError::DifferentTypes { name, first, second })),
        ("seconds".to_owned(), Ok(AccumulatorValue::DoubleCounter(f64::INFINITY))),
    ]);
    let [busy, back_pressured, idle] = [1, 20, 300].map(SimDuration::from_micros);
    let last = AttemptMetrics { records_in: 9, records_out: 8, busy, back_pressured, idle };
    let of = |index, last| {
        let (job, vertex, uid) = ("count".into(), "Sum -> counts: Writer".into(), "sum".into());
        SubtaskMetrics { job, vertex, uid, index, attempts: 2, last }
    };
    vacuous.metrics = vec![of(0, Some(last)), of(1, None)];
    let overrides = Overrides { seed: Some(Seed(4)), level: Level::Off, mutant: None };
    let outcome = outcome(&format!("{HEAD}{JOB}"), &overrides, vacuous);
    assert_snapshot!(serde_json::to_string_pretty(&outcome.to_json(12, "weir1-x")).unwrap(), @r#"
{
  "scenario": "s.toml",
  "seed": 4,
  "digest": "d1",
  "trace_level": "off",
  "events": 10,
  "virtual_ms": 5,
  "wall_ms": 12,
  "jobs": [
    {
      "name": "count",
      "status": "FINISHED",
      "restarts": 0,
      "checkpoints": {
        "completed": 0,
        "aborted": 0
      },
      "accumulators": {
        "lines": 7,
        "mixed": {
          "error": "The accumulator object 'mixed' was created with two different types: LongCounter and Histogram"
        },
        "seconds": "Infinity"
      }
    }
  ],
  "job_status": "FINISHED",
  "restarts": 0,
  "verdict": {
    "delivery": "unjudged",
    "invariants": []
  },
  "expectations": [
    {
      "text": "the run completes",
      "holds": true
    },
    {
      "text": "job count is FINISHED",
      "holds": true
    },
    {
      "text": "every invariant holds",
      "holds": true
    },
    {
      "text": "not vacuous: fault 1 never had its moment",
      "holds": false
    }
  ],
  "holds": false,
  "sinks": {
    "counts": {
      "committed": 1,
      "pending": 0,
      "aborted": 0,
      "duplicates": null,
      "lost": null,
      "latency_ms": {
        "p50": 1.5,
        "p99": 2.0,
        "max": 2.5
      }
    }
  },
  "latency_ms": null,
  "metrics": [
    {
      "job": "count",
      "vertex": "Sum -> counts: Writer",
      "uid": "sum",
      "subtask": "sum#1",
      "attempts": 2,
      "records_in": 9,
      "records_out": 8,
      "busy_us": 1,
      "back_pressured_us": 20,
      "idle_us": 300
    },
    {
      "job": "count",
      "vertex": "Sum -> counts: Writer",
      "uid": "sum",
      "subtask": "sum#2",
      "attempts": 2,
      "records_in": null,
      "records_out": null,
      "busy_us": null,
      "back_pressured_us": null,
      "idle_us": null
    }
  ],
  "token": "weir1-x"
}
"#);
}

#[test]
fn flags_are_laid_over_the_text() {
    let text =
        format!("{HEAD}[cluster]\nslots = 2\n{JOB}[[fault]]\nat = \"1s\"\nkill = \"client\"\n");
    let flags = [
        "cluster.slots=3",
        "seed = 12",
        "job.args.every = 4",
        "fault.1.at = \"2s\"",
        "network = { latency = \"9ms\" }",
    ];
    let scenario: Scenario = parse_with(&text, "s.toml", &flags.map(str::to_owned)).unwrap();
    assert_eq!((scenario.cluster.slots, scenario.seed), (3, Seed(12)));
    assert_eq!(scenario.faults[0].when, When::At(SimTime(2_000_000_000)));
    let kill = FaultAction::Kill { node: "client".to_owned(), restart_after: None };
    assert_eq!(scenario.faults[0].action, kill);
    let nine = SimDuration::from_millis(9);
    assert_eq!(scenario.network.default.latency, nine..=nine);
}
