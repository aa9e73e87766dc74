//! A producer: sends records to the partitions of a topic, in order, each once.
//!
//! Invariant: one request is underway for each partition, so that what is sent again is in order.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::base::{Name, SimDuration};
use crate::host::{
    Append, LogAccess, LogDone, LogError, LogRecord, ProducerIdentity, TopicPartition,
};

/// How many records a request takes at most.
const BATCH: usize = 500;
/// How many records may wait (`buffer.memory`).
const BUFFERED: usize = 2_000;

#[derive(Default)]
struct Partition {
    buffer: VecDeque<LogRecord>,
    sequence: u64,
    in_flight: usize,
}

/// Someone who waits until all that was sent so far is durable.
struct Flush {
    /// How many records that is, by partition.
    up_to: Vec<u64>,
    done: LogDone<ProducerIdentity>,
}

impl Partition {
    /// How many records were ever sent.
    fn sent(&self) -> u64 {
        self.sequence + (self.in_flight + self.buffer.len()) as u64
    }
}

struct State {
    access: Rc<dyn LogAccess>,
    topic: Name,
    transactional_id: Option<Name>,
    identity: Option<ProducerIdentity>,
    partitions: Vec<Partition>,
    failed: Option<LogError>,
    closed: bool,
    flushes: Vec<Flush>,
    on_change: Rc<dyn Fn()>,
}

/// See the module. Clones are the same producer.
#[derive(Clone)]
pub struct Producer(Rc<RefCell<State>>);

impl Producer {
    /// Asks for a producer of a topic with so many partitions. With a transactional id all that is
    /// sent belongs to one transaction, which somebody else ends. `on_change` is called when an
    /// answer has come.
    pub fn new(
        access: &Rc<dyn LogAccess>,
        (topic, partitions): (Name, u16),
        transactional: Option<(Name, SimDuration)>,
        on_change: Rc<dyn Fn()>,
    ) -> Self {
        let (transactional_id, timeout) = transactional.unzip();
        let partitions = (0..partitions).map(|_| Partition::default()).collect();
        let this = Self::with(access, topic, partitions, on_change);
        this.0.borrow_mut().transactional_id.clone_from(&transactional_id);
        let own = this.clone();
        let done = move |result| own.on_initialized(result);
        access.init_producer(
            transactional_id.as_deref(),
            timeout.unwrap_or(SimDuration::ZERO),
            Box::new(done),
        );
        this
    }

    /// One that goes on as `identity`, which has sent so many records to each partition before.
    pub fn resumed(
        access: &Rc<dyn LogAccess>,
        topic: Name,
        identity: ProducerIdentity,
        sent: &[u64],
        on_change: Rc<dyn Fn()>,
    ) -> Self {
        let partition = |sequence: &u64| Partition { sequence: *sequence, ..Partition::default() };
        let this = Self::with(access, topic, sent.iter().map(partition).collect(), on_change);
        this.0.borrow_mut().identity = Some(identity);
        this
    }

    fn with(
        access: &Rc<dyn LogAccess>,
        topic: Name,
        partitions: Vec<Partition>,
        on_change: Rc<dyn Fn()>,
    ) -> Self {
        Self(Rc::new(RefCell::new(State {
            access: access.clone(),
            topic,
            transactional_id: None,
            identity: None,
            partitions,
            failed: None,
            closed: false,
            flushes: Vec::new(),
            on_change,
        })))
    }

    fn on_initialized(&self, result: Result<ProducerIdentity, LogError>) {
        match result {
            Ok(identity) => self.0.borrow_mut().identity = Some(identity),
            Err(error) => self.0.borrow_mut().failed = Some(error),
        }
        self.go_on();
    }

    /// Sends records to a partition.
    ///
    /// # Panics
    /// If the topic has no such partition.
    pub fn send(&self, partition: u16, records: impl IntoIterator<Item = LogRecord>) {
        self.0.borrow_mut().partitions[usize::from(partition)].buffer.extend(records);
        self.pump(usize::from(partition));
    }

    /// Sends nothing more, whatever answers still come: whoever it belongs to is gone.
    pub fn close(&self) {
        self.0.borrow_mut().closed = true;
    }

    /// How many partitions the topic has.
    pub fn partitions(&self) -> u16 {
        self.0.borrow().partitions.len() as u16
    }

    /// Whether so many records wait that no more are to be sent for the time being.
    pub fn is_full(&self) -> bool {
        self.waiting() >= BUFFERED
    }

    /// Whether nothing is on its way.
    pub fn is_flushed(&self) -> bool {
        self.waiting() == 0
    }

    /// How many records are not durable yet.
    fn waiting(&self) -> usize {
        let state = self.0.borrow();
        state.partitions.iter().map(|it| it.buffer.len() + it.in_flight).sum()
    }

    /// Why it cannot go on, if it cannot.
    pub fn error(&self) -> Option<LogError> {
        self.0.borrow().failed.clone()
    }

    /// Tells when all that was sent is durable, and who has sent it.
    pub fn flush(&self, done: impl FnOnce(Result<ProducerIdentity, LogError>) + 'static) {
        {
            let mut state = self.0.borrow_mut();
            let up_to = state.partitions.iter().map(Partition::sent).collect();
            state.flushes.push(Flush { up_to, done: Box::new(done) });
        }
        self.tell_flushed();
    }

    fn go_on(&self) {
        let count = self.0.borrow().partitions.len();
        (0..count).for_each(|partition| self.pump(partition));
        self.tell_flushed();
        let on_change = self.0.borrow().on_change.clone();
        on_change();
    }

    fn pump(&self, place: usize) {
        let (access, append) = {
            let mut state = self.0.borrow_mut();
            let stopped = state.closed || state.failed.is_some();
            let Some(producer) = state.identity.filter(|_| !stopped) else { return };
            let (topic, transactional_id) = (state.topic.clone(), state.transactional_id.clone());
            let partition = &mut state.partitions[place];
            if partition.in_flight > 0 || partition.buffer.is_empty() {
                return;
            }
            let count = partition.buffer.len().min(BATCH);
            let records: Vec<LogRecord> = partition.buffer.drain(..count).collect();
            partition.in_flight = count;
            let append = Append {
                to: TopicPartition { topic, partition: place as u16 },
                producer,
                transactional_id,
                sequence: partition.sequence,
                records: records.into(),
            };
            (state.access.clone(), append)
        };
        let own = self.clone();
        access.append(append, Box::new(move |result| own.on_appended(place, result)));
    }

    fn on_appended(&self, place: usize, result: Result<u64, LogError>) {
        {
            let mut state = self.0.borrow_mut();
            match result {
                Ok(_) => {
                    let partition = &mut state.partitions[place];
                    partition.sequence += partition.in_flight as u64;
                    partition.in_flight = 0;
                }
                Err(error) => state.failed = Some(error),
            }
        }
        self.go_on();
    }

    fn tell_flushed(&self) {
        let (told, result) = {
            let mut state = self.0.borrow_mut();
            let result = match (&state.failed, state.identity) {
                (Some(error), _) => Err(error.clone()),
                (None, Some(identity)) => Ok(identity),
                (None, None) => return,
            };
            let State { flushes, partitions, .. } = &mut *state;
            let is_done = |flush: &mut Flush| {
                let mut each = flush.up_to.iter().zip(&*partitions);
                result.is_err() || each.all(|(up_to, partition)| partition.sequence >= *up_to)
            };
            (flushes.extract_if(.., is_done).collect::<Vec<_>>(), result)
        };
        told.into_iter().for_each(|flush| (flush.done)(result.clone()));
    }
}
