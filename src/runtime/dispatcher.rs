//! The Dispatcher: takes jobs in, starts a JobMaster for each, knows how they do.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use super::options::RuntimeOptions;
use super::outbox::{Component, Outbox};
use super::ports;
use super::rpc::{ClientRpc, DispatcherRpc, JobMasterRpc, JobPayload, JobState};
use super::session::JobMasterId;
use crate::base::{JobId, Name, SimTime};
use crate::host::{Address, Port};
use crate::operator::AccumulatorResults;
use crate::trace::{Event, JobEvent, JobStatus};

/// A JobMaster to start on the Dispatcher's node.
pub struct StartJobMaster {
    /// The job.
    pub job: JobId,
    /// Which life of its JobMaster this will be.
    pub id: JobMasterId,
    /// The job itself.
    pub payload: JobPayload,
}

/// See the module.
pub struct Dispatcher {
    options: RuntimeOptions,
    jobs: BTreeMap<JobId, DispatchedJob>,
}

struct DispatchedJob {
    id: JobMasterId,
    state: JobState,
    /// Clients to tell of its end.
    clients: BTreeSet<Address>,
}

impl Dispatcher {
    /// Knows no jobs yet.
    pub fn new(options: RuntimeOptions) -> Self {
        Self { options, jobs: BTreeMap::new() }
    }

    fn on_submit_job(
        &mut self,
        now: SimTime,
        from: Address,
        job: JobId,
        payload: JobPayload,
        out: &mut Outbox<Self>,
    ) {
        // A job that is known already was submitted again because the answer was slow.
        if let Entry::Vacant(entry) = self.jobs.entry(job) {
            let id = JobMasterId(now);
            out.trace(Event::Job(JobEvent::JobSubmitted {
                job,
                name: payload.name.clone(),
                plan: serde_json::to_string(&*payload.plan).expect("plans have text keys only"),
            }));
            let state = JobState {
                status: JobStatus::Initializing,
                cause: None,
                accumulators: AccumulatorResults::new(),
            };
            entry.insert(DispatchedJob { id, state, clients: BTreeSet::new() });
            out.act(StartJobMaster { job, id, payload });
        }
        out.send(from, ClientRpc::SubmitJobAcknowledged { job });
    }

    fn on_request_job_status(&mut self, from: Address, job: JobId, out: &mut Outbox<Self>) {
        let Some(known) = self.jobs.get_mut(&job) else {
            out.send(from, ClientRpc::JobNotFound { job });
            return;
        };
        known.clients.insert(from);
        out.send(from, ClientRpc::JobStatus { job, state: known.state.clone() });
    }

    fn on_cancel_job(&self, job: JobId, out: &mut Outbox<Self>) {
        if self.jobs.get(&job).is_some_and(|known| !known.state.status.is_terminal()) {
            let port = ports::job_master(job);
            out.send(Address { node: self.options.jobmanager, port }, JobMasterRpc::CancelJob);
        }
    }

    fn on_job_status_changed(
        &mut self,
        job: JobId,
        id: JobMasterId,
        state: JobState,
        out: &mut Outbox<Self>,
    ) {
        let Some(known) = self.jobs.get_mut(&job).filter(|known| known.id == id) else { return };
        known.state = state;
        if known.state.status.is_terminal() {
            for client in std::mem::take(&mut known.clients) {
                out.send(client, ClientRpc::JobStatus { job, state: known.state.clone() });
            }
        }
    }
}

impl Component for Dispatcher {
    type Message = DispatcherRpc;
    type Timer = std::convert::Infallible;
    type Action = StartJobMaster;
    type Report = std::convert::Infallible;

    fn name(&self) -> Name {
        "dispatcher".into()
    }

    fn port(&self) -> Port {
        ports::DISPATCHER
    }

    fn on_start(&mut self, _now: SimTime, _out: &mut Outbox<Self>) {}

    fn on_message(
        &mut self,
        now: SimTime,
        from: Address,
        message: DispatcherRpc,
        out: &mut Outbox<Self>,
    ) {
        match message {
            DispatcherRpc::SubmitJob { job, payload } => {
                self.on_submit_job(now, from, job, payload, out);
            }
            DispatcherRpc::RequestJobStatus { job } => self.on_request_job_status(from, job, out),
            DispatcherRpc::CancelJob { job } => self.on_cancel_job(job, out),
            DispatcherRpc::JobStatusChanged { job, id, state } => {
                self.on_job_status_changed(job, id, state, out);
            }
        }
    }

    /// A client that is gone need not be told anything.
    fn on_reset(&mut self, _now: SimTime, peer: Address, _out: &mut Outbox<Self>) {
        for job in self.jobs.values_mut() {
            job.clients.remove(&peer);
        }
    }

    fn on_timer(&mut self, _now: SimTime, timer: Self::Timer, _out: &mut Outbox<Self>) {
        match timer {}
    }

    fn on_report(&mut self, _now: SimTime, report: Self::Report, _out: &mut Outbox<Self>) {
        match report {}
    }
}
