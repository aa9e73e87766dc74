//! A trace for Perfetto (<https://ui.perfetto.dev>) and Chrome: JSON trace events.
//!
//! Every node is a process and every component or task a track. On a TaskManager a task is a span
//! from its start to its end, with its back-pressure as spans within; on the JobManager the
//! states of each execution and of each job are spans. Checkpoints are spans too, and at the tasks
//! their alignment and the storing of snapshots. Buffers (level `records`) are flows from
//! producer to consumer, visible rows and event time counters, all else instants; faults, notes and
//! kills are instants over the whole screen. Spans end at the latest with their process or the
//! trace.

mod checkpoints;
mod event_time;
mod out;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{
    Event, ExchangeEvent, FaultEvent, JobEvent, NodeEvent, RecordEvent, Recorded, ResourceEvent,
    RpcEvent, SinkEvent, TaskEvent, TraceFile, parts,
};
use crate::base::{JobId, Name, SimTime};
use checkpoints::CheckpointSpans;
use event_time::EventTimes;
use out::{Out, Track};

/// The channel of a buffer, and its number there.
type BufferKey = (JobId, u16, Name, Name, u64);

/// Writes `trace` as Chrome trace events.
pub fn chrome(trace: &TraceFile, out: impl Write) -> io::Result<()> {
    let mut export = Export {
        trace,
        out: Out::begin(out, trace.header())?,
        flows: BTreeMap::new(),
        next_flow: 1,
        rows: BTreeMap::new(),
        event_times: EventTimes::default(),
        checkpoints: CheckpointSpans::default(),
    };
    let mut last = SimTime::ZERO;
    for recorded in trace {
        last = last.max(recorded.at);
        export.event(&recorded)?;
    }
    export.out.end(last)
}

struct Export<'a, W> {
    trace: &'a TraceFile,
    out: Out<W>,
    /// Buffers on their way.
    flows: BTreeMap<BufferKey, u64>,
    next_flow: u64,
    /// Rows visible so far, by sink.
    rows: BTreeMap<Name, u64>,
    event_times: EventTimes,
    checkpoints: CheckpointSpans,
}

