//! A feed: somebody outside who appends records to a topic, at their pace, each once.
//!
//! It is what a scenario's job reads from. It runs with the client, whatever becomes of the job.
//! Partitions may be added while it runs: the records before go to those that there were, the
//! records behind to all of them. Each of the two stretches is appended whole before the next.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::Producer;
use crate::base::{Name, SimDuration, SimTime};
use crate::host::{
    Host, IsolationLevel, LogAccess, LogDone, LogError, LogRecord, ProducerIdentity, Signal,
    TopicPartition,
};

/// The record at a place of the feed.
pub type FeedRecord = Arc<dyn Fn(u64) -> LogRecord + Send + Sync>;

/// Partitions that are added while records come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedGrowth {
    /// After how many records. If there are no more, none are added.
    pub after: u64,
    /// How many partitions there are from then on; not fewer than before.
    pub partitions: u16,
}

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
    /// The partitions that are added, if any are.
    pub grows: Option<FeedGrowth>,
}

/// Neighbouring records for which the topic has the same partitions.
struct Stretch {
    /// Their places in the feed.
    places: Range<u64>,
    /// Where each partition is before the first of them.
    begins: Vec<u64>,
}

impl LogFeed {
    /// Where each partition ends when all is appended.
    pub fn ends(&self) -> Vec<u64> {
        self.stretches().last().map_or_else(Vec::new, Stretch::ends)
    }

    /// One, or two if partitions are added.
    fn stretches(&self) -> Vec<Stretch> {
        let begins = vec![0; usize::from(self.partitions)];
        let Some(FeedGrowth { after, partitions }) =
            self.grows.filter(|it| it.after < self.records)
        else {
            return vec![Stretch { places: 0..self.records, begins }];
        };
        let first = Stretch { places: 0..after, begins };
        let mut begins = first.ends();
        begins.resize(usize::from(partitions).max(begins.len()), 0);
        vec![first, Stretch { places: after..self.records, begins }]
    }
}

impl Stretch {
    /// The partition of a record and its offset there.
    fn placed(&self, place: u64) -> (u16, u64) {
        let (turn, count) = (place - self.places.start, self.begins.len() as u64);
        let partition = (turn % count) as u16;
        (partition, self.begins[usize::from(partition)] + turn / count)
    }

    /// Where each partition is behind the last.
    fn ends(&self) -> Vec<u64> {
        let (records, count) = (self.places.end - self.places.start, self.begins.len() as u64);
        let begins = (0..count).zip(&self.begins);
        begins.map(|(partition, begin)| begin + (records + count - 1 - partition) / count).collect()
    }
}

/// The producer of every feed. Nobody else is given this number.
const FEED: ProducerIdentity = ProducerIdentity { id: 1_000_000, epoch: 0 };

/// Appends all of it, whatever happens to the log or to this node: it goes on behind what is there,
/// and what was on its way before is in the same place of the same sequence.
pub async fn feed(host: Host, access: Rc<dyn LogAccess>, feed: LogFeed) {
    for stretch in feed.stretches() {
        let partitions = stretch.begins.len() as u16;
        if partitions > feed.partitions {
            add_partitions(&access, &feed.topic, partitions).await;
        }
        while append_all(&host, &access, &feed, &stretch).await.is_err() {}
    }
}

/// Appends those records of a stretch that are not there yet.
async fn append_all(
    host: &Host,
    access: &Rc<dyn LogAccess>,
    feed: &LogFeed,
    stretch: &Stretch,
) -> Result<(), LogError> {
    let start = SimTime::ZERO;
    let sent = ends(access, &feed.topic, stretch.begins.len()).await;
    let (signal, topic) = (Signal::default(), feed.topic.clone());
    let changed = signal.clone();
    let changed = Rc::new(move || changed.notify());
    let producer = Producer::resumed(access, topic, FEED, &sent, changed);
    for place in stretch.places.clone() {
        let (partition, offset) = stretch.placed(place);
        if offset < sent[usize::from(partition)] {
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
    producer.error().map_or(Ok(()), Err)
}

/// Gives the topic so many partitions. That it has more already is as good.
async fn add_partitions(access: &Rc<dyn LogAccess>, topic: &Name, partitions: u16) {
    let unanswered = Err(LogError::TimedOut);
    while asked(|done| access.create_partitions(topic, partitions, done)).await == unanswered {}
}

/// Where each of so many partitions ends, asked until there is an answer.
async fn ends(access: &Rc<dyn LogAccess>, topic: &Name, partitions: usize) -> Vec<u64> {
    let mut ends = Vec::new();
    while ends.len() < partitions {
        let of = TopicPartition { topic: topic.clone(), partition: ends.len() as u16 };
        let isolation = IsolationLevel::ReadUncommitted;
        let answer = asked(|done| access.offsets(&of, isolation, done)).await;
        ends.extend(answer.ok().map(|offsets| offsets.latest));
    }
    ends
}

/// What the log answers.
async fn asked<T: 'static>(ask: impl FnOnce(LogDone<T>)) -> Result<T, LogError> {
    let (signal, answer) = (Signal::default(), Rc::new(RefCell::new(None)));
    let (told, slot) = (signal.clone(), answer.clone());
    ask(Box::new(move |result| {
        *slot.borrow_mut() = Some(result);
        told.notify();
    }));
    loop {
        if let Some(result) = answer.take() {
            return result;
        }
        signal.wait().await;
    }
}
