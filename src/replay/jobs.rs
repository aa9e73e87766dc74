//! Jobs, with their tasks and channels.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event_time::{is_telling, standings};
use super::plan::{channels_of, read_plan};
use super::{
    Channel, ChannelKey, Channels, Checkpoints, Input, Place, PlanError, Positions, Restarts, Seen,
    States, Task, TaskTimes, Windows, subtask_name,
};
use crate::base::{JobId, Name, SimTime};
use crate::graph::PhysicalPlan;
use crate::trace::{
    ExchangeEvent, ExecutionState, JobEvent, JobStatus, RecordEvent, Recorded, StateEvent,
    TaskEvent, TimeEvent, TimerEvent, WindowEvent,
};

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its name.
    pub name: Name,
    /// Its status.
    pub status: JobStatus,
    /// Why it failed, if it did and has not been started again since.
    pub cause: Option<String>,
    /// Its plan, or why there is none.
    pub plan: Result<Arc<PhysicalPlan>, PlanError>,
    /// Its subtasks, by name.
    pub tasks: BTreeMap<Name, Task>,
    /// Its channels.
    pub channels: Channels,
    /// Its open windows.
    pub windows: Windows,
    /// Its keyed state and timers.
    pub states: States,
    /// Its checkpoints.
    pub checkpoints: Checkpoints,
    /// How far the splits of its sources are read.
    pub positions: Positions,
    /// How often it was started again.
    pub restarts: Restarts,
    /// Whether event time or windows are known to play a part in it.
    pub has_event_time: bool,
}

impl Job {
    fn new(name: Name, plan: Result<Arc<PhysicalPlan>, PlanError>) -> Self {
        let mut job = Self {
            name,
            status: JobStatus::Initializing,
            cause: None,
            plan,
            tasks: BTreeMap::new(),
            channels: Channels::default(),
            windows: Windows::default(),
            states: States::default(),
            checkpoints: Checkpoints::default(),
            positions: Positions::default(),
            restarts: Restarts::default(),
            has_event_time: false,
        };
        if let Ok(plan) = job.plan.clone() {
            let graph = &plan.execution.job;
            for vertex in &graph.vertices {
                for index in 0..vertex.parallelism {
                    let name = subtask_name(&vertex.uid, index);
                    job.tasks.insert(name, Task::new(Some(vertex.id)));
                }
            }
            for key in channels_of(&plan) {
                job.channels.entry(key);
            }
        }
        job
    }

    /// The `index`-th subtask (from 0) of the vertex with this uid.
    pub fn task(&self, uid: &str, index: u32) -> Option<&Task> {
        self.tasks.get(&subtask_name(uid, index))
    }

    /// The channel of the `edge`-th edge from one subtask to another, each given as the uid of
    /// its vertex and its index from 0.
    pub fn channel(&self, edge: usize, from: (&str, u32), to: (&str, u32)) -> Option<&Channel> {
        let edge = u16::try_from(edge).ok()?;
        let (from, to) = (subtask_name(from.0, from.1), subtask_name(to.0, to.1));
        self.channels.get(&ChannelKey { edge, from, to })
    }

    /// The channels into a subtask, with what each means for its event time.
    pub fn inputs<'a>(&'a self, subtask: &'a str) -> Vec<Input<'a>> {
        let at = self.tasks.get(subtask).map(|task| task.event_time.input).unwrap_or_default();
        standings(self.channels.into_subtask(subtask), at)
    }

    /// Forgets what an ended execution of `subtask` had.
    pub(super) fn reset(&mut self, subtask: &Name) {
        self.channels.reset(subtask);
        self.windows.reset(subtask);
        self.states.reset(subtask);
    }

    pub(super) fn task_mut(&mut self, subtask: &Name) -> &mut Task {
        self.tasks.entry(subtask.clone()).or_insert_with(|| Task::new(None))
    }
}

/// All jobs, by number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Jobs(BTreeMap<JobId, Job>);

impl Jobs {
    /// The jobs, by number.
    pub fn iter(&self) -> impl Iterator<Item = (JobId, &Job)> {
        self.0.iter().map(|(id, job)| (*id, job))
    }

