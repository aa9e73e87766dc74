//! The coordinator of transactional ids: who may write under each, and where its transaction
//! stands.
//!
//! A transaction is open from its first partition on. How it ends is decided once and written down
//! (`Prepare`); then each of its partitions is told until it has the marker, and only when all have
//! it is the transaction complete and the next one can begin. Whoever initializes a transactional
//! id aborts what is open under it, with an epoch later than that of the one before, so that the
//! markers fence it at every partition.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::seams::ProducerFencing;
use crate::base::{Name, SimDuration, SimTime};
use crate::host::{Address, LogError, ProducerIdentity, TopicPartition};
use crate::trace::TransactionResult;

/// How many initializations of a transactional id are recognized when they are asked for again.
const REMEMBERED_INITS: usize = 5;

/// Where a transactional id stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was appended since it was initialized.
    Empty,
    /// A transaction is open.
    Ongoing {
        /// The partitions that have joined it.
        partitions: BTreeSet<TopicPartition>,
        /// Since when.
        started_at: SimTime,
    },
    /// It is decided how it ends (Kafka's `PrepareCommit` and `PrepareAbort`).
    Prepare {
        /// How.
        result: TransactionResult,
        /// The partitions that have no marker yet, at least one.
        missing: BTreeSet<TopicPartition>,
    },
    /// It has ended (Kafka's `CompleteCommit` and `CompleteAbort`).
    Complete {
        /// How.
        result: TransactionResult,
    },
}

/// A producer that was given out, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Given {
    client: Address,
    request: u64,
    producer: ProducerIdentity,
}

/// What is known of a transactional id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The producer that may write. Its epoch is given to nobody while one before is aborted.
    pub producer: ProducerIdentity,
    /// How long a transaction may be open.
    pub timeout: SimDuration,
    /// Where it stands.
    pub phase: Phase,
    /// The client's request that has ended the last transaction: if it comes again, it does not
    /// end the next one.
    ended_by: Option<(Address, u64)>,
    given: VecDeque<Given>,
}

/// Something that happens to a transactional id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransactionChange {
    /// A producer is given out.
    Initialized {
        /// The producer.
        producer: ProducerIdentity,
        /// How long its transactions may be open.
        timeout: SimDuration,
        /// Who has asked.
        client: Address,
        /// With which request.
        request: u64,
    },
    /// A partition joins the transaction, which begins with its first.
    Joined {
        /// The partition.
        partition: TopicPartition,
        /// When.
        at: SimTime,
    },
    /// It is decided how the transaction ends.
    Prepared {
        /// The producer from now on.
        producer: ProducerIdentity,
        /// How it ends.
        result: TransactionResult,
        /// The client and the request by which, if it is a client's wish.
        ended_by: Option<(Address, u64)>,
    },
    /// A partition has the marker. With the last one the transaction is complete.
    Marked {
        /// The partition.
        partition: TopicPartition,
    },
}

/// Who wants to be a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InitRequest {
    /// The client.
    pub client: Address,
    /// The number of its request.
    pub request: u64,
    /// How long its transactions may be open.
    pub timeout: SimDuration,
}

/// What comes of an initialization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitDecision {
    /// The same request was answered with this producer.
    Known(ProducerIdentity),
    /// A producer is given out.
    Give(TransactionChange),
    /// What is open is aborted first.
    AbortFirst(TransactionChange),
    /// What is about to end ends first.
    Wait,
}

/// What comes of a partition that wants to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinDecision {
    /// It has joined before.
    Known,
    /// It joins.
    Join(TransactionChange),
    /// The transaction before has to end first.
    Wait,
}

/// What comes of the wish to end a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndDecision {
    /// There is nothing to end, or it has ended in the same way.
    Ended,
    /// It is ending in the same way.
    Underway,
    /// It will.
    End(TransactionChange),
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transactions(BTreeMap<Name, Transaction>);

impl Transactions {
    /// What is known of a transactional id.
    pub fn get(&self, transactional_id: &str) -> Option<&Transaction> {
        self.0.get(transactional_id)
    }

