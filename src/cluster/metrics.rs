//! What each subtask of a run has done, folded from its control events.
//!
//! As in Flink, metrics are an attempt's own: a restart begins to count anew. What is reported of a
//! subtask is what its last attempt did, beside how many attempts there were. An attempt says so
//! when it ends, and so nothing is known of one that was lost with its TaskManager, has not come to
//! work, or was still at work when the run ended.
//!
//! Invariant: nothing is asked but the trace, which is the same at every level.
//!
//! Previous: [`crate::trace`]. Next: [`super::RunReport`].

use std::collections::BTreeMap;

use crate::base::{JobId, Name, SimDuration};
use crate::graph::{PhysicalPlan, VertexSubtask};
use crate::trace::{Event, TaskEvent};

/// What a subtask has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubtaskMetrics {
    /// The name of its job.
    pub job: Name,
    /// The name of its vertex.
    pub vertex: Name,
    /// The uid of its vertex.
    pub uid: Name,
    /// Its index among its siblings, from 0.
    pub index: u32,
    /// How many attempts there were, whether or not they came to work.
    pub attempts: u32,
    /// What the last of them did, if that is known.
    pub last: Option<AttemptMetrics>,
}

impl SubtaskMetrics {
    /// What it is called in traces and on screens, such as `parse#1`.
    pub fn subtask(&self) -> String {
        format!("{}#{}", self.uid, self.index + 1)
    }
}

/// What an attempt has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptMetrics {
    /// Records that came in; those of a source are the ones that it has read.
    pub records_in: u64,
    /// Records that went out; those of a sink are the rows that it has written.
    pub records_out: u64,
    /// Time spent working.
    pub busy: SimDuration,
    /// Time spent waiting for room for output.
    pub back_pressured: SimDuration,
    /// Time spent waiting for input.
    pub idle: SimDuration,
}

/// See the module.
#[derive(Default)]
pub(super) struct Metrics(BTreeMap<JobId, BTreeMap<Name, Attempts>>);

/// The attempts of a subtask so far.
#[derive(Clone, Copy, Default)]
struct Attempts {
    count: u32,
    last: Option<AttemptMetrics>,
}

impl Metrics {
    /// Takes an event in.
    pub(super) fn apply(&mut self, event: &Event) {
        let Event::Task(event) = event else { return };
        match event {
            TaskEvent::ExecutionStateChanged { job, subtask, attempt, .. }
            | TaskEvent::TaskStarted { job, subtask, attempt } => {
                self.attempt(*job, subtask, *attempt);
            }
            TaskEvent::TaskEnded {
                job,
                subtask,
                attempt,
                state: _,
                records_in,
                records_out,
                busy_us,
                back_pressured_us,
                idle_us,
            } => {
                if let Some(attempts) = self.attempt(*job, subtask, *attempt) {
                    attempts.last = Some(AttemptMetrics {
                        records_in: *records_in,
                        records_out: *records_out,
                        busy: SimDuration::from_micros(*busy_us),
                        back_pressured: SimDuration::from_micros(*back_pressured_us),
                        idle: SimDuration::from_micros(*idle_us),
                    });
                }
            }
            TaskEvent::StateLeft { .. }
            | TaskEvent::BackPressured { .. }
            | TaskEvent::BackPressureEased { .. } => {}
        }
    }

    /// The attempts of a subtask, if this one, numbered from 0, is the last of them: one that was
    /// replaced may end after its successor has begun.
    fn attempt(&mut self, job: JobId, subtask: &Name, attempt: u32) -> Option<&mut Attempts> {
        let attempts = self.0.entry(job).or_default().entry(subtask.clone()).or_default();
        let count = attempt.saturating_add(1);
        if attempts.count < count {
            *attempts = Attempts { count, last: None };
        }
        (attempts.count == count).then_some(attempts)
    }

    /// Every subtask of the jobs whose plans these are, in order of submission: vertex by vertex,
    /// also those that were never deployed.
    pub(super) fn of<'a>(
        &self,
        plans: impl IntoIterator<Item = &'a PhysicalPlan>,
    ) -> Vec<SubtaskMetrics> {
        // The client numbers jobs from 1.
        let numbered = (1..).map(JobId).zip(plans);
        numbered.flat_map(|(job, plan)| self.of_job(job, plan)).collect()
    }

    fn of_job(&self, job: JobId, plan: &PhysicalPlan) -> Vec<SubtaskMetrics> {
        let (graph, known) = (&plan.execution.job, self.0.get(&job));
        let name = Name::from(graph.name.as_str());
        let mut subtasks = Vec::new();
        for vertex in &graph.vertices {
            let (title, uid) = (Name::from(vertex.name.as_str()), Name::from(vertex.uid.as_str()));
            for index in 0..vertex.parallelism {
                let subtask = graph.subtask_name(VertexSubtask { vertex: vertex.id, index });
                let attempts = known.and_then(|known| known.get(subtask.as_str()));
                let Attempts { count, last } = attempts.copied().unwrap_or_default();
                subtasks.push(SubtaskMetrics {
                    job: name.clone(),
                    vertex: title.clone(),
                    uid: uid.clone(),
                    index,
                    attempts: count,
                    last,
                });
            }
        }
        subtasks
    }
}
