//! What sees a job's results: files, tables and screens that no failure takes back.

use std::cell::Cell;
use std::fmt::Debug;
use std::rc::Rc;

use super::Signal;
use crate::base::{JobId, SimDuration};
use crate::record::{RecordId, Row};

/// How a user's function is made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InjectedFailure {
    /// As if it had thrown.
    Throws,
    /// As if it had a bug that the language catches.
    Panics,
}

/// One subtask's way to a sink.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// The sink.
    pub sink: &'a str,
    /// The subtask.
    pub subtask: &'a str,
    /// Which attempt at it.
    pub attempt: u32,
}

/// Neighbouring records of a split that a source subtask has just read.
#[derive(Clone, Copy, Debug)]
pub struct ReadRecords<'a> {
    /// The job.
    pub job: JobId,
    /// The subtask.
    pub subtask: &'a str,
    /// The first of them.
    pub first: RecordId,
    /// How many there are.
    pub count: u64,
}

/// A node's access to the world outside the cluster.
pub trait Outside {
    /// A subtask begins to write. What earlier attempts at it still write is refused from now on,
    /// as a log refuses a producer whose id was given to another.
    fn open(&self, writer: Writer<'_>);

    /// Makes `rows` visible, at once and for ever.
    fn publish(&self, writer: Writer<'_>, rows: Vec<Row>);

    /// Makes committed rows of a part of a sink (a partition of its topic, a file) visible, at once
    /// and for ever. They come with their places in the part and in their order; those that are
    /// visible already stay as they are.
    fn reveal(&self, sink: &str, part: &str, rows: Vec<(u64, Row)>);

    /// Asks to be told if the function of `subtask` is to fail: whoever wants that sets the cell and
    /// notifies `signal`.
    fn expect_failure(&self, subtask: &str, signal: Signal) -> Rc<Cell<Option<InjectedFailure>>>;

    /// How many times as long as it should the function of `subtask` takes for everything.
    fn slowness(&self, subtask: &str) -> f64;

    /// The place of the first of these records that nobody can process, if one of them is such.
    fn poisoned(&self, read: ReadRecords<'_>) -> Option<u64>;

    /// Asks to be told when the transactions that are open at the service of this node are to be
    /// aborted as if their time had passed; for as long as `expire` is kept, which may be called at
    /// any moment.
    fn expect_expiry(&self, expire: &Rc<dyn Fn()>);

    /// Says, once for each time that it was told, how many transactions were open.
    fn on_expired(&self, transactions: usize);

    /// Whether the service of this node refuses what it is asked for, as a database does while
    /// somebody else has a lock.
    fn is_refusing(&self) -> bool;

    /// Takes note of how long a latency marker was on its way to a sink.
    fn measure(&self, sink: &str, latency: SimDuration);
}

/// Decides who may write.
pub trait WriterFencing: Debug + Send + Sync {
    /// Whether an attempt may, if `current` is the latest that has opened the sink.
    fn admits(&self, attempt: u32, current: u32) -> bool;
}

/// Refuses attempts that have been replaced.
#[derive(Clone, Copy, Debug, Default)]
pub struct FenceReplaced;

impl WriterFencing for FenceReplaced {
    fn admits(&self, attempt: u32, current: u32) -> bool {
        attempt >= current
    }
}
