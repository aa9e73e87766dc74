//! Which channel a record goes to: the partitioners of Flink, over whole batches.
//!
//! Previous: [`super::RecordWriter`], which calls this. Next: the staging below, then
//! [`super::ResultPartition`].

use rand::RngExt;

use crate::base::{EventTime, StreamRng};
use crate::operator::{Channels, KeySelector, Meter};
use crate::record::{Batch, Data, Failure, LatencyMarker, Partitioning, RecordId, key_group};
use std::rc::Rc;

/// Records on their way into a buffer, per channel.
pub struct Staging<T> {
    staged: Vec<Batch<T>>,
    channels: Box<dyn Channels>,
    full: usize,
    /// For how many records a channel's buffer has room at first.
    reserved: usize,
    meter: Rc<Meter>,
    /// Where the next latency markers go: in turn, so that every channel is measured.
    marked: usize,
}

impl<T: Data> Staging<T> {
    pub(super) fn new(channels: Box<dyn Channels>, full: usize, meter: Rc<Meter>) -> Self {
        let count = channels.count();
        let staged = (0..count).map(|_| Batch::default()).collect();
        // Where channels are many, few of their buffers fill up before they are flushed.
        let reserved = (4 * full / count.max(1)).clamp(1, full.max(1));
        Self { staged, channels, full, reserved, meter, marked: 0 }
    }

    pub(super) fn channels(&self) -> &dyn Channels {
        &*self.channels
    }

    /// Stages one record for a channel.
    #[inline]
    pub fn push(
        &mut self,
        channel: usize,
        value: T,
        timestamp: Option<EventTime>,
        id: Option<RecordId>,
        hash: Option<u32>,
    ) {
        let batch = &mut self.staged[channel];
        if batch.is_empty() {
            batch.values.reserve(self.reserved);
            self.channels.staged();
        }
        batch.push(value, timestamp, id);
        if let Some(hash) = hash {
            batch.hashes.get_or_insert_default().push(hash);
        }
        if batch.len() >= self.full {
            self.send(channel);
        }
    }

    /// Stages a whole batch for a channel.
    pub fn append(&mut self, channel: usize, mut batch: Batch<T>) {
        let markers = std::mem::take(&mut batch.markers);
        if self.staged[channel].is_empty() && batch.len() * 2 >= self.full {
            batch.markers = markers;
            self.staged[channel] = batch;
            return self.send(channel);
        }
        let Batch { values, timestamps, ids, hashes, .. } = batch;
        for (index, value) in values.into_iter().enumerate() {
            let timestamp = timestamps.as_ref().map(|column| column[index]);
            let id = ids.as_ref().map(|column| column[index]);
            let hash = hashes.as_ref().map(|column| column[index]);
            self.push(channel, value, timestamp, id, hash);
        }
        self.carry_to(channel, markers);
    }

    /// Puts latency markers behind what is staged for the next channel in turn.
    fn carry(&mut self, markers: Vec<LatencyMarker>) {
        if !markers.is_empty() {
            self.marked = (self.marked + 1) % self.staged.len();
            self.carry_to(self.marked, markers);
        }
    }

    fn carry_to(&mut self, channel: usize, mut markers: Vec<LatencyMarker>) {
        if markers.is_empty() {
            return;
        }
        if self.staged[channel].is_empty() {
            self.channels.staged();
        }
        self.staged[channel].markers.append(&mut markers);
    }

    fn send(&mut self, channel: usize) {
        let batch = self.staged[channel].take();
        self.meter.count_out(batch.len());
        self.channels.add(channel, Box::new(batch));
    }

    /// Sends whatever is staged.
    pub(super) fn send_all(&mut self) {
        for channel in 0..self.staged.len() {
            if !self.staged[channel].is_empty() {
                self.send(channel);
            }
        }
    }
}

/// Deals a batch over channels.
pub trait Deal<T>: 'static {
    /// Deals a batch over `staging`, which has at least one channel.
    fn deal(&mut self, batch: Batch<T>, staging: &mut Staging<T>) -> Result<(), Failure>;
}

/// The partitioners that do not look at the record.
pub enum UnkeyedDeal {
    /// Forward and global: to the first channel (which is the only one of a forward edge).
    First,
    /// Rebalance and rescale: in turn, with the channel that comes next.
    RoundRobin(usize),
    /// Shuffle.
    Random(Box<StreamRng>),
    /// Broadcast.
    All,
}

