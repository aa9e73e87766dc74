//! What happened, in words: a sentence for each kind of event.

use std::fmt::Display;
use std::time::Duration;

use super::escape::{brief, escape};
use super::{checkpoint, database, log, state};
use super::{event_time, moment};
use crate::base::JobId;
use crate::trace::{
    Accumulated, Event, ExchangeEvent, FaultEvent, JobEvent, NodeEvent, RecordEvent, ResourceEvent,
    RpcEvent, SinkEvent, TaskEvent,
};

/// How many values of a list are shown.
const VALUES: usize = 3;
/// How many characters of a value are shown.
pub(super) const VALUE_CHARS: usize = 60;

pub(super) fn sentence(event: &Event) -> String {
    match event {
        Event::Node(event) => node(event),
        Event::Fault(event) => fault(event),
        Event::Rpc(event) => rpc(event),
        Event::Resource(event) => resource(event),
        Event::Job(event) => job(event),
        Event::Task(event) => task(event),
        Event::Exchange(event) => exchange(event),
        Event::Record(event) => record(event),
        Event::Time(event) => event_time::time(event),
        Event::Window(event) => event_time::window(event),
        Event::Timer(event) => state::timer(event),
        Event::State(event) => state::state(event),
        Event::Checkpoint(event) => checkpoint::checkpoint(event),
        Event::Recovery(event) => checkpoint::recovery(event),
        Event::Storage(event) => checkpoint::storage(event),
        Event::Log(event) => log::log(event),
        Event::Database(event) => database::database(event),
        Event::Transaction(event) => log::transaction(event),
        Event::Sink(event) => sink(event),
    }
}

fn node(event: &NodeEvent) -> String {
    match event {
        NodeEvent::NodeStarted { incarnation } => format!("process starts, life {incarnation}"),
        NodeEvent::NodeKilled { incarnation } => format!("process killed, life {incarnation}"),
        NodeEvent::NodePaused => "process stands still".into(),
        NodeEvent::NodeResumed => "process goes on".into(),
        NodeEvent::ClockChanged { offset_us, drift_ppm } => {
            let span = micros(offset_us.unsigned_abs());
            let side = if *offset_us < 0 { "behind" } else { "ahead" };
            format!("clock is {span} {side} and drifts {drift_ppm} ppm")
        }
        NodeEvent::LinkCut { to } => format!("link to {} cut", escape(to)),
        NodeEvent::LinkHealed { to } => format!("link to {} healed", escape(to)),
        NodeEvent::BytesLost { file, bytes } => {
            format!("{bytes} unsynced bytes of {} lost", escape(file))
        }
    }
}

fn fault(event: &FaultEvent) -> String {
    match event {
        FaultEvent::FaultInjected { fault, what } => format!("FAULT {fault}: {}", escape(what)),
        FaultEvent::FaultHealed { fault, what } => format!("FAULT {fault} over: {}", escape(what)),
        FaultEvent::NoteShown { note, text } => format!("NOTE {note}: {}", escape(text)),
    }
}

fn rpc(event: &RpcEvent) -> String {
    match event {
        RpcEvent::RpcSent { from, to, message, about } => {
            let (from, to, message) = (escape(from), escape(to), escape(message));
            format!("{from} -> {to}  {message}{}", about_text(about))
        }
        RpcEvent::RpcReceived { by, from, message, about } => {
            let (by, from, message) = (escape(by), escape(from), escape(message));
            format!("{by} <- {from}  {message}{}", about_text(about))
        }
        RpcEvent::ConnectionReset { by, peer } => {
            format!("{} learns that the process on {} is gone", escape(by), escape(peer))
        }
        RpcEvent::HeartbeatSent { from, to } => {
            format!("{} -> {}  heartbeat", escape(from), escape(to))
        }
        RpcEvent::HeartbeatReceived { by, from } => {
            format!("{} <- {}  heartbeat", escape(by), escape(from))
        }
        RpcEvent::HeartbeatTimedOut { by, peer } => {
            format!("{} has not heard from {} for too long", escape(by), escape(peer))
        }
    }
}

fn about_text(about: &str) -> String {
    if about.is_empty() { String::new() } else { format!("  {}", escape(about)) }
}

fn resource(event: &ResourceEvent) -> String {
    match event {
        ResourceEvent::TaskExecutorRegistered { taskmanager, slots } => {
            format!("{} registered with {}", escape(taskmanager), count(*slots, "slot"))
        }
        ResourceEvent::TaskExecutorLost { taskmanager, cause } => {
            format!("{} lost: {}", escape(taskmanager), escape(cause))
        }
        ResourceEvent::ResourcesDeclared { job, slots } => {
            format!("job {job} needs {}", count(*slots, "slot"))
        }
        ResourceEvent::NotEnoughResources { job, missing } => {
            format!("job {job} lacks {}", count(*missing, "slot"))
        }
        ResourceEvent::SlotAllocated { slot, allocation, job } => {
            format!("slot {} granted to job {job}, allocation {allocation}", escape(slot))
        }
        ResourceEvent::SlotAccepted { slot, allocation, job } => {
            format!("slot {} accepted by job {job}, allocation {allocation}", escape(slot))
        }
        ResourceEvent::SlotFreed { slot, allocation, job } => {
            format!("slot {} freed by job {job}, allocation {allocation}", escape(slot))
        }
    }
}

