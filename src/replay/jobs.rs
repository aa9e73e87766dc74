//! Jobs, with their tasks and channels.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event_time::{is_telling, standings};
use super::{Channel, ChannelKey, Channels, Input, Place, Seen, States, Task, TaskTimes, Windows};
use crate::base::{JobId, Name, SimTime, VertexId};
use crate::graph::PhysicalPlan;
use crate::trace::{
    ExchangeEvent, ExecutionState, JobEvent, JobStatus, RecordEvent, Recorded, StateEvent,
    TaskEvent, TimeEvent, TimerEvent, WindowEvent,
};

/// Why a plan in a trace cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is not a plan at all.
    #[error("the plan of the job cannot be read: {0}")]
    Unreadable(String),
    /// It speaks of vertices, subtasks or edges that it does not have.
    #[error("the plan of the job contradicts itself: {0}")]
    Inconsistent(&'static str),
    /// It has more subtasks or channels than can be shown.
    #[error("the plan of the job is too large to be shown")]
    TooLarge,
}

/// A job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its name.
    pub name: Name,
    /// Its status.
    pub status: JobStatus,
    /// Why it failed, if it did.
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
    /// Whether event time or windows are known to play a part in it.
    pub has_event_time: bool,
}

/// The name of the `index`-th subtask (from 0) of the vertex with this uid, as in traces.
pub fn subtask_name(uid: &str, index: u32) -> Name {
    format!("{uid}#{}", u64::from(index) + 1).into()
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
    fn reset(&mut self, subtask: &Name) {
        self.channels.reset(subtask);
        self.windows.reset(subtask);
        self.states.reset(subtask);
    }

    fn task_mut(&mut self, subtask: &Name) -> &mut Task {
        self.tasks.entry(subtask.clone()).or_insert_with(|| Task::new(None))
    }
}

/// The keys of a plan's channels.
fn channels_of(plan: &PhysicalPlan) -> impl Iterator<Item = ChannelKey> {
    let graph = &plan.execution.job;
    plan.execution.channels.iter().map(|channel| {
        let edge = &graph.edges[channel.edge];
        let uid = |vertex: VertexId| &graph.vertices[usize::from(vertex.0)].uid;
        ChannelKey {
            edge: u16::try_from(channel.edge).expect("the plan was checked to have fewer edges"),
            from: subtask_name(uid(edge.source), channel.producer),
            to: subtask_name(uid(edge.target), channel.consumer),
        }
    })
}

/// Reads a plan and makes sure that it may be followed without a look at every index.
fn read_plan(text: &str) -> Result<PhysicalPlan, PlanError> {
    const SUBTASKS: u64 = 1 << 16;
    const CHANNELS: usize = 1 << 20;

    let plan: PhysicalPlan =
        serde_json::from_str(text).map_err(|error| PlanError::Unreadable(error.to_string()))?;
    let graph = &plan.execution.job;
    let subtasks: u64 = graph.vertices.iter().map(|vertex| u64::from(vertex.parallelism)).sum();
    if subtasks > SUBTASKS || plan.execution.channels.len() > CHANNELS {
        return Err(PlanError::TooLarge);
    }
    if graph.edges.len() >= usize::from(u16::MAX) {
        return Err(PlanError::TooLarge);
    }
    let in_place = graph.vertices.iter().enumerate().all(|(i, v)| usize::from(v.id.0) == i);
    if !in_place {
        return Err(PlanError::Inconsistent("a vertex is not in its place"));
    }
    let vertices = graph.vertices.len();
    if graph
        .edges
        .iter()
        .any(|edge| edge.source >= edge.target || usize::from(edge.target.0) >= vertices)
    {
        return Err(PlanError::Inconsistent("an edge leads back or to no vertex"));
    }
    let parallelism = |vertex: VertexId| graph.vertices[usize::from(vertex.0)].parallelism;
    let joined = plan.execution.channels.iter().all(|channel| {
        graph.edges.get(channel.edge).is_some_and(|edge| {
            channel.producer < parallelism(edge.source)
                && channel.consumer < parallelism(edge.target)
        })
    });
    if !joined {
        return Err(PlanError::Inconsistent("a channel joins subtasks that it does not have"));
    }
    Ok(plan)
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
    fn job(&mut self, job: JobId) -> &mut Job {
        self.0.entry(job).or_insert_with(|| {
            let missing = PlanError::Unreadable("the trace does not hold it".to_owned());
            Job::new(format!("job {job}").into(), Err(missing))
        })
    }

    /// How many jobs and subtasks have been heard of. One that is new is a change to see, even if
    /// what is told of it is what is taken for granted anyway.
    fn known(&self) -> (usize, usize) {
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
                if cause.is_some() {
                    job.cause.clone_from(cause);
                }
                Seen::set(&mut job.status, *to)
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
                let task = job.task_mut(subtask);
                // News of an attempt that is already replaced.
                if *attempt < task.attempt {
                    return Seen::No;
                }
                let renewed = task.turn_to(*attempt);
                if cause.is_some() {
                    task.cause.clone_from(cause);
                }
                let was_pressed = task.back_pressured_since.is_some();
                if to.is_terminal() {
                    task.ease(at);
                }
                let eased = was_pressed && to.is_terminal();
                let moved = Seen::set(&mut task.state, *to);
                let placed = match taskmanager {
                    Some(_) => Seen::set(&mut task.taskmanager, taskmanager.clone()),
                    None => Seen::No,
                };
                if renewed || (to.is_terminal() && *to != ExecutionState::Finished) {
                    job.reset(subtask);
                    return Seen::Yes;
                }
                if eased { Seen::Yes } else { moved.or(placed) }
            }
            TaskEvent::TaskStarted { job, subtask, attempt } => {
                let task = self.job(*job).task_mut(subtask);
                if *attempt < task.attempt {
                    return Seen::No;
                }
                task.turn_to(*attempt);
                Seen::set(&mut task.started, true)
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
                let task = self.job(*job).task_mut(subtask);
                if *attempt < task.attempt {
                    return Seen::No;
                }
                task.turn_to(*attempt);
                task.ease(at);
                task.records_in = *records_in;
                task.records_out = *records_out;
                task.times = Some(TaskTimes {
                    busy_us: *busy_us,
                    back_pressured_us: *back_pressured_us,
                    idle_us: *idle_us,
                });
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
