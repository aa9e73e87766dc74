//! Two-phase commit: the protocol with which a sink becomes part of a checkpoint (Flink's
//! `TwoPhaseCommitSinkFunction`).
//!
//! What is written between two barriers is a transaction. At the barrier it is pre-committed: all
//! of it is durable and can be committed whatever happens, and how to do that is part of the
//! snapshot. When the checkpoint is complete, it is committed; when the subtask is restored from a
//! checkpoint, the transactions in it are committed again, since nobody knows whether that was
//! done; whatever else an earlier attempt has left open is aborted.
//!
//! Invariants: a transaction is committed only if a checkpoint that holds it is complete; every
//! such transaction is committed in the end, after those of earlier checkpoints, or [`TransactionEvent::CommitFailed`] says that what
//! it holds is lost; a subtask whose input has ended lives on until all is committed.
//!
//! Previous: the chain in front. Next: what takes part ([`TwoPhaseCommit`]), such as the log.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::{RowFormat, SinkRow};
use crate::base::{CheckpointId, Name};
use crate::checkpoint::seams::Recovered;
use crate::operator::{Cost, OperatorContext, OutsideShare};
use crate::record::format::{decode, encode};
use crate::record::{Batch, ChainEvent, Data, Failure, Output};
use crate::trace::{Event, TransactionEvent};

/// Called once, with what became of a request to what takes part in a commit.
pub type Done<R> = Box<dyn FnOnce(R)>;

/// What became of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is committed, now or before.
    Committed,
    /// Nobody answered: it is tried again.
    Unknown,
    /// It cannot be committed any more, for this reason.
    Lost(String),
}

/// What takes part in a two-phase commit. See [`DataStream::two_phase_to`] for one.
///
/// [`DataStream::two_phase_to`]: ../api/struct.DataStream.html#method.two_phase_to
pub trait TwoPhaseCommit: 'static {
    /// All that is needed to commit a transaction, by this subtask or its successor.
    type Transaction: Data;

    /// What a transaction is called.
    fn name(&self, transaction: &Self::Transaction) -> Name;

    /// Begins a transaction of that name: what is written from now on belongs to it.
    fn begin(&mut self, name: &Name);

    /// Writes to the transaction that was begun last.
    fn write(&mut self, rows: Vec<SinkRow>) -> Result<(), Failure>;

    /// Fails if what is written cannot become durable any more.
    fn check(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether no more is to be written for the time being.
    fn is_full(&self) -> bool {
        false
    }

    /// Ends the first phase of the transaction that was begun last: done when it can be committed
    /// whatever happens.
    fn pre_commit(&mut self, done: Done<Result<Self::Transaction, Failure>>);

    /// Commits a transaction. That it has been committed before is no error.
    fn commit(&mut self, transaction: &Self::Transaction, done: Done<CommitOutcome>);

    /// Aborts a transaction.
    fn abort(&mut self, transaction: &Self::Transaction, done: Done<()>);

    /// Aborts the open transactions whose names `belongs` knows; done with their names. There are
    /// none where nothing of a transaction is outside before it is committed, or nobody sees it.
    fn abort_lingering(
        &mut self,
        _prefix: &str,
        _belongs: Box<dyn Fn(&str) -> bool>,
        done: Done<Result<Vec<Name>, Failure>>,
    ) {
        done(Ok(Vec::new()));
    }
}

/// What has happened outside.
enum Happened<X> {
    Prepared(CheckpointId, Result<X, Failure>),
    Committed(usize, CommitOutcome),
    Aborted(usize),
    Swept(Result<Vec<Name>, Failure>),
    /// There is room again, or something has failed.
    Changed,
}

/// A transaction between its two phases.
struct Pending<X> {
    token: usize,
    checkpoint: CheckpointId,
    transaction: X,
    end: Option<End>,
}

/// How a transaction is to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It is committed when those before it are; whether it was found in a checkpoint.
    Commit { recovered: bool },
    /// That has been asked for.
    Committing,
    /// It is being aborted.
    Aborting,
}

