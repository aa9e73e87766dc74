//! A feed: somebody outside who appends records to a topic, at their pace, each once.
//!
//! It is what a scenario's job reads from. It runs with the client, whatever becomes of the job.

use std::rc::Rc;
use std::sync::Arc;

use super::Producer;
use crate::base::Name;
use crate::host::{Host, LogAccess, LogRecord, Signal};

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

/// Appends all of it.
pub async fn feed(host: Host, access: Rc<dyn LogAccess>, feed: LogFeed) {
    let signal = Signal::default();
    let changed = signal.clone();
    let topic = (feed.topic.clone(), feed.partitions);
    let producer = Producer::new(&access, topic, None, Rc::new(move || changed.notify()));
    let start = host.clock.now();
    for place in 0..feed.records {
        let due = start + crate::base::SimDuration::from_secs_f64(place as f64 / feed.rate);
        if due > host.clock.now() {
            host.clock.sleep_until(due).await;
        }
        while producer.is_full() && producer.error().is_none() {
            signal.wait().await;
        }
        let partition = (place % u64::from(feed.partitions)) as u16;
        producer.send(partition, [(feed.record)(place)]);
    }
}