    /// All transactional ids, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Transaction)> {
        self.0.iter()
    }

    /// The transactional ids of which a transaction has begun and not ended.
    pub fn unfinished(&self) -> Vec<Name> {
        let unfinished = self.0.iter().filter(|(_, it)| match it.phase {
            Phase::Ongoing { .. } | Phase::Prepare { .. } => true,
            Phase::Empty | Phase::Complete { .. } => false,
        });
        unfinished.map(|(name, _)| name.clone()).collect()
    }

    /// The transactional ids with this prefix of which a transaction has begun and not ended, or may
    /// begin yet: whoever was given the producer may have sent records that come late.
    pub fn not_fenced(&self, prefix: &str) -> Vec<Name> {
        let with_prefix = self.0.iter().filter(|(name, _)| name.starts_with(prefix));
        let not_fenced = with_prefix.filter(|(_, it)| match it.phase {
            Phase::Ongoing { .. } | Phase::Prepare { .. } => true,
            Phase::Empty => it.producer.epoch == 0,
            Phase::Complete { .. } => false,
        });
        not_fenced.map(|(name, _)| name.clone()).collect()
    }

    /// Someone wants to be the producer of a transactional id; `fresh` is the number that it gets
    /// if there was none before.
    pub fn init(&self, transactional_id: &str, asked: InitRequest, fresh: u64) -> InitDecision {
        let InitRequest { client, request, timeout } = asked;
        let give = |producer| TransactionChange::Initialized { producer, timeout, client, request };
        let Some(known) = self.0.get(transactional_id) else {
            return InitDecision::Give(give(ProducerIdentity { id: fresh, epoch: 0 }));
        };
        let mut given = known.given.iter();
        if let Some(given) = given.find(|it| (it.client, it.request) == (client, request)) {
            return InitDecision::Known(given.producer);
        }
        let next = bumped(known.producer);
        match &known.phase {
            Phase::Empty | Phase::Complete { .. } => InitDecision::Give(give(next)),
            Phase::Ongoing { .. } => InitDecision::AbortFirst(TransactionChange::Prepared {
                producer: next,
                result: TransactionResult::Abort,
                ended_by: None,
            }),
            Phase::Prepare { .. } => InitDecision::Wait,
        }
    }

    /// A partition wants to join the transaction of a producer.
    pub fn join(
        &self,
        now: SimTime,
        transactional_id: &str,
        producer: ProducerIdentity,
        partition: &TopicPartition,
        fencing: &dyn ProducerFencing,
    ) -> Result<JoinDecision, LogError> {
        let known = self.current(transactional_id, producer, fencing)?;
        let join = || {
            let change = TransactionChange::Joined { partition: partition.clone(), at: now };
            Ok(JoinDecision::Join(change))
        };
        match &known.phase {
            Phase::Ongoing { partitions, .. } if partitions.contains(partition) => {
                Ok(JoinDecision::Known)
            }
            Phase::Empty | Phase::Ongoing { .. } | Phase::Complete { .. } => join(),
            Phase::Prepare { .. } => Ok(JoinDecision::Wait),
        }
    }

    /// A producer wants its transaction to end, by a client's request.
    pub fn end(
        &self,
        asked: (Address, u64),
        transactional_id: &str,
        producer: ProducerIdentity,
        wanted: TransactionResult,
        fencing: &dyn ProducerFencing,
    ) -> Result<EndDecision, LogError> {
        let known = self.current(transactional_id, producer, fencing)?;
        match &known.phase {
            Phase::Empty => Ok(EndDecision::Ended),
            Phase::Ongoing { .. } if known.ended_by == Some(asked) => Ok(EndDecision::Ended),
            Phase::Ongoing { .. } => Ok(EndDecision::End(TransactionChange::Prepared {
                producer: known.producer,
                result: wanted,
                ended_by: Some(asked),
            })),
            Phase::Prepare { result, .. } if *result == wanted => Ok(EndDecision::Underway),
            Phase::Complete { result } if *result == wanted => Ok(EndDecision::Ended),
            Phase::Prepare { .. } | Phase::Complete { .. } => {
                Err(LogError::InvalidTransactionState)
            }
        }
    }

    /// When the open transaction of a transactional id is open for too long.
    pub fn expires_at(&self, transactional_id: &str) -> Option<SimTime> {
        let known = self.0.get(transactional_id)?;
        match &known.phase {
            Phase::Ongoing { started_at, .. } => Some(*started_at + known.timeout),
            Phase::Empty | Phase::Prepare { .. } | Phase::Complete { .. } => None,
        }
    }

    /// What becomes of a transaction that is open for too long.
    pub fn expire(&self, now: SimTime, transactional_id: &str) -> Option<TransactionChange> {
        let due = self.expires_at(transactional_id)?;
        let known = self.0.get(transactional_id)?;
        (due <= now).then(|| known.expired())
    }

    /// What becomes of all transactions that are open if their time is taken for passed.
    pub fn expire_all(&self) -> Vec<(Name, TransactionChange)> {
        let open = self.0.iter().filter(|(_, it)| matches!(it.phase, Phase::Ongoing { .. }));
        open.map(|(name, it)| (name.clone(), it.expired())).collect()
    }

    /// A partition says that it has the marker.
    pub fn marked(
        &self,
        transactional_id: &str,
        producer: ProducerIdentity,
        partition: &TopicPartition,
    ) -> Option<TransactionChange> {
        let known = self.0.get(transactional_id).filter(|it| it.producer == producer)?;
        match &known.phase {
            Phase::Prepare { missing, .. } if missing.contains(partition) => {
                Some(TransactionChange::Marked { partition: partition.clone() })
            }
            Phase::Empty
            | Phase::Ongoing { .. }
            | Phase::Prepare { .. }
            | Phase::Complete { .. } => None,
        }
    }

    /// The transactional id, if this is its producer and not one that was replaced.
    fn current(
        &self,
        transactional_id: &str,
        producer: ProducerIdentity,
        fencing: &dyn ProducerFencing,
    ) -> Result<&Transaction, LogError> {
        let known = self.0.get(transactional_id).filter(|it| it.producer.id == producer.id);
        let known = known.ok_or(LogError::InvalidProducerIdMapping)?;
        if !fencing.admits(producer.epoch, known.producer.epoch) {
            return Err(LogError::ProducerFenced);
        }
        if producer.epoch > known.producer.epoch {
            return Err(LogError::InvalidProducerEpoch);
        }
        Ok(known)
    }

    pub(super) fn apply(&mut self, transactional_id: &Name, change: &TransactionChange) {
        if let TransactionChange::Initialized { producer, timeout, client, request } = change {
            let known = self.0.entry(transactional_id.clone()).or_insert_with(|| Transaction {
                producer: *producer,
                timeout: *timeout,
                phase: Phase::Empty,
                ended_by: None,
                given: VecDeque::new(),
            });
            (known.producer, known.timeout, known.phase) = (*producer, *timeout, Phase::Empty);
            let (client, request, producer) = (*client, *request, *producer);
            known.given.push_back(Given { client, request, producer });
            if known.given.len() > REMEMBERED_INITS {
                known.given.pop_front();
            }
            return;
        }
        if let Some(known) = self.0.get_mut(transactional_id) {
            known.apply(change);
        }
    }
}