/// One subtask of a sink that commits in two phases.
pub struct TwoPhaseCommitSink<T, S: TwoPhaseCommit> {
    context: OperatorContext,
    format: RowFormat<T>,
    sink: S,
    share: OutsideShare,
    happened: Rc<RefCell<VecDeque<Happened<S::Transaction>>>>,
    /// The transaction that is written to.
    current: Option<Name>,
    /// The checkpoint that the current transaction will belong to, as far as that is known.
    next: CheckpointId,
    /// The checkpoints whose transactions are being pre-committed.
    preparing: VecDeque<CheckpointId>,
    /// Checkpoints that wait for what is being pre-committed.
    parts_due: VecDeque<CheckpointId>,
    /// In the order of their checkpoints; those of the restored one first.
    pending: Vec<Pending<S::Transaction>>,
    tokens: usize,
    /// Whether transactions that were left open are still being aborted.
    sweeping: bool,
    cost: Cost,
}

impl<T: Data, S: TwoPhaseCommit> TwoPhaseCommitSink<T, S> {
    /// A subtask whose transactions begin with the name of the sink: commits what its checkpoint
    /// holds, and aborts what was left open. `sink` is given a call for when there is room again.
    pub fn open(
        context: &OperatorContext,
        format: &RowFormat<T>,
        sink: impl FnOnce(Rc<dyn Fn()>) -> Result<S, Failure>,
    ) -> Result<Self, Failure> {
        let happened: Rc<RefCell<VecDeque<Happened<S::Transaction>>>> = Rc::default();
        let (queue, work) = (happened.clone(), context.outside_work.clone());
        let changed = Rc::new(move || {
            queue.borrow_mut().push_back(Happened::Changed);
            work.wake();
        });
        context.writes_to(format.sink());
        let mut this = Self {
            context: context.clone(),
            format: format.clone(),
            sink: sink(changed)?,
            share: context.outside_work.share(),
            happened,
            current: None,
            next: CheckpointId(context.snapshots.restored_checkpoint().0 + 1),
            preparing: VecDeque::new(),
            parts_due: VecDeque::new(),
            pending: Vec::new(),
            tokens: 0,
            sweeping: true,
            cost: context.cost(),
        };
        this.recover()?;
        this.say();
        Ok(this)
    }

    /// Commits what its checkpoint holds again, and aborts what is in none.
    fn recover(&mut self) -> Result<(), Failure> {
        let restored = self.context.restored().map(|it| it.prepared.clone()).unwrap_or_default();
        let restored: Vec<S::Transaction> = match restored.is_empty() {
            true => Vec::new(),
            false => decode(&restored).map_err(|error| Failure(error.to_string()))?,
        };
        let mut known = Vec::new();
        let recovery = self.context.snapshots.parts.recovery.clone();
        for transaction in restored {
            known.push(self.sink.name(&transaction));
            let place = self.add(CheckpointId(0), transaction);
            match recovery.recovered() {
                Recovered::Commits => self.commit(place, true),
                Recovered::Aborts => self.abort(place),
                Recovered::Forgets => drop(self.pending.remove(place)),
            }
        }
        let OperatorContext { index, parallelism, attempt, .. } = self.context;
        let prefix = format!("{}-", self.format.sink());
        let start = prefix.clone();
        // Whoever had a subtask's number before, and with whatever parallelism: one looks after it.
        // But not after what a later attempt does: this one may have been replaced long ago.
        let belongs = move |name: &str| {
            let numbers = name.strip_prefix(&start).unwrap_or_default().split('-');
            let numbers: Vec<Option<u64>> = numbers.map(|number| number.parse().ok()).collect();
            // With more or fewer numbers it is of a sink whose name begins with this one's.
            let [Some(subtask), Some(by), Some(_)] = numbers[..] else { return false };
            subtask % u64::from(parallelism) == u64::from(index)
                && by <= u64::from(attempt)
                && known.iter().all(|known| **known != *name)
        };
        let done = self.happens(Happened::Swept);
        self.sink.abort_lingering(&prefix, Box::new(belongs), done);
        Ok(())
    }

