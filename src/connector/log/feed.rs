//! A feed: somebody outside who appends records to a topic, at their pace, each once.
//!
//! It is what a scenario's job reads from. It runs with the client, whatever becomes of the job.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::Producer;
use crate::base::{Name, SimDuration, SimTime};
use crate::host::{
    Host, IsolationLevel, LogAccess, LogError, LogOffsets, LogRecord, ProducerIdentity, Signal,
    TopicPartition,
};

/// The record at a place of the feed.
pub type FeedRecord = Arc<dyn Fn(u64) -> LogRecord + Send + Sync>;

/// What is appended, and how fast.
#[derive(Clone)]
pub struct LogFeed {
    /// The topic.
    pub topic: Name,
    /// How many partitions it has. They take turns.
    pub partitions: u16,
    /// How many records there are.
    pub records: u64,
    /// How many come in a second of simulated time.
    pub rate: f64,
    /// Each of them.
    pub record: FeedRecord,
}

impl LogFeed {
    /// Where each partition ends when all is appended.
    pub fn ends(&self) -> Vec<u64> {
        let count = u64::from(self.partitions);
        (0..count).map(|partition| (self.records + count - 1 - partition) / count).collect()
    }
}

/// The producer of every feed. Nobody else is given this number.
const FEED: ProducerIdentity = ProducerIdentity { id: 1_000_000, epoch: 0 };

/// Appends all of it, whatever happens to the log or to this node: it goes on behind what is there,
/// and what was on its way before is in the same place of the same sequence.
pub async fn feed(host: Host, access: Rc<dyn LogAccess>, feed: LogFeed) {
    let start = SimTime::ZERO;
    loop {
        let sent = ends(&access, &feed).await;
        let (signal, topic) = (Signal::default(), feed.topic.clone());
        let changed = signal.clone();
        let changed = Rc::new(move || changed.notify());
        let producer = Producer::resumed(&access, topic, FEED, &sent, changed);
        for place in 0..feed.records {
            let count = u64::from(feed.partitions);
            let partition = (place % count) as u16;
            if place / count < sent[usize::from(partition)] {
                continue;
            }
            let due = start + SimDuration::from_secs_f64(place as f64 / feed.rate);
            if due > host.clock.now() {
                host.clock.sleep_until(due).await;
            }
            while producer.is_full() && producer.error().is_none() {
                signal.wait().await;
            }
            if producer.error().is_some() {
                break;
            }
            producer.send(partition, [(feed.record)(place)]);
        }
        while !producer.is_flushed() && producer.error().is_none() {
            signal.wait().await;
        }
        if producer.error().is_none() {
            return;
        }
    }
}

/// Where each partition ends, asked until there is an answer.
async fn ends(access: &Rc<dyn LogAccess>, feed: &LogFeed) -> Vec<u64> {
    let mut ends = Vec::new();
    while ends.len() < usize::from(feed.partitions) {
        let of = TopicPartition { topic: feed.topic.clone(), partition: ends.len() as u16 };
        let (signal, answer) = (Signal::default(), Rc::new(RefCell::new(None)));
        let (told, slot) = (signal.clone(), answer.clone());
        let done = move |result: Result<LogOffsets, LogError>| {
            *slot.borrow_mut() = result.ok();
            told.notify();
        };
        access.offsets(&of, IsolationLevel::ReadUncommitted, Box::new(done));
        signal.wait().await;
        ends.extend(answer.take().map(|offsets| offsets.latest));
    }
    ends
}
