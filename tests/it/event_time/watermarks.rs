//! The contract of watermarks, as a fold over the trace of any run.

use std::collections::BTreeMap;

use weir::base::{EventTime, Name};
use weir::cluster::RunReport;
use weir::record::WatermarkStatus;
use weir::trace::{Event, ExchangeEvent, FiringTime, RecordEvent, Span, TimeEvent, WindowEvent};

use super::events;
use super::replay::record;
use super::streams::Record;

/// Where a channel comes from.
type From = (u16, Name);

/// A channel as its consumer knows it.
struct Channel {
    watermark: EventTime,
    idle: bool,
    /// Whether it certainly counts: it has never been idle, or has caught up with all others since.
    counts: bool,
}

/// A window that has fired on time, and the channels whose records it has waited for.
struct Fired {
    key: String,
    span: Span,
    waited_for: Vec<From>,
}

/// A subtask that has input.
#[derive(Default)]
struct Consumer {
    channels: BTreeMap<From, Channel>,
    event_time: Option<EventTime>,
    fired: Vec<Fired>,
}

impl Consumer {
    fn channel(&mut self, edge: u16, from: &Name) -> &mut Channel {
        self.channels.get_mut(&(edge, from.clone())).expect("a channel is requested first")
    }

    /// The channels that hold event time: those that count and are not idle.
    fn holding(&self) -> impl Iterator<Item = (&From, &Channel)> {
        self.channels.iter().filter(|(_, channel)| channel.counts && !channel.idle)
    }

    /// A channel counts again once it is as far as any other.
    fn catch_up(&mut self, edge: u16, from: &Name) {
        let furthest = self.channels.values().map(|channel| channel.watermark).max();
        let channel = self.channel(edge, from);
        channel.counts |= !channel.idle && Some(channel.watermark) == furthest;
    }

    fn on_watermark(&mut self, (edge, from): (u16, &Name), to: EventTime) -> Result<(), String> {
        let channel = self.channel(edge, from);
        if to <= channel.watermark {
            return Err(format!("{from}/e{edge} goes from {:?} to {to:?}", channel.watermark));
        }
        channel.watermark = to;
        self.catch_up(edge, from);
        Ok(())
    }

    fn on_status(&mut self, (edge, from): (u16, &Name), status: WatermarkStatus) {
        let channel = self.channel(edge, from);
        channel.idle = status == WatermarkStatus::Idle;
        channel.counts &= !channel.idle;
        self.catch_up(edge, from);
    }

    fn on_advanced(&mut self, to: EventTime) -> Result<(), String> {
        if self.event_time >= Some(to) {
            return Err(format!("event time goes from {:?} to {to:?}", self.event_time));
        }
        self.event_time = Some(to);
        match self.holding().find(|(_, channel)| channel.watermark < to) {
            Some((from, channel)) => {
                Err(format!("event time is {to:?}, but {from:?} at {:?}", channel.watermark))
            }
            None => Ok(()),
        }
    }

    fn on_fired(&mut self, key: String, span: Span) {
        let waited_for = self.holding().map(|(from, _)| from.clone()).collect();
        self.fired.push(Fired { key, span, waited_for });
    }

    /// A record that is in time by its own channel may not come after its window has fired.
    fn on_record(&mut self, from: &From, record: &Record) -> Result<(), String> {
        let (key, at, _) = record;
        if EventTime(*at) <= self.channels[from].watermark {
            return Ok(());
        }
        let holds = |span: Span| span.start <= *at && *at < span.end;
        let missed = |fired: &&Fired| fired.key == key.to_string() && holds(fired.span);
        match self.fired.iter().find(|fired| missed(fired) && fired.waited_for.contains(from)) {
            Some(fired) => Err(format!("{record:?} of {from:?} comes after {:?}", fired.span)),
            None => Ok(()),
        }
    }
}

