//! Transactions with which sinks write, as the sinks tell of them.
//!
//! What the log, the database and the storage make of them is said by [`super::Log`],
//! [`super::Database`] and [`super::Files`].

use std::collections::{BTreeMap, VecDeque};

use super::Seen;
use crate::base::{CheckpointId, JobId, Name, SimTime};
use crate::trace::TransactionEvent;

/// How far a transaction is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionPhase {
    /// What its sink writes belongs to it.
    Open,
    /// All of it is written and durable: the first phase is over.
    PreCommitted,
    /// Its checkpoint is complete, and the second phase has begun.
    CommitRequested,
    /// It was found in the checkpoint after a restart, and is committed, perhaps once more.
    RecommitRequested,
    /// All of it is visible.
    Committed,
    /// Nothing of it will be.
    Aborted,
    /// An attempt that was replaced had left it open, and its successor has aborted it.
    LingeringAborted,
    /// It cannot be committed although its checkpoint is complete: what it holds is lost.
    CommitFailed(Name),
}

impl TransactionPhase {
    /// Whether nothing more is expected of it.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Open | Self::PreCommitted | Self::CommitRequested | Self::RecommitRequested => {
                false
            }
            Self::Committed | Self::Aborted | Self::LingeringAborted | Self::CommitFailed(_) => {
                true
            }
        }
    }
}

/// A transaction of a sink. What the trace has not told is unset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its name.
    pub name: Name,
    /// The job.
    pub job: JobId,
    /// The sink's subtask.
    pub subtask: Name,
    /// The attempt that was first heard of with it.
    pub attempt: u32,
    /// How far it is.
    pub phase: TransactionPhase,
    /// The checkpoint that it belongs to.
    pub checkpoint: Option<CheckpointId>,
    /// When it began.
    pub begun: Option<SimTime>,
    /// When its first phase was over.
    pub pre_committed: Option<SimTime>,
    /// When it came into the phase in which it is.
    pub since: SimTime,
    /// Which it was in the order in which they were first heard of.
    order: u64,
}

/// The transactions of all sinks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transactions {
    pending: BTreeMap<Name, Transaction>,
    over: VecDeque<Transaction>,
    /// How many have been heard of.
    heard: u64,
    /// How many were committed, a second time included.
    pub committed: u64,
    /// How many were aborted, for whatever reason.
    pub aborted: u64,
    /// How many could not be committed.
    pub failed: u64,
}

impl Transactions {
    /// How many of those that are over are remembered.
    pub const OVER: usize = 20;

    /// Those that are not over, in the order in which they were first heard of.
    pub fn pending(&self) -> Vec<&Transaction> {
        let mut pending: Vec<_> = self.pending.values().collect();
        pending.sort_by_key(|transaction| transaction.order);
        pending
    }

    /// The last that are over, the newest last.
    pub fn over(&self) -> impl DoubleEndedIterator<Item = &Transaction> + ExactSizeIterator {
        self.over.iter()
    }

    /// The transaction of this name, if it is remembered.
    pub fn get(&self, name: &str) -> Option<&Transaction> {
        let over = || self.over.iter().rfind(|transaction| &*transaction.name == name);
        self.pending.get(name).or_else(over)
    }

    pub(super) fn apply(&mut self, at: SimTime, event: &TransactionEvent) -> Seen {
        use TransactionEvent as E;
        use TransactionPhase as P;
        let (job, subtask, attempt, name, phase) = match event {
            E::TransactionBegun { job, subtask, attempt, transaction } => {
                (job, subtask, attempt, transaction, P::Open)
            }
            E::TransactionPreCommitted { job, subtask, attempt, transaction, .. } => {
                (job, subtask, attempt, transaction, P::PreCommitted)
            }
            E::CommitRequested { job, subtask, attempt, transaction } => {
                (job, subtask, attempt, transaction, P::CommitRequested)
            }
            E::RecommitRequested { job, subtask, attempt, transaction } => {
                (job, subtask, attempt, transaction, P::RecommitRequested)
            }
            E::TransactionCommitted { job, subtask, attempt, transaction } => {
                (job, subtask, attempt, transaction, P::Committed)
            }
            E::TransactionAborted { job, subtask, attempt, transaction } => {
                (job, subtask, attempt, transaction, P::Aborted)
            }
            E::LingeringAborted { job, subtask, attempt, transaction } => {
                (job, subtask, attempt, transaction, P::LingeringAborted)
            }
            E::CommitFailed { job, subtask, attempt, transaction, cause } => {
                (job, subtask, attempt, transaction, P::CommitFailed(cause.clone()))
            }
        };
        let known = self.pending.remove(name).or_else(|| self.forget(name));
        let mut transaction = known.unwrap_or_else(|| {
            self.heard += 1;
            Transaction {
                name: name.clone(),
                job: *job,
                subtask: subtask.clone(),
                attempt: *attempt,
                phase: P::Open,
                checkpoint: None,
                begun: None,
                pre_committed: None,
                since: at,
                order: self.heard,
            }
        });
        match event {
            E::TransactionBegun { .. } => transaction.begun = Some(at),
            E::TransactionPreCommitted { checkpoint, .. } => {
                transaction.checkpoint = Some(*checkpoint);
                transaction.pre_committed = Some(at);
            }
            E::CommitRequested { .. } | E::RecommitRequested { .. } => {}
            E::TransactionCommitted { .. } => self.committed += 1,
            E::TransactionAborted { .. } | E::LingeringAborted { .. } => self.aborted += 1,
            E::CommitFailed { .. } => self.failed += 1,
        }
        (transaction.phase, transaction.since) = (phase, at);
        if transaction.phase.is_over() {
            if self.over.len() == Self::OVER {
                self.over.pop_front();
            }
            self.over.push_back(transaction);
        } else {
            self.pending.insert(name.clone(), transaction);
        }
        Seen::Yes
    }

    /// Takes one from those that are over: something is done about it again.
    fn forget(&mut self, name: &Name) -> Option<Transaction> {
        let place = self.over.iter().rposition(|transaction| transaction.name == *name)?;
        self.over.remove(place)
    }
}