impl<W: Write> Export<'_, W> {
    fn event(&mut self, recorded: &Recorded) -> io::Result<()> {
        match &recorded.event {
            Event::Node(event) => self.node(recorded, event),
            Event::Fault(event) => self.fault(recorded, event),
            Event::Rpc(event) => self.rpc(recorded, event),
            Event::Resource(event) => self.resource(recorded, event),
            Event::Job(event) => self.job(recorded, event),
            Event::Task(event) => self.task(recorded, event),
            Event::Exchange(event) => self.exchange(recorded, event),
            Event::Record(
                RecordEvent::RecordsEmitted { job, subtask, .. }
                | RecordEvent::RecordsSent { job, from: subtask, .. },
            ) => self.instant(recorded, &task_track(*job, subtask), "t"),
            Event::Time(event) => {
                if let Some(counter) = self.event_times.counter(event) {
                    let track = Track { process: recorded.node, thread: 0 };
                    self.out.write(track, recorded.at, counter)?;
                }
                self.instant(recorded, &task_track(event.job(), event.subtask()), "t")
            }
            Event::Timer(event) => {
                self.instant(recorded, &task_track(event.job(), event.subtask()), "t")
            }
            Event::State(event) => {
                self.instant(recorded, &task_track(event.job(), event.subtask()), "t")
            }
            Event::Window(event) => {
                self.instant(recorded, &task_track(event.job(), event.subtask()), "t")
            }
            Event::Checkpoint(event) => {
                self.checkpoints.event(&mut self.out, recorded, event)?;
                self.instant(recorded, &checkpoints::track_of(event), "t")
            }
            Event::Recovery(event) => {
                self.instant(recorded, &checkpoints::track_of_recovery(event), "t")
            }
            Event::Storage(_) => self.instant(recorded, "storage", "t"),
            Event::Log(_) => self.instant(recorded, "log", "t"),
            Event::Database(_) => self.instant(recorded, "database", "t"),
            Event::Transaction(event) => {
                self.instant(recorded, &task_track(event.job(), event.subtask()), "t")
            }
            Event::Sink(event) => self.sink(recorded, event),
        }
    }

    /// Something that happens at a moment; `scope` is `t` for its track, `g` for the whole run.
    fn instant(&mut self, recorded: &Recorded, track: &str, scope: &str) -> io::Result<()> {
        let parts = parts(recorded, self.trace.header());
        let mut args = Map::new();
        args.insert("step".into(), parts.step.into());
        let mut fields = recorded.event.fields();
        fields.shift_remove("plan");
        args.extend(fields);
        let track = self.out.track(recorded, track)?;
        let event =
            json!({ "ph": "i", "s": scope, "name": parts.text, "cat": parts.area, "args": args });
        self.out.write(track, recorded.at, event)
    }

    fn node(&mut self, recorded: &Recorded, event: &NodeEvent) -> io::Result<()> {
        match event {
            NodeEvent::NodeKilled { .. } => {
                self.out.close_process(recorded.node, recorded.at)?;
                self.checkpoints.on_kill(recorded.node);
                self.instant(recorded, "process", "g")
            }
            NodeEvent::NodeStarted { .. }
            | NodeEvent::NodePaused
            | NodeEvent::NodeResumed
            | NodeEvent::ClockChanged { .. }
            | NodeEvent::LinkCut { .. }
            | NodeEvent::LinkHealed { .. }
            | NodeEvent::BytesLost { .. } => self.instant(recorded, "process", "p"),
        }
    }

    fn fault(&mut self, recorded: &Recorded, event: &FaultEvent) -> io::Result<()> {
        match event {
            FaultEvent::FaultInjected { .. } | FaultEvent::FaultHealed { .. } => {
                self.instant(recorded, "faults", "g")
            }
            FaultEvent::NoteShown { .. } => self.instant(recorded, "notes", "g"),
        }
    }

    fn rpc(&mut self, recorded: &Recorded, event: &RpcEvent) -> io::Result<()> {
        match event {
            RpcEvent::RpcSent { from: component, .. }
            | RpcEvent::RpcReceived { by: component, .. }
            | RpcEvent::ConnectionReset { by: component, .. }
            | RpcEvent::HeartbeatSent { from: component, .. }
            | RpcEvent::HeartbeatReceived { by: component, .. }
            | RpcEvent::HeartbeatTimedOut { by: component, .. } => {
                self.instant(recorded, component, "t")
            }
        }
    }

    fn resource(&mut self, recorded: &Recorded, event: &ResourceEvent) -> io::Result<()> {
        match event {
            ResourceEvent::TaskExecutorRegistered { .. }
            | ResourceEvent::TaskExecutorLost { .. }
            | ResourceEvent::ResourcesDeclared { .. }
            | ResourceEvent::NotEnoughResources { .. }
            | ResourceEvent::SlotAllocated { .. }
            | ResourceEvent::SlotAccepted { .. }
            | ResourceEvent::SlotFreed { .. } => self.instant(recorded, "resources", "t"),
        }
    }

    fn job(&mut self, recorded: &Recorded, event: &JobEvent) -> io::Result<()> {
        match event {
            JobEvent::JobSubmitted { job, .. } | JobEvent::AccumulatorsMerged { job, .. } => {
                self.instant(recorded, &format!("job {job}"), "t")
            }
            JobEvent::JobStatusChanged { job, to, cause, .. } => {
                let track = self.out.track(recorded, &format!("job {job}"))?;
                self.out.close(track, recorded.at)?;
                let args = json!({ "cause": cause });
                if to.is_terminal() {
                    return self.instant(recorded, &format!("job {job}"), "p");
                }
                self.out.open(track, recorded.at, to.into(), "job", &args)
            }
        }
    }

    fn task(&mut self, recorded: &Recorded, event: &TaskEvent) -> io::Result<()> {
        let at = recorded.at;
        match event {
            TaskEvent::ExecutionStateChanged { job, subtask, attempt, to, taskmanager, .. } => {
                let name = format!("execution of {}", task_track(*job, subtask));
                let track = self.out.track(recorded, &name)?;
                self.out.close(track, at)?;
                if to.is_terminal() {
                    return self.instant(recorded, &name, "t");
                }
                let args = json!({ "attempt": attempt, "taskmanager": taskmanager });
                self.out.open(track, at, to.into(), "task", &args)
            }
            TaskEvent::TaskStarted { job, subtask, attempt } => {
                let track = self.out.track(recorded, &task_track(*job, subtask))?;
                self.out.close(track, at)?;
                self.out.open(track, at, subtask, "task", &json!({ "attempt": attempt }))
            }
            TaskEvent::TaskEnded { job, subtask, .. } => {
                let name = task_track(*job, subtask);
                self.instant(recorded, &name, "t")?;
                self.checkpoints.on_end(&mut self.out, recorded, &name)?;
                let track = self.out.track(recorded, &name)?;
                self.out.close(track, at)
            }
            TaskEvent::StateLeft { job, subtask, .. } => {
                self.instant(recorded, &task_track(*job, subtask), "t")
            }
            TaskEvent::BackPressured { job, subtask } => {
                let track = self.out.track(recorded, &task_track(*job, subtask))?;
                self.out.close_to(track, 1, at)?;
                self.out.open(track, at, "back-pressured", "task", &json!({}))
            }
            TaskEvent::BackPressureEased { job, subtask } => {
                let track = self.out.track(recorded, &task_track(*job, subtask))?;
                self.out.close_to(track, 1, at)
            }
        }
    }

    fn exchange(&mut self, recorded: &Recorded, event: &ExchangeEvent) -> io::Result<()> {
        match event {
            ExchangeEvent::BufferSent { job, edge, from, to, seq, records, .. } => {
                let flow = self.next_flow;
                self.next_flow += 1;
                self.flows.insert((*job, *edge, from.clone(), to.clone(), *seq), flow);
                let step = json!({ "ph": "s", "id": flow });
                self.buffer(recorded, &task_track(*job, from), *records, step)
            }
            ExchangeEvent::BufferConsumed { job, edge, from, to, seq, records } => {
                let name = task_track(*job, to);
                let key = (*job, *edge, from.clone(), to.clone(), *seq);
                match self.flows.remove(&key) {
                    Some(flow) => {
                        let step = json!({ "ph": "f", "bp": "e", "id": flow });
                        self.buffer(recorded, &name, *records, step)
                    }
                    None => self.instant(recorded, &name, "t"),
                }
            }
            ExchangeEvent::PartitionRequested { job, to, .. }
            | ExchangeEvent::CreditAdded { job, to, .. }
            | ExchangeEvent::WatermarkReceived { job, to, .. }
            | ExchangeEvent::WatermarkStatusReceived { job, to, .. }
            | ExchangeEvent::EndOfInputReceived { job, to, .. } => {
                self.instant(recorded, &task_track(*job, to), "t")
            }
            ExchangeEvent::WatermarkSent { job, from, .. }
            | ExchangeEvent::WatermarkStatusSent { job, from, .. }
            | ExchangeEvent::EndOfInputSent { job, from, .. } => {
                self.instant(recorded, &task_track(*job, from), "t")
            }
        }
    }

    /// One end of a buffer's flow.
    fn buffer(
        &mut self,
        recorded: &Recorded,
        track: &str,
        records: u32,
        mut step: Value,
    ) -> io::Result<()> {
        step["name"] = "buffer".into();
        step["cat"] = "exchange".into();
        step["args"] = json!({ "records": records });
        let track = self.out.track(recorded, track)?;
        self.out.write(track, recorded.at, step)
    }

    fn sink(&mut self, recorded: &Recorded, event: &SinkEvent) -> io::Result<()> {
        match event {
            SinkEvent::RowsVisible { sink, rows, .. } => {
                let all = self.rows.entry(sink.clone()).or_default();
                *all = all.saturating_add(u64::from(*rows));
                let name = format!("rows in {sink}");
                let counter = json!({ "ph": "C", "name": name, "args": { "rows": *all } });
                let track = Track { process: recorded.node, thread: 0 };
                self.out.write(track, recorded.at, counter)
            }
            SinkEvent::WriterOpened { subtask, .. }
            | SinkEvent::RowsCounted { subtask, .. }
            | SinkEvent::WriteRefused { subtask, .. }
            | SinkEvent::RowsWritten { subtask, .. }
            | SinkEvent::LatencyMeasured { subtask, .. } => self.instant(recorded, subtask, "t"),
            // Nothing happens: it is said what must.
            SinkEvent::RowsExpected { .. } | SinkEvent::SinkDeclared { .. } => Ok(()),
        }
    }
}

/// The track of a task: its name, and its job where that is not the first.
fn task_track(job: JobId, subtask: &str) -> String {
    if job.0 <= 1 { subtask.to_owned() } else { format!("{subtask} (job {job})") }
}