/// Watermarks never go back, per channel and subtask; event time is never beyond a channel that
/// holds it; all of it comes to its end; and windows, whose operator must be `windows`, do not fire
/// on time before the records of such channels have come that are in time. Needs a trace of level
/// `records`, of a job that has finished.
pub fn contract(report: &RunReport) -> Result<(), String> {
    let mut consumers = BTreeMap::<Name, Consumer>::new();
    let mut sent = BTreeMap::<(u16, Name, Name, u64), Vec<Record>>::new();
    for (_, event) in events(report) {
        match event {
            Event::Exchange(event) => exchange(&mut consumers, &mut sent, event)?,
            Event::Time(TimeEvent::WatermarkAdvanced { subtask, watermark, .. }) => {
                let consumer = consumers.get_mut(&subtask).expect("it has input");
                consumer.on_advanced(watermark).map_err(|why| format!("{subtask}: {why}"))?;
            }
            Event::Time(TimeEvent::WatermarkStatusChanged { subtask, status, .. }) => {
                let all_idle = consumers[&subtask].channels.values().all(|channel| channel.idle);
                if all_idle != (status == WatermarkStatus::Idle) {
                    return Err(format!("{subtask} is {status:?}"));
                }
            }
            Event::Window(WindowEvent::WindowFired {
                subtask,
                key,
                window: Some(span),
                timing: FiringTime::OnTime,
                ..
            }) => {
                let consumer = consumers.get_mut(&subtask).expect("it has input");
                consumer.on_fired(key, span);
            }
            Event::Record(RecordEvent::RecordsSent { edge, from, to, seq, values, .. })
                if to.starts_with("windows#") =>
            {
                let records = values.iter().map(|value| record(value)).collect();
                sent.insert((edge, from, to, seq), records);
            }
            _ => {}
        }
    }
    match consumers.iter().find(|(_, it)| it.event_time != Some(EventTime::MAX)) {
        Some((subtask, it)) => Err(format!("{subtask} ends at {:?}", it.event_time)),
        None => Ok(()),
    }
}

fn exchange(
    consumers: &mut BTreeMap<Name, Consumer>,
    sent: &mut BTreeMap<(u16, Name, Name, u64), Vec<Record>>,
    event: ExchangeEvent,
) -> Result<(), String> {
    match event {
        ExchangeEvent::PartitionRequested { edge, from, to, .. } => {
            let channel = Channel { watermark: EventTime::NONE, idle: false, counts: true };
            let consumer = consumers.entry(to).or_default();
            consumer.channels.entry((edge, from)).or_insert(channel);
            Ok(())
        }
        ExchangeEvent::WatermarkReceived { edge, from, to, watermark, .. } => {
            let consumer = consumers.get_mut(&to).expect("a channel is requested first");
            let moved = consumer.on_watermark((edge, &from), watermark);
            moved.map_err(|why| format!("{to}: {why}"))
        }
        ExchangeEvent::WatermarkStatusReceived { edge, from, to, status, .. } => {
            let consumer = consumers.get_mut(&to).expect("a channel is requested first");
            consumer.on_status((edge, &from), status);
            Ok(())
        }
        ExchangeEvent::BufferConsumed { edge, from, to, seq, .. } => {
            let records = sent.remove(&(edge, from.clone(), to.clone(), seq)).unwrap_or_default();
            let consumer = consumers.get_mut(&to).expect("a channel is requested first");
            let mut records = records.iter();
            let held =
                records.try_for_each(|record| consumer.on_record(&(edge, from.clone()), record));
            held.map_err(|why| format!("{to}: {why}"))
        }
        ExchangeEvent::WatermarkSent { .. }
        | ExchangeEvent::WatermarkStatusSent { .. }
        | ExchangeEvent::BufferSent { .. }
        | ExchangeEvent::CreditAdded { .. }
        | ExchangeEvent::EndOfInputSent { .. }
        | ExchangeEvent::EndOfInputReceived { .. } => Ok(()),
    }
}
