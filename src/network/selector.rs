//! Which channel a record goes to: the partitioners of Flink, over whole batches.
//!
//! Previous: [`super::RecordWriter`], which calls this. Next: [`super::Staging`].

use rand::RngExt;

use super::Staging;
use super::owners::Owners;
use crate::base::StreamRng;
use crate::operator::KeySelector;
use crate::record::{Batch, Data, Failure, Partitioning};

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
        let count = staging.count();
        // Batches of a keyed edge meet others here that have no such column.
        batch.hashes = None;
        match self {
            Self::First => staging.append(0, batch),
            Self::RoundRobin(next) => {
                staging.carry(std::mem::take(&mut batch.markers));
                staging.scatter(batch, |_, _| {
                    let channel = *next;
                    *next = if channel + 1 == count { 0 } else { channel + 1 };
                    Ok(channel)
                })
            }
            Self::Random(random) => {
                staging.carry(std::mem::take(&mut batch.markers));
                staging.scatter(batch, |_, _| Ok(random.random_range(0..count)))
            }
            Self::All => {
                for channel in 1..count {
                    staging.append(channel, batch.clone())?;
                }
                staging.append(0, batch)
            }
        }
    }
}

/// Hash partitioning: to the owner of the key's group. Leaves the hashes in the batch, so that
/// the keyed operator behind the edge need not compute them again.
pub struct KeyGroups<S> {
    selector: S,
    /// None where there is but one channel.
    owners: Option<Owners>,
    /// The channels of the records at hand; kept to save the allocation.
    routes: Vec<u16>,
}

impl<S> KeyGroups<S> {
    /// Deals over so many channels by the keys that `selector` finds. `max_parallelism` is that of
    /// the consumer.
    pub fn new(selector: S, channels: usize, max_parallelism: u32) -> Self {
        let owners = (channels > 1).then(|| Owners::new(channels, max_parallelism));
        Self { selector, owners, routes: Vec::new() }
    }
}

impl<T: Data, S: KeySelector<T>> Deal<T> for KeyGroups<S> {
    fn deal(&mut self, mut batch: Batch<T>, staging: &mut Staging<T>) -> Result<(), Failure> {
        let hash = |value: &T| self.selector.hash(value) as u32;
        let hashes: Vec<u32> = batch.values.iter().map(hash).collect();
        let Some(owners) = &mut self.owners else {
            batch.hashes = Some(hashes);
            return staging.append(0, batch);
        };
        owners.find(&hashes, &mut self.routes);
        batch.hashes = Some(hashes);
        staging.carry(std::mem::take(&mut batch.markers));
        staging.scatter_by_key(batch, &self.routes)
    }
}

/// To the channel that a user's partitioner names; there must be one.
pub struct Custom<F>(pub F);

impl<T: Data, F: FnMut(&T, usize) -> usize + 'static> Deal<T> for Custom<F> {
    fn deal(&mut self, mut batch: Batch<T>, staging: &mut Staging<T>) -> Result<(), Failure> {
        let count = staging.count();
        batch.hashes = None;
        staging.carry(std::mem::take(&mut batch.markers));
        staging.scatter(batch, |_, value| match (self.0)(value, count) {
            channel if channel < count => Ok(channel),
            channel => Err(Failure(format!(
                "the partitioner sends {value:?} to subtask {channel}, but the last is {}",
                count - 1
            ))),
        })
    }
}
