//! What must hold of the data plane in every run: folds over its trace.

use std::collections::BTreeMap;

use weir::base::{EventTime, JobId, Name, SimTime};
use weir::cluster::RunReport;
use weir::runtime::{execution_may_become, job_may_become};
use weir::trace::{
    Event, ExchangeEvent, ExecutionState, JobEvent, JobStatus, TaskEvent, TraceFile,
};

type ChannelId = (JobId, u16, Name, Name);

#[derive(Default)]
struct Channel {
    granted: Option<u64>,
    buffers_sent: u64,
    sent: u64,
    consumed: u64,
    watermark: Option<EventTime>,
    end_sent: bool,
    end_received: bool,
}

/// Holds a trace of level `records` to the laws. In a `calm` run, where no fault moves clocks or
/// stops nodes, every channel is read to its end and every task knows where its time went.
pub fn check(report: &RunReport, calm: bool) {
    let trace = TraceFile::parse(report.trace.clone().unwrap()).unwrap();
    let mut channels = BTreeMap::<ChannelId, Channel>::new();
    let mut started = BTreeMap::new();
    let (mut statuses, mut states) = (BTreeMap::new(), BTreeMap::new());
    for recorded in &trace {
        match &recorded.event {
            Event::Exchange(event) => follow_channel(&mut channels, event),
            Event::Job(JobEvent::JobStatusChanged { job, from, to, .. }) => {
                let known = statuses.insert(*job, *to).unwrap_or(JobStatus::Initializing);
                assert_eq!(known, *from);
                assert!(job_may_become(*from, *to), "{from:?} -> {to:?}");
            }
            Event::Task(TaskEvent::ExecutionStateChanged {
                subtask, attempt, from, to, ..
            }) => {
                let key = (subtask.clone(), *attempt);
                let known = states.insert(key, *to).unwrap_or(ExecutionState::Created);
                assert_eq!(known, *from, "{subtask}");
                assert!(execution_may_become(*from, *to), "{subtask}: {from:?} -> {to:?}");
            }
            Event::Task(TaskEvent::TaskStarted { subtask, attempt, .. }) => {
                let known = started.insert((subtask.clone(), *attempt), recorded.at);
                assert_eq!(known, None, "{subtask} started twice");
            }
            Event::Task(event @ TaskEvent::TaskEnded { subtask, attempt, .. }) => {
                let since = started.remove(&(subtask.clone(), *attempt)).expect("it had started");
                if calm {
                    knows_where_its_time_went(event, since, recorded.at);
                }
            }
            _ => {}
        }
    }
    for (id, channel) in channels.iter().filter(|_| calm) {
        assert!(channel.end_received, "{id:?} has no end");
        assert_eq!(channel.sent, channel.consumed, "{id:?}");
    }
}

fn follow_channel(channels: &mut BTreeMap<ChannelId, Channel>, event: &ExchangeEvent) {
    use ExchangeEvent as E;
    let (E::PartitionRequested { job, edge, from, to, .. }
    | E::BufferSent { job, edge, from, to, .. }
    | E::BufferConsumed { job, edge, from, to, .. }
    | E::CreditAdded { job, edge, from, to, .. }
    | E::WatermarkSent { job, edge, from, to, .. }
    | E::WatermarkReceived { job, edge, from, to, .. }
    | E::WatermarkStatusSent { job, edge, from, to, .. }
    | E::WatermarkStatusReceived { job, edge, from, to, .. }
    | E::EndOfInputSent { job, edge, from, to, .. }
    | E::EndOfInputReceived { job, edge, from, to, .. }) = event;
    let id = (*job, *edge, from.clone(), to.clone());
    let channel = channels.entry(id).or_default();
    match event {
        // A request that found nobody is made again.
        E::PartitionRequested { credit, .. } => {
            channel.granted.get_or_insert(u64::from(*credit));
        }
        E::BufferSent { seq, .. } => {
            channel.sent += 1;
            channel.buffers_sent += 1;
            assert_eq!(*seq, channel.sent, "{event:?} is out of order");
            assert!(!channel.end_sent, "{event:?} comes after the end");
            assert!(Some(channel.buffers_sent) <= channel.granted, "{event:?} has no credit");
        }
        E::BufferConsumed { seq, .. }
        | E::WatermarkReceived { seq, .. }
        | E::WatermarkStatusReceived { seq, .. } => {
            channel.consumed += 1;
            assert_eq!(*seq, channel.consumed, "{event:?} is out of order");
            assert!(channel.consumed <= channel.sent, "{event:?} was never sent");
        }
        E::CreditAdded { credit, .. } => {
            *channel.granted.as_mut().expect("it was requested") += u64::from(*credit);
        }
        E::WatermarkSent { seq, watermark, .. } => {
            channel.sent += 1;
            assert_eq!(*seq, channel.sent, "{event:?} is out of order");
            assert!(!channel.end_sent, "{event:?} comes after the end");
            assert!(channel.watermark < Some(*watermark), "{event:?} goes back");
            channel.watermark = Some(*watermark);
        }
        E::WatermarkStatusSent { seq, .. } => {
            channel.sent += 1;
            assert_eq!(*seq, channel.sent, "{event:?} is out of order");
            assert!(!channel.end_sent, "{event:?} comes after the end");
        }
        E::EndOfInputSent { seq, .. } => {
            channel.sent += 1;
            assert_eq!(*seq, channel.sent, "{event:?} is out of order");
            assert!(!std::mem::replace(&mut channel.end_sent, true), "{event:?} comes twice");
        }
        E::EndOfInputReceived { seq, .. } => {
            channel.consumed += 1;
            assert_eq!(*seq, channel.consumed, "{event:?} is out of order");
            assert!(!std::mem::replace(&mut channel.end_received, true), "{event:?} comes twice");
        }
    }
}

/// Working, waiting for input and waiting for output are all that a task does.
fn knows_where_its_time_went(event: &TaskEvent, since: SimTime, until: SimTime) {
    let TaskEvent::TaskEnded { busy_us, back_pressured_us, idle_us, .. } = event else { return };
    let known = busy_us + back_pressured_us + idle_us;
    let life = until.since(since).as_micros() as u64;
    assert!(known.abs_diff(life) <= 3, "{event:?} lived for {life} us");
}