    /// The job with this number.
    pub fn get(&self, job: JobId) -> Option<&Job> {
        self.0.get(&job)
    }

    /// A job that the trace speaks of, even if it never told of its submission.
    pub(super) fn job(&mut self, job: JobId) -> &mut Job {
        self.0.entry(job).or_insert_with(|| {
            let missing = PlanError::Unreadable("the trace does not hold it".to_owned());
            Job::new(format!("job {job}").into(), Err(missing))
        })
    }

    /// How many jobs and subtasks have been heard of. One that is new is a change to see, even if
    /// what is told of it is what is taken for granted anyway.
    pub(super) fn known(&self) -> (usize, usize) {
        (self.0.len(), self.0.values().map(|job| job.tasks.len()).sum())
    }

    pub(super) fn apply(&mut self, event: &JobEvent) -> Seen {
        let known = self.known();
        let seen = self.on_job(event);
        if known == self.known() { seen } else { Seen::Yes }
    }

    fn on_job(&mut self, event: &JobEvent) -> Seen {
        match event {
            JobEvent::JobSubmitted { job, name, plan } => {
                self.0.insert(*job, Job::new(name.clone(), read_plan(plan).map(Arc::new)));
                Seen::Yes
            }
            JobEvent::JobStatusChanged { job, to, cause, .. } => {
                let job = self.job(*job);
                if cause.is_some() || *to == JobStatus::Running {
                    job.cause.clone_from(cause);
                }
                let over = if to.is_terminal() {
                    Seen::set(&mut job.restarts.scheduled, None)
                } else {
                    Seen::No
                };
                over.or(Seen::set(&mut job.status, *to))
            }
            JobEvent::AccumulatorsMerged { job, .. } => {
                self.job(*job);
                Seen::No
            }
        }
    }

    pub(super) fn apply_task(&mut self, at: SimTime, event: &TaskEvent) -> Seen {
        let known = self.known();
        let seen = self.on_task(at, event);
        if known == self.known() { seen } else { Seen::Yes }
    }

    fn on_task(&mut self, at: SimTime, event: &TaskEvent) -> Seen {
        match event {
            TaskEvent::ExecutionStateChanged {
                job,
                subtask,
                attempt,
                to,
                taskmanager,
                cause,
                ..
            } => {
                let job = self.job(*job);
                // News of an attempt that is already replaced is none.
                let Some((task, renewed)) = job.execution(subtask, *attempt) else {
                    return Seen::No;
                };
                if cause.is_some() {
                    task.cause.clone_from(cause);
                }
                let mut seen = renewed.or(Seen::set(&mut task.state, *to));
                if taskmanager.is_some() {
                    seen = seen.or(Seen::set(&mut task.taskmanager, taskmanager.clone()));
                }
                if to.is_terminal() {
                    seen = seen.or(task.end(at));
                    if *to == ExecutionState::Finished {
                        // What it has sent is still on its way, and its state may be looked at.
                        seen = seen.or(job.channels.on_end(subtask));
                    } else {
                        job.reset(subtask);
                        seen = Seen::Yes;
                    }
                }
                seen
            }
            TaskEvent::StateLeft { .. } => Seen::No,
            TaskEvent::TaskStarted { job, subtask, attempt } => {
                match self.job(*job).execution(subtask, *attempt) {
                    Some((task, renewed)) => renewed.or(Seen::set(&mut task.started, true)),
                    None => Seen::No,
                }
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
                let job = self.job(*job);
                let Some((task, _)) = job.execution(subtask, *attempt) else { return Seen::No };
                task.end(at);
                task.records_in = *records_in;
                task.records_out = *records_out;
                task.times = Some(TaskTimes {
                    busy_us: *busy_us,
                    back_pressured_us: *back_pressured_us,
                    idle_us: *idle_us,
                });
                job.channels.on_end(subtask);
                Seen::Yes
            }
            TaskEvent::BackPressured { job, subtask } => {
                let task = self.job(*job).task_mut(subtask);
                let since = task.back_pressured_since.or(Some(at));
                Seen::set(&mut task.back_pressured_since, since)
            }
            TaskEvent::BackPressureEased { job, subtask } => {
                let task = self.job(*job).task_mut(subtask);
                let was = task.back_pressured_since.is_some();
                task.ease(at);
                if was { Seen::Yes } else { Seen::No }
            }
        }
    }