fn job(event: &JobEvent) -> String {
    match event {
        JobEvent::JobSubmitted { job, name, plan: _ } => {
            format!("job {job} submitted: {}", escape(name))
        }
        JobEvent::JobStatusChanged { job, from, to, cause } => {
            let (from, to): (&str, &str) = (from.into(), to.into());
            format!("job {job}  {from} -> {to}{}", because(cause.as_deref()))
        }
        JobEvent::AccumulatorsMerged { job, accumulators } => {
            let merged = accumulators.iter().map(|Accumulated { name, value }| {
                format!("{} = {}", brief(name, VALUE_CHARS), brief(value, VALUE_CHARS))
            });
            format!("job {job}  has added up {}", merged.collect::<Vec<_>>().join(", "))
        }
    }
}

fn task(event: &TaskEvent) -> String {
    match event {
        TaskEvent::ExecutionStateChanged {
            job,
            subtask,
            attempt,
            from,
            to,
            taskmanager,
            cause,
        } => {
            let (from, to): (&str, &str) = (from.into(), to.into());
            let place = taskmanager.as_ref().map(|name| format!(" on {}", escape(name)));
            let (which, place) = (execution(*job, subtask, *attempt), place.unwrap_or_default());
            format!("{which}  {from} -> {to}{place}{}", because(cause.as_deref()))
        }
        TaskEvent::TaskStarted { job, subtask, attempt } => {
            format!("{}  starts", execution(*job, subtask, *attempt))
        }
        TaskEvent::TaskEnded {
            job,
            subtask,
            attempt,
            state,
            records_in,
            records_out,
            busy_us,
            back_pressured_us,
            idle_us,
        } => {
            let (which, state): (_, &str) = (execution(*job, subtask, *attempt), state.into());
            let (busy, idle) = (micros(*busy_us), micros(*idle_us));
            let waited = micros(*back_pressured_us);
            format!(
                "{which}  ends {state}: {records_in} records in, {records_out} out; \
                 busy {busy}, back-pressured {waited}, idle {idle}"
            )
        }
        TaskEvent::StateLeft { job, subtask, attempt, state } => {
            let which = execution(*job, subtask, *attempt);
            let keys = state.iter().fold(0, |sum: u64, it| sum.saturating_add(it.entries));
            format!("{which}  has state of {} left", count(keys, "key"))
        }
        TaskEvent::BackPressured { job, subtask } => {
            format!("{}  back-pressured", execution(*job, subtask, 0))
        }
        TaskEvent::BackPressureEased { job, subtask } => {
            format!("{}  back-pressure eased", execution(*job, subtask, 0))
        }
    }
}

fn exchange(event: &ExchangeEvent) -> String {
    match event {
        ExchangeEvent::PartitionRequested { job, edge, from, to, credit } => {
            format!("{}  connected, credit {credit}", channel(*job, *edge, from, to))
        }
        ExchangeEvent::BufferSent { job, edge, from, to, seq, records, backlog, credit } => {
            let (which, holds) = (channel(*job, *edge, from, to), holds(*records));
            format!("{which}  sends buffer {seq}, {holds}; backlog {backlog}, credit {credit}")
        }
        ExchangeEvent::BufferConsumed { job, edge, from, to, seq, records } => {
            let (which, holds) = (channel(*job, *edge, from, to), holds(*records));
            format!("{which}  takes up buffer {seq}, {holds}")
        }
        ExchangeEvent::CreditAdded { job, edge, from, to, credit } => {
            format!("{}  grants credit {credit}", channel(*job, *edge, from, to))
        }
        ExchangeEvent::WatermarkSent { job, edge, from, to, seq, watermark } => {
            let (which, moment) = (channel(*job, *edge, from, to), moment(*watermark));
            format!("{which}  sends watermark {moment} as {seq}")
        }
        ExchangeEvent::WatermarkReceived { job, edge, from, to, seq, watermark } => {
            let (which, moment) = (channel(*job, *edge, from, to), moment(*watermark));
            format!("{which}  takes up watermark {moment}, {seq}")
        }
        ExchangeEvent::WatermarkStatusSent { job, edge, from, to, seq, status } => {
            let (which, status) = (channel(*job, *edge, from, to), status.word());
            format!("{which}  sends watermark status {status} as {seq}")
        }
        ExchangeEvent::WatermarkStatusReceived { job, edge, from, to, seq, status } => {
            let (which, status) = (channel(*job, *edge, from, to), status.word());
            format!("{which}  takes up watermark status {status}, {seq}")
        }
        ExchangeEvent::EndOfInputSent { job, edge, from, to, seq } => {
            format!("{}  sends end of input as {seq}", channel(*job, *edge, from, to))
        }
        ExchangeEvent::EndOfInputReceived { job, edge, from, to, seq } => {
            format!("{}  has read to the end of input, {seq}", channel(*job, *edge, from, to))
        }
    }
}

