//! What became of a scenario, and how that is told to a machine.

use serde_json::{Map, Value, json};

use super::judge::{Expectations, Judgement, judge, status_name};
use crate::base::{Seed, SimDuration};
use crate::cluster::{AttemptMetrics, EndReason, JobReport, RunReport, SubtaskMetrics};

/// What became of a scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The scenario's name.
    pub scenario: String,
    /// The seed it ran with.
    pub seed: Seed,
    /// What the run came to.
    pub report: RunReport,
    /// What was expected of it.
    pub judgement: Judgement,
}

impl Outcome {
    /// What became of a scenario whose run came to `report`.
    pub fn new(
        scenario: String,
        seed: Seed,
        expectations: &Expectations,
        report: RunReport,
    ) -> Self {
        let judgement = judge(expectations, &report);
        Self { scenario, seed, report, judgement }
    }

    /// The exit code of a command that ran it: 130 if it was interrupted, 3 if it reached a
    /// limit that it was not expected to reach, 1 if an expectation is violated or something is
    /// vacuous, else 0.
    pub fn exit_code(&self) -> u8 {
        match &self.report.end {
            EndReason::Interrupted => 130,
            _ if self.judgement.holds => 0,
            EndReason::Limit(_) if !self.judgement.limit_expected => 3,
            EndReason::Limit(_) | EndReason::Completed => 1,
        }
    }

    /// The object that `weir run --json` prints. `wall_ms` is how long the run took outside, and
    /// `token` what has it run again.
    pub fn to_json(&self, wall_ms: u64, token: &str) -> Value {
        let report = &self.report;
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("scenario", json!(self.scenario));
        put("seed", json!(self.seed));
        put("digest", json!(report.digest));
        put("trace_level", json!(report.level));
        put("events", json!(report.events));
        put("virtual_ms", json!(report.virtual_time.as_millis()));
        put("wall_ms", json!(wall_ms));
        put("jobs", report.jobs.iter().map(job_json).collect());
        if let [job] = report.jobs.as_slice() {
            put("job_status", json!(status_name(job.status)));
            put("restarts", json!(job.counts.restarts));
        }
        let invariants = report.verdict.to_json();
        put("verdict", json!({ "delivery": report.verdict.delivery, "invariants": invariants }));
        put("expectations", self.expectations_json());
        put("holds", json!(self.judgement.holds));
        put("sinks", self.sinks_json());
        put("latency_ms", json!(report.latency));
        put("metrics", report.metrics.iter().map(subtask_json).collect());
        put("token", json!(token));
        Value::Object(object)
    }

    /// What is vacuous stands among the expectations, as one that does not hold.
    fn expectations_json(&self) -> Value {
        let vacuous = self.judgement.vacuous.iter();
        let vacuous =
            vacuous.map(|what| json!({ "text": format!("not vacuous: {what}"), "holds": false }));
        self.judgement.expectations.iter().map(|judged| json!(judged)).chain(vacuous).collect()
    }

    fn sinks_json(&self) -> Value {
        let sink = |(name, sink): (&String, &crate::cluster::SinkReport)| {
            let mut counts = match self.report.verdict.sinks.get(name.as_str()) {
                Some(judged) => judged.to_json(),
                None => json!({
                    "committed": sink.committed,
                    "pending": 0,
                    "aborted": 0,
                    "duplicates": null,
                    "lost": null,
                }),
            };
            counts["latency_ms"] = json!(sink.latency);
            (name.clone(), counts)
        };
        Value::Object(self.report.sinks.iter().map(sink).collect())
    }
}

fn job_json(job: &JobReport) -> Value {
    json!({
        "name": job.name,
        "status": status_name(job.status),
        "restarts": job.counts.restarts,
        "checkpoints": { "completed": job.counts.completed, "aborted": job.counts.aborted },
        "accumulators": accumulators_json(job),
    })
}

/// The value of each accumulator; an object with `error` for one that has none.
fn accumulators_json(job: &JobReport) -> Value {
    let results = job.accumulators.iter().map(|(name, result)| match result {
        Ok(value) => (name.clone(), value.to_json()),
        Err(error) => (name.clone(), json!({ "error": error.to_string() })),
    });
    Value::Object(results.collect())
}

/// What a subtask's last attempt did: nulls where that is not known.
fn subtask_json(subtask: &SubtaskMetrics) -> Value {
    let last = |what: fn(&AttemptMetrics) -> u64| subtask.last.as_ref().map(what);
    json!({
        "job": &*subtask.job,
        "vertex": &*subtask.vertex,
        "uid": &*subtask.uid,
        "subtask": subtask.subtask(),
        "attempts": subtask.attempts,
        "records_in": last(|it| it.records_in),
        "records_out": last(|it| it.records_out),
        "busy_us": last(|it| micros(it.busy)),
        "back_pressured_us": last(|it| micros(it.back_pressured)),
        "idle_us": last(|it| micros(it.idle)),
    })
}

fn micros(span: SimDuration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
