//! The client: submits jobs at their times and learns how they end.
//!
//! It numbers the jobs itself, as Flink's client draws their ids, so that a submission may be
//! repeated without harm. It asks for each job's status about once per heartbeat interval
//! (Flink's client heartbeat), so that neither a lost message nor a JobManager that died leaves
//! it waiting for ever. Every submission ends in exactly one [`JobResult`].

use std::collections::BTreeMap;

use super::options::RuntimeOptions;
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{ClientRpc, DispatcherRpc, JobPayload, JobState};
use crate::base::{JobId, Name, SimDuration, SimTime};
use crate::host::{Address, Port};
use crate::operator::AccumulatorResults;
use crate::trace::JobStatus;

/// Flink's `rest.retry.delay`.
const SUBMIT_RETRY: SimDuration = SimDuration::from_secs(3);
/// Flink's `rest.retry.max-attempts`.
const MAX_TRIES: u32 = 20;

/// A job to submit.
#[derive(Clone)]
pub struct Submission {
    /// When.
    pub at: SimTime,
    /// When to ask for it to be cancelled, if ever.
    pub cancel_at: Option<SimTime>,
    /// What.
    pub payload: JobPayload,
}

/// How a job ended, as its client sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobResult {
    /// The job.
    pub job: JobId,
    /// Its name.
    pub name: Name,
    /// Its last status.
    pub status: JobStatus,
    /// The root cause, if it failed.
    pub cause: Option<String>,
    /// What its accumulators have come to.
    pub accumulators: AccumulatorResults,
}

/// What a client is reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientTimer {
    /// Time to submit a job, for the first time or again.
    Submit(JobId),
    /// Time to ask how a job does.
    AskStatus(JobId),
    /// Time to cancel a job.
    Cancel(JobId),
}

/// See the module.
pub struct Client {
    options: RuntimeOptions,
    jobs: BTreeMap<JobId, ClientJob>,
}

struct ClientJob {
    submission: Submission,
    stage: Stage,
    cancelled: bool,
    /// Requests since the last answer.
    unanswered: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Submitting,
    Submitted,
    Ended,
}

impl Client {
    /// Will submit jobs, numbered from 1 in this order.
    pub fn new(options: RuntimeOptions, submissions: Vec<Submission>) -> Self {
        let jobs = submissions.into_iter().zip(1..).map(|(submission, number)| {
            let job =
                ClientJob { submission, stage: Stage::Submitting, cancelled: false, unanswered: 0 };
            (JobId(number), job)
        });
        Self { options, jobs: jobs.collect() }
    }

    /// Counts a request that is about to be made. Ends the job if there were too many.
    fn gives_up(&mut self, id: JobId, out: &mut Outbox<Self>) -> bool {
        let job = self.job(id);
        if job.unanswered == MAX_TRIES {
            let cause = format!("the JobManager did not answer {MAX_TRIES} requests");
            self.lose(id, cause, out);
            return true;
        }
        job.unanswered += 1;
        false
    }

    /// Ends a job of which nothing more will be heard.
    fn lose(&mut self, id: JobId, cause: String, out: &mut Outbox<Self>) {
        let (status, accumulators) = (JobStatus::Failed, AccumulatorResults::new());
        self.end(id, JobState { status, cause: Some(cause), accumulators }, out);
    }

    fn end(&mut self, id: JobId, state: JobState, out: &mut Outbox<Self>) {
        let job = self.job(id);
        if job.stage != Stage::Ended {
            job.stage = Stage::Ended;
            let name = job.submission.payload.name.clone();
            let JobState { status, cause, accumulators } = state;
            out.act(JobResult { job: id, name, status, cause, accumulators });
        }
    }

    fn job(&mut self, id: JobId) -> &mut ClientJob {
        self.jobs.get_mut(&id).expect("answers and timers name jobs of this client")
    }

    fn on_submit(&mut self, now: SimTime, id: JobId, out: &mut Outbox<Self>) {
        if self.job(id).stage != Stage::Submitting || self.gives_up(id, out) {
            return;
        }
        let payload = self.job(id).submission.payload.clone();
        out.send(self.options.dispatcher(), DispatcherRpc::SubmitJob { job: id, payload });
        out.wake_at(now + SUBMIT_RETRY, ClientTimer::Submit(id));
    }

    fn on_ask_status(&mut self, now: SimTime, id: JobId, out: &mut Outbox<Self>) {
        if self.job(id).stage != Stage::Submitted || self.gives_up(id, out) {
            return;
        }
        let dispatcher = self.options.dispatcher();
        if self.job(id).cancelled {
            out.send(dispatcher, DispatcherRpc::CancelJob { job: id });
        }
        out.send(dispatcher, DispatcherRpc::RequestJobStatus { job: id });
        out.wake_at(now + self.options.heartbeat_interval, ClientTimer::AskStatus(id));
    }

    fn on_cancel(&mut self, id: JobId, out: &mut Outbox<Self>) {
        self.job(id).cancelled = true;
        if self.job(id).stage == Stage::Submitted {
            out.send(self.options.dispatcher(), DispatcherRpc::CancelJob { job: id });
        }
    }

    fn on_submit_acknowledged(&mut self, now: SimTime, id: JobId, out: &mut Outbox<Self>) {
        let job = self.job(id);
        job.unanswered = 0;
        if job.stage == Stage::Submitting {
            job.stage = Stage::Submitted;
            self.on_ask_status(now, id, out);
        }
    }

    fn on_job_status(&mut self, id: JobId, state: JobState, out: &mut Outbox<Self>) {
        self.job(id).unanswered = 0;
        if state.status.is_terminal() {
            self.end(id, state, out);
        }
    }
}

impl Component for Client {
    type Message = ClientRpc;
    type Timer = ClientTimer;
    type Action = JobResult;
    type Report = std::convert::Infallible;

    fn name(&self) -> Name {
        "client".into()
    }

    fn port(&self) -> Port {
        ports::CLIENT
    }

    fn on_start(&mut self, _now: SimTime, out: &mut Outbox<Self>) {
        for (&id, job) in &self.jobs {
            out.wake_at(job.submission.at, ClientTimer::Submit(id));
            if let Some(at) = job.submission.cancel_at {
                out.wake_at(at, ClientTimer::Cancel(id));
            }
        }
    }

    fn on_message(
        &mut self,
        now: SimTime,
        _from: Address,
        message: ClientRpc,
        out: &mut Outbox<Self>,
    ) {
        match message {
            ClientRpc::SubmitJobAcknowledged { job } => self.on_submit_acknowledged(now, job, out),
            ClientRpc::JobStatus { job, state } => self.on_job_status(job, state, out),
            ClientRpc::JobNotFound { job } => {
                let cause = "the job was lost with its JobManager".to_owned();
                self.lose(job, cause, out);
            }
        }
    }

    /// The pending retry asks again; a JobManager that starts anew then answers.
    fn on_reset(&mut self, _now: SimTime, _peer: Address, _out: &mut Outbox<Self>) {}

    fn on_timer(&mut self, now: SimTime, timer: ClientTimer, out: &mut Outbox<Self>) {
        match timer {
            ClientTimer::Submit(job) => self.on_submit(now, job, out),
            ClientTimer::AskStatus(job) => self.on_ask_status(now, job, out),
            ClientTimer::Cancel(job) => self.on_cancel(job, out),
        }
    }

    fn on_report(&mut self, _now: SimTime, report: Self::Report, _out: &mut Outbox<Self>) {
        match report {}
    }
}