impl Transaction {
    /// Aborts what is open; whoever has begun it is not the producer any more.
    fn expired(&self) -> TransactionChange {
        TransactionChange::Prepared {
            producer: bumped(self.producer),
            result: TransactionResult::Abort,
            ended_by: None,
        }
    }

    fn apply(&mut self, change: &TransactionChange) {
        match (change, &mut self.phase) {
            (TransactionChange::Joined { partition, .. }, Phase::Ongoing { partitions, .. }) => {
                partitions.insert(partition.clone());
            }
            (TransactionChange::Joined { partition, at }, phase) => {
                let partitions = BTreeSet::from([partition.clone()]);
                *phase = Phase::Ongoing { partitions, started_at: *at };
            }
            (TransactionChange::Prepared { producer, result, ended_by }, phase) => {
                if let Phase::Ongoing { partitions, .. } = phase {
                    let missing = std::mem::take(partitions);
                    *phase = Phase::Prepare { result: *result, missing };
                    (self.producer, self.ended_by) = (*producer, *ended_by);
                }
            }
            (TransactionChange::Marked { partition }, phase) => {
                if let Phase::Prepare { result, missing } = phase {
                    missing.remove(partition);
                    if missing.is_empty() {
                        *phase = Phase::Complete { result: *result };
                    }
                }
            }
            (TransactionChange::Initialized { .. }, _) => {}
        }
    }
}

fn bumped(producer: ProducerIdentity) -> ProducerIdentity {
    ProducerIdentity { epoch: producer.epoch + 1, ..producer }
}
