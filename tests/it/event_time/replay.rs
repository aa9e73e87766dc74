//! What came to each subtask of an operator, in its order: read off the trace.

use std::collections::BTreeMap;

use weir::base::{EventTime, Name};
use weir::cluster::RunReport;
use weir::trace::{Event, ExchangeEvent, RecordEvent, TimeEvent};

use super::events;
use super::streams::Record;

/// Something that comes to a subtask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A record, on an edge of the job graph.
    Record { edge: u16, record: Record },
    /// The subtask's event time moves on.
    Watermark(EventTime),
}

/// A record as the trace shows it, also within an enum of the two sides of a join.
pub fn record(text: &str) -> Record {
    let digits = |c: char| c.is_ascii_digit() || c == '-';
    let mut numbers = text.split(|c| !digits(c)).filter(|number| !number.is_empty());
    let mut next = || numbers.next().expect("a record has three numbers").parse::<i64>();
    let mut number = || next().expect("a record is of numbers");
    (number() as u8, number(), number() as u32)
}

/// What came to each subtask of the operator with this uid, which must be the first of its chain.
pub fn arrivals(report: &RunReport, uid: &str) -> BTreeMap<Name, Vec<Arrival>> {
    let mut sent = BTreeMap::<(u16, Name, Name, u64), Vec<Record>>::new();
    let mut arrivals = BTreeMap::<Name, Vec<Arrival>>::new();
    let is_of = |subtask: &str| subtask.split_once('#').is_some_and(|(of, _)| of == uid);
    for (_, event) in events(report) {
        match event {
            Event::Record(RecordEvent::RecordsSent { edge, from, to, seq, values, .. })
                if is_of(&to) =>
            {
                let records = values.iter().map(|value| record(value)).collect();
                sent.insert((edge, from, to, seq), records);
            }
            Event::Exchange(ExchangeEvent::BufferConsumed { edge, from, to, seq, .. }) => {
                if let Some(records) = sent.remove(&(edge, from, to.clone(), seq)) {
                    let records = records.into_iter();
                    let records = records.map(|record| Arrival::Record { edge, record });
                    arrivals.entry(to).or_default().extend(records);
                }
            }
            Event::Time(TimeEvent::WatermarkAdvanced { subtask, watermark, .. })
                if is_of(&subtask) =>
            {
                arrivals.entry(subtask).or_default().push(Arrival::Watermark(watermark));
            }
            _ => {}
        }
    }
    arrivals
}