    /// A call that puts what has happened where this operator finds it.
    fn happens<R: 'static>(
        &self,
        what: impl FnOnce(R) -> Happened<S::Transaction> + 'static,
    ) -> Done<R> {
        let (queue, work) = (self.happened.clone(), self.context.outside_work.clone());
        Box::new(move |result| {
            queue.borrow_mut().push_back(what(result));
            work.wake();
        })
    }

    fn add(&mut self, checkpoint: CheckpointId, transaction: S::Transaction) -> usize {
        self.tokens += 1;
        let place = self.pending.partition_point(|it| it.checkpoint <= checkpoint);
        let pending = Pending { token: self.tokens, checkpoint, transaction, end: None };
        self.pending.insert(place, pending);
        place
    }

    fn commit(&mut self, place: usize, recovered: bool) {
        self.pending[place].end = Some(End::Commit { recovered });
        self.commit_next();
    }

    /// Has the next transaction committed, if none is. One after the other: where a row takes the
    /// place of the one before, the order is part of the result.
    fn commit_next(&mut self) {
        if self.pending.iter().any(|it| it.end == Some(End::Committing)) {
            return;
        }
        let due = self.pending.iter_mut().find_map(|it| match it.end {
            Some(End::Commit { recovered }) => Some((it, recovered)),
            _ => None,
        });
        let Some((pending, recovered)) = due else { return };
        pending.end = Some(End::Committing);
        let (token, transaction) = (pending.token, pending.transaction.clone());
        self.tell(&transaction, |job, subtask, attempt, transaction| match recovered {
            false => TransactionEvent::CommitRequested { job, subtask, attempt, transaction },
            true => TransactionEvent::RecommitRequested { job, subtask, attempt, transaction },
        });
        let done = self.happens(move |outcome| Happened::Committed(token, outcome));
        self.sink.commit(&transaction, done);
    }

    fn abort(&mut self, place: usize) {
        let pending = &mut self.pending[place];
        pending.end = Some(End::Aborting);
        let (token, transaction) = (pending.token, pending.transaction.clone());
        let done = self.happens(move |()| Happened::Aborted(token));
        self.sink.abort(&transaction, done);
    }

    fn tell(
        &self,
        transaction: &S::Transaction,
        event: impl FnOnce(crate::base::JobId, Name, u32, Name) -> TransactionEvent,
    ) {
        let name = self.sink.name(transaction);
        self.tell_of(name, event);
    }

    fn tell_of(
        &self,
        name: Name,
        event: impl FnOnce(crate::base::JobId, Name, u32, Name) -> TransactionEvent,
    ) {
        let OperatorContext { job, subtask, attempt, host, .. } = &self.context;
        host.trace.record(Event::Transaction(event(*job, subtask.clone(), *attempt, name)));
    }

    /// Says what the task has to know.
    fn say(&self) {
        self.share.set_full(self.sweeping || self.sink.is_full());
        let open = self.current.is_some() || !self.preparing.is_empty();
        self.share.set_uncommitted(open || !self.pending.is_empty());
    }

    /// The barrier of a checkpoint: ends the first phase.
    fn pre_commit(&mut self, checkpoint: CheckpointId) {
        if self.current.take().is_some() {
            self.preparing.push_back(checkpoint);
            let done = self.happens(move |result| Happened::Prepared(checkpoint, result));
            self.sink.pre_commit(done);
        }
    }

    fn on_snapshot(&mut self, checkpoint: CheckpointId) {
        self.pre_commit(checkpoint);
        self.next = CheckpointId(checkpoint.0 + 1);
        if !self.preparing.is_empty() || !self.pending.is_empty() {
            self.context.outside_work.begin_part();
            self.parts_due.push_back(checkpoint);
            self.hand_in_parts();
        }
    }

    /// Hands in how to commit what belongs to a checkpoint and to those before it.
    fn hand_in_parts(&mut self) {
        while let Some(&checkpoint) = self.parts_due.front() {
            if self.preparing.iter().any(|preparing| *preparing <= checkpoint) {
                return;
            }
            self.parts_due.pop_front();
            let held = self.pending.iter().filter(|it| it.checkpoint <= checkpoint);
            let held: Vec<S::Transaction> = held.map(|it| it.transaction.clone()).collect();
            let how = if held.is_empty() {
                Vec::new()
            } else {
                encode(&held).expect("what a transaction needs is plain data")
            };
            self.context.outside_work.prepared(checkpoint, &self.context.operator, how);
        }
    }

    fn commit_up_to(&mut self, checkpoint: CheckpointId) {
        for place in 0..self.pending.len() {
            let pending = &self.pending[place];
            if pending.checkpoint <= checkpoint && pending.end.is_none() {
                self.commit(place, false);
            }
        }
    }

    fn on_happened(&mut self, happened: Happened<S::Transaction>) -> Result<(), Failure> {
        match happened {
            Happened::Prepared(checkpoint, result) => {
                // Answers may come in another order than requests were made.
                self.preparing.retain(|preparing| *preparing != checkpoint);
                let place = self.add(checkpoint, result?);
                let transaction = self.pending[place].transaction.clone();
                self.tell(&transaction, |job, subtask, attempt, transaction| {
                    TransactionEvent::TransactionPreCommitted {
                        job,
                        subtask,
                        attempt,
                        transaction,
                        checkpoint,
                    }
                });
                let timing = &self.context.snapshots.parts.commits;
                if timing.commits_when_prepared() || !self.context.checkpointed {
                    self.commit(place, false);
                }
                self.hand_in_parts();
            }
            Happened::Committed(token, outcome) => self.on_committed(token, outcome),
            Happened::Aborted(token) => {
                if let Some(pending) = self.take(token) {
                    self.tell_aborted(self.sink.name(&pending.transaction), false);
                }
            }
            Happened::Swept(swept) => {
                self.sweeping = false;
                for name in swept? {
                    self.tell_aborted(name, true);
                }
            }
            Happened::Changed => self.sink.check()?,
        }
        Ok(())
    }

    fn on_committed(&mut self, token: usize, outcome: CommitOutcome) {
        if outcome == CommitOutcome::Unknown {
            let place = self.pending.iter().position(|it| it.token == token);
            return place.into_iter().for_each(|place| self.commit(place, false));
        }
        let Some(Pending { transaction, .. }) = self.take(token) else { return };
        match outcome {
            CommitOutcome::Lost(cause) => {
                self.tell(&transaction, |job, subtask, attempt, transaction| {
                    let cause = cause.as_str().into();
                    TransactionEvent::CommitFailed { job, subtask, attempt, transaction, cause }
                });
            }
            CommitOutcome::Committed | CommitOutcome::Unknown => {
                self.tell(&transaction, |job, subtask, attempt, transaction| {
                    TransactionEvent::TransactionCommitted { job, subtask, attempt, transaction }
                });
            }
        }
        self.commit_next();
    }

    fn take(&mut self, token: usize) -> Option<Pending<S::Transaction>> {
        let place = self.pending.iter().position(|it| it.token == token)?;
        Some(self.pending.remove(place))
    }

    fn tell_aborted(&self, name: Name, lingering: bool) {
        self.tell_of(name, |job, subtask, attempt, transaction| match lingering {
            false => TransactionEvent::TransactionAborted { job, subtask, attempt, transaction },
            true => TransactionEvent::LingeringAborted { job, subtask, attempt, transaction },
        });
    }
}