    pub(super) fn apply_exchange(&mut self, at: SimTime, event: &ExchangeEvent) -> Seen {
        let known = self.known();
        let seen = self.on_exchange(at, event);
        if known == self.known() { seen } else { Seen::Yes }
    }

    fn on_exchange(&mut self, at: SimTime, event: &ExchangeEvent) -> Seen {
        match event {
            ExchangeEvent::BufferSent { job, from, records, .. } => {
                let job = self.job(*job);
                let task = job.task_mut(from);
                task.records_out = task.records_out.saturating_add(u64::from(*records));
                job.channels.apply(at, event)
            }
            ExchangeEvent::BufferConsumed { job, to, records, .. } => {
                let job = self.job(*job);
                let task = job.task_mut(to);
                task.records_in = task.records_in.saturating_add(u64::from(*records));
                job.channels.apply(at, event)
            }
            ExchangeEvent::PartitionRequested { job, .. }
            | ExchangeEvent::CreditAdded { job, .. }
            | ExchangeEvent::WatermarkSent { job, .. }
            | ExchangeEvent::WatermarkReceived { job, .. }
            | ExchangeEvent::WatermarkStatusSent { job, .. }
            | ExchangeEvent::WatermarkStatusReceived { job, .. }
            | ExchangeEvent::EndOfInputSent { job, .. }
            | ExchangeEvent::EndOfInputReceived { job, .. } => {
                self.job(*job).channels.apply(at, event)
            }
        }
    }

    pub(super) fn apply_record(&mut self, event: &RecordEvent) -> Seen {
        let known = self.known();
        let seen = self.on_record(event);
        if known == self.known() { seen } else { Seen::Yes }
    }

    fn on_record(&mut self, event: &RecordEvent) -> Seen {
        match event {
            // Sources take records from outside, so these are what comes in.
            RecordEvent::RecordsEmitted { job, subtask, ids, values, .. } => {
                let count = u64::try_from(ids.len().max(values.len())).unwrap_or(u64::MAX);
                let task = self.job(*job).task_mut(subtask);
                task.records_in = task.records_in.saturating_add(count);
                Seen::Yes
            }
            RecordEvent::RecordsSent { job, edge, from, to, seq, values, .. } => {
                let key = ChannelKey { edge: *edge, from: from.clone(), to: to.clone() };
                self.job(*job).channels.entry(key).tell_values(*seq, values)
            }
        }
    }

    pub(super) fn apply_time(&mut self, event: &TimeEvent) -> Seen {
        let known = self.known();
        let job = self.job(event.job());
        let seen = job.task_mut(event.subtask()).event_time.apply(event);
        let seen = match is_telling(event) {
            true => seen.or(Seen::set(&mut job.has_event_time, true)),
            false => seen,
        };
        if known == self.known() { seen } else { Seen::Yes }
    }

    pub(super) fn apply_window(&mut self, recorded: &Recorded, event: &WindowEvent) -> Seen {
        let known = self.known();
        let job = self.job(event.job());
        job.task_mut(event.subtask());
        let seen = job.windows.apply(recorded.at, event);
        let seen = seen.or(Seen::set(&mut job.has_event_time, true));
        job.states.apply_window(Place::of(recorded), event);
        if known == self.known() { seen } else { Seen::Yes }
    }

    /// What is drawn of the running jobs shows nothing of their state, but that there are any.
    pub(super) fn apply_state(&mut self, at: Place, event: &StateEvent) -> Seen {
        let known = self.known();
        let job = self.job(event.job());
        job.task_mut(event.subtask());
        job.states.apply(at, event);
        if known == self.known() { Seen::No } else { Seen::Yes }
    }

    /// See [`Self::apply_state`].
    pub(super) fn apply_timer(&mut self, at: Place, event: &TimerEvent) -> Seen {
        let known = self.known();
        let job = self.job(event.job());
        job.task_mut(event.subtask());
        job.states.apply_timer(at, event);
        if known == self.known() { Seen::No } else { Seen::Yes }
    }
}