fn record(event: &RecordEvent) -> String {
    match event {
        RecordEvent::RecordsEmitted { job, subtask, operator, ids: _, values } => {
            let which = execution(*job, subtask, 0);
            format!("{which}  {} emits {}", escape(operator), listed(values))
        }
        RecordEvent::RecordsSent { job, edge, from, to, seq, ids: _, values } => {
            let which = channel(*job, *edge, from, to);
            format!("{which}  buffer {seq} holds {}", listed(values))
        }
    }
}

fn sink(event: &SinkEvent) -> String {
    match event {
        SinkEvent::WriterOpened { sink, subtask, attempt } => {
            format!("{} opens {}{}", escape(subtask), escape(sink), of_attempt(*attempt))
        }
        SinkEvent::WriteRefused { sink, subtask, attempt, rows } => {
            let (sink, subtask, rows) = (escape(sink), escape(subtask), count(*rows, "row"));
            let attempt = of_attempt(*attempt);
            format!("{rows} of {subtask}{attempt} for {sink} refused: it has been replaced")
        }
        SinkEvent::SinkDeclared { sink, key_columns } => {
            let sink = escape(sink);
            match key_columns {
                None => format!("rows are appended to {sink}"),
                Some(_) => format!("rows of one key replace each other in {sink}"),
            }
        }
        SinkEvent::RowsCounted { job: _, sink, subtask, index: _, attempt, checkpoint, rows } => {
            let (sink, rows) = (escape(sink), count(*rows, "row"));
            let subtask = format!("{}{}", escape(subtask), of_attempt(*attempt));
            match checkpoint {
                Some(checkpoint) => {
                    format!("{subtask} has written {rows} to {sink} up to checkpoint {checkpoint}")
                }
                None => format!("{subtask} has written {rows} to {sink} in all"),
            }
        }
        SinkEvent::RowsVisible { sink, subtask, attempt, rows, hash, numbers: _, shown: _ } => {
            let subtask = format!("{}{}", escape(subtask), of_attempt(*attempt));
            let (sink, rows) = (escape(sink), count(*rows, "row"));
            format!("{subtask} makes {rows} visible in {sink}, hash {hash:016x}")
        }
        SinkEvent::RowsWritten { sink, subtask, rows } => {
            let texts: Vec<_> = rows
                .iter()
                .take(VALUES)
                .map(|row| format!("{} {}", row.kind.short(), row.fields.join(",")))
                .collect();
            let listed = listed_of(&texts, rows.len());
            format!("{} writes to {}: {listed}", escape(subtask), escape(sink))
        }
        SinkEvent::LatencyMeasured { subtask, marked } => {
            let first = marked.iter().min();
            let first = first.map(|at| format!(", the first left at {at}")).unwrap_or_default();
            let markers = count(marked.len(), "latency marker");
            format!("{} receives {markers}{first}", escape(subtask))
        }
        SinkEvent::RowsExpected { sink, key_columns, rows } => {
            let (sink, number) = (escape(sink), count(rows.len(), "row"));
            match key_columns {
                Some(columns) => {
                    let columns = count(*columns, "key column");
                    format!(
                        "{sink} must show {number} in the end, the last of each key ({columns})"
                    )
                }
                None => format!("{sink} must show {number} in the end"),
            }
        }
    }
}

/// `parse#1`, with job and attempt where they are not the first.
pub(super) fn execution(job: JobId, subtask: &str, attempt: u32) -> String {
    let job = of_job(job);
    format!("{}{job}{}", escape(subtask), of_attempt(attempt))
}

fn of_attempt(attempt: u32) -> String {
    if attempt == 0 { String::new() } else { format!(" (attempt {attempt})") }
}

pub(super) fn channel(job: JobId, edge: u16, from: &str, to: &str) -> String {
    format!("{} -> {}/e{edge}{}", escape(from), escape(to), of_job(job))
}

pub(super) fn of_job(job: JobId) -> String {
    if job.0 <= 1 { String::new() } else { format!(" (job {job})") }
}

fn because(cause: Option<&str>) -> String {
    cause.map(|cause| format!(": {}", escape(cause))).unwrap_or_default()
}

fn holds(records: u32) -> String {
    if records == 0 { "no records".into() } else { count(records, "record") }
}

pub(super) fn count(number: impl Display + Copy + PartialEq + From<u8>, noun: &str) -> String {
    let plural = if number == 1.into() { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

fn listed(values: &[String]) -> String {
    if values.is_empty() {
        return "no records".into();
    }
    let shown = values.len().min(VALUES);
    format!("{}: {}", count(values.len(), "record"), listed_of(&values[..shown], values.len()))
}

fn listed_of(shown: &[String], all: usize) -> String {
    let mut text: Vec<_> = shown.iter().map(|value| brief(value, VALUE_CHARS)).collect();
    if all > shown.len() {
        text.push(format!("… {} more", all - shown.len()));
    }
    text.join(" | ")
}

pub(super) fn micros(micros: u64) -> String {
    format!("{:?}", Duration::from_micros(micros))
}