impl<T: Data, S: TwoPhaseCommit> Output<T> for TwoPhaseCommitSink<T, S> {
    fn collect_batch(&mut self, batch: Batch<T>) -> Result<(), Failure> {
        self.cost.charge(batch.len());
        self.context.meter.count_out(batch.len());
        if batch.values.is_empty() {
            // Nothing but latency markers.
            return Ok(());
        }
        if self.current.is_none() {
            let names = &self.context.snapshots.parts.transaction_names;
            let (index, attempt) = (self.context.index, self.context.attempt);
            let name: Name = names.name(self.format.sink(), index, attempt, self.next).into();
            self.sink.begin(&name);
            self.tell_of(name.clone(), |job, subtask, attempt, transaction| {
                TransactionEvent::TransactionBegun { job, subtask, attempt, transaction }
            });
            self.current = Some(name);
        }
        self.sink.write(self.format.rows(&self.context, &batch)?)?;
        self.say();
        Ok(())
    }

    fn on_event(&mut self, event: ChainEvent) -> Result<(), Failure> {
        self.context.tell_rows(&event);
        match event {
            ChainEvent::TimersDue => loop {
                let happened = self.happened.borrow_mut().pop_front();
                let Some(happened) = happened else { break };
                self.on_happened(happened)?;
            },
            ChainEvent::Snapshot(_) if self.context.snapshots.looks_on() => {}
            ChainEvent::Snapshot(checkpoint) => self.on_snapshot(checkpoint),
            ChainEvent::CheckpointComplete(checkpoint) => self.commit_up_to(checkpoint),
            ChainEvent::CheckpointAborted(checkpoint) => {
                if self.context.snapshots.parts.commits.commits_when_aborted() {
                    self.commit_up_to(checkpoint);
                }
            }
            ChainEvent::EndOfInput => {
                if !self.context.checkpointed {
                    self.pre_commit(self.next);
                }
            }
            ChainEvent::Watermark(_)
            | ChainEvent::WatermarkStatus(_)
            | ChainEvent::BeforeBarrier
            | ChainEvent::Flush => {}
        }
        self.say();
        Ok(())
    }
}