impl UnkeyedDeal {
    /// The partitioner for a rule. Like Flink's, rebalance begins at a random channel, so that
    /// producers do not all begin with the same consumer; rescale begins at the first.
    ///
    /// # Panics
    /// For rules that look at the record, which have dealers of their own.
    pub fn new(partitioning: Partitioning, channels: usize, mut random: StreamRng) -> Self {
        match partitioning {
            Partitioning::Forward | Partitioning::Global => Self::First,
            Partitioning::Rescale => Self::RoundRobin(0),
            Partitioning::Rebalance => Self::RoundRobin(random.random_range(0..channels)),
            Partitioning::Shuffle => Self::Random(Box::new(random)),
            Partitioning::Broadcast => Self::All,
            Partitioning::Hash | Partitioning::Custom => {
                unreachable!("hash and custom edges are built with their own dealers")
            }
        }
    }
}

impl<T: Data> Deal<T> for UnkeyedDeal {
    fn deal(&mut self, mut batch: Batch<T>, staging: &mut Staging<T>) -> Result<(), Failure> {
        let count = staging.staged.len();
        // Batches of a keyed edge meet others here that have no such column.
        batch.hashes = None;
        match self {
            Self::First => staging.append(0, batch),
            Self::RoundRobin(next) => {
                staging.carry(std::mem::take(&mut batch.markers));
                return scatter(batch, staging, |_| {
                    let channel = *next;
                    *next = if channel + 1 == count { 0 } else { channel + 1 };
                    Ok(channel)
                });
            }
            Self::Random(random) => {
                staging.carry(std::mem::take(&mut batch.markers));
                return scatter(batch, staging, |_| Ok(random.random_range(0..count)));
            }
            Self::All => {
                for channel in 1..count {
                    staging.append(channel, batch.clone());
                }
                staging.append(0, batch);
            }
        }
        Ok(())
    }
}

/// Stages each record of a batch for the channel that `choose` names.
fn scatter<T: Data>(
    batch: Batch<T>,
    staging: &mut Staging<T>,
    mut choose: impl FnMut(&T) -> Result<usize, Failure>,
) -> Result<(), Failure> {
    let Batch { values, timestamps, ids, .. } = batch;
    for (index, value) in values.into_iter().enumerate() {
        let channel = choose(&value)?;
        let timestamp = timestamps.as_ref().map(|column| column[index]);
        let id = ids.as_ref().map(|column| column[index]);
        staging.push(channel, value, timestamp, id, None);
    }
    Ok(())
}

/// Hash partitioning: to the owner of the key's group. Leaves the hashes in the batch, so that
/// the keyed operator behind the edge need not compute them again.
pub struct KeyGroups<S> {
    selector: S,
    max_parallelism: u32,
}

impl<S> KeyGroups<S> {
    /// Deals by the keys that `selector` finds. `max_parallelism` is that of the consumer.
    pub fn new(selector: S, max_parallelism: u32) -> Self {
        Self { selector, max_parallelism }
    }
}

impl<T: Data, S: KeySelector<T>> Deal<T> for KeyGroups<S> {
    fn deal(&mut self, mut batch: Batch<T>, staging: &mut Staging<T>) -> Result<(), Failure> {
        let count = staging.staged.len();
        let hash = |value: &T| self.selector.hash(value) as u32;
        if count == 1 {
            batch.hashes = Some(batch.values.iter().map(hash).collect());
            staging.append(0, batch);
            return Ok(());
        }
        staging.carry(std::mem::take(&mut batch.markers));
        let Batch { values, timestamps, ids, .. } = batch;
        for (index, value) in values.into_iter().enumerate() {
            let hash = hash(&value);
            let group = key_group::assign(hash as i32, self.max_parallelism);
            let channel = key_group::owner(group, count as u32, self.max_parallelism) as usize;
            let timestamp = timestamps.as_ref().map(|column| column[index]);
            let id = ids.as_ref().map(|column| column[index]);
            staging.push(channel, value, timestamp, id, Some(hash));
        }
        Ok(())
    }
}

/// To the channel that a user's partitioner names; there must be one.
pub struct Custom<F>(pub F);

impl<T: Data, F: FnMut(&T, usize) -> usize + 'static> Deal<T> for Custom<F> {
    fn deal(&mut self, mut batch: Batch<T>, staging: &mut Staging<T>) -> Result<(), Failure> {
        let count = staging.staged.len();
        staging.carry(std::mem::take(&mut batch.markers));
        scatter(batch, staging, |value| match (self.0)(value, count) {
            channel if channel < count => Ok(channel),
            channel => Err(Failure(format!(
                "the partitioner sends {value:?} to subtask {channel}, but the last is {}",
                count - 1
            ))),
        })
    }
}
