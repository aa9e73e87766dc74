//! A sink of files in durable storage (Flink's `FileSink`).
//!
//! What a transaction writes goes into parts, each a file: while it is written it is in progress,
//! then pending, and finished when the checkpoint is complete. The first two have names that begin
//! with a dot, so that nobody reads them. A part is rolled when it is large enough, and at every
//! barrier (`OnCheckpointRollingPolicy`).
//!
//! As in Flink, parts that a failed attempt has left in progress stay where they are: nobody can
//! tell whether somebody still writes them.
//!
//! Previous: [`TwoPhaseCommitSink`](super::TwoPhaseCommitSink). Next: the node's way to durable
//! storage ([`crate::host::DurableStorage`]).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::{CommitOutcome, Done, SinkRow, TwoPhaseCommit};
use crate::base::Name;
use crate::host::{DurableStorage, PUBLISHED, StorageError};
use crate::operator::OperatorContext;
use crate::record::{Failure, append_frame};

/// So many parts on their way are enough.
const FULL: usize = 4;

/// What is written, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSink {
    /// What the sink, and the folder with its parts, is called.
    pub name: Name,
    /// What its fields are called.
    pub columns: Vec<String>,
    /// When a part is rolled, in bytes.
    pub part_size: usize,
}

impl FileSink {
    /// A sink whose parts have a mebibyte.
    pub fn to<C: Into<String>>(name: &str, columns: impl IntoIterator<Item = C>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self { name: name.into(), columns, part_size: 1 << 20 }
    }

    /// With parts that are rolled when they have so many bytes.
    #[must_use]
    pub fn part_size(self, part_size: usize) -> Self {
        Self { part_size, ..self }
    }

    /// Where a part is while it is in progress or pending.
    fn pending(&self, part: &str) -> String {
        format!("{PUBLISHED}{}/.{part}.inprogress", self.name)
    }

    /// Where it is when it is finished.
    fn finished(&self, part: &str) -> String {
        format!("{PUBLISHED}{}/{part}", self.name)
    }
}

/// The pending parts of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingFiles {
    /// The transaction that they are.
    pub name: Name,
    /// The parts, in order.
    pub parts: Vec<String>,
}

/// Parts on their way to storage.
#[derive(Default)]
struct Uploads {
    underway: usize,
    error: Option<StorageError>,
    /// Whoever waits for the last of them.
    waiting: Option<Box<dyn FnOnce(Option<StorageError>)>>,
}

/// The transaction that is written to.
struct Current {
    files: PendingFiles,
    /// What is in the part in progress.
    contents: Vec<u8>,
    uploads: Rc<RefCell<Uploads>>,
}

/// One subtask's part in a sink of files.
pub struct FileWriter {
    storage: Rc<dyn DurableStorage>,
    sink: FileSink,
    on_change: Rc<dyn Fn()>,
    current: Option<Current>,
}

impl FileWriter {
    /// Of a subtask.
    pub fn open(
        context: &OperatorContext,
        sink: &FileSink,
        on_change: Rc<dyn Fn()>,
    ) -> Result<Self, Failure> {
        let storage = context.services.storage.clone().ok_or_else(|| {
            let subtask = &context.subtask;
            Failure(format!("{subtask} writes files, but the cluster has no durable storage"))
        })?;
        Ok(Self { storage, sink: sink.clone(), on_change, current: None })
    }

    /// Closes the part in progress, and begins to store it.
    fn roll(&mut self) {
        let Some(Current { files, contents, uploads }) = &mut self.current else { return };
        let part = format!("{}.{}", files.name, files.parts.len());
        let path = self.sink.pending(&part);
        files.parts.push(part);
        uploads.borrow_mut().underway += 1;
        let (uploads, on_change) = (uploads.clone(), self.on_change.clone());
        let stored = move |result: Result<(), StorageError>| {
            let done = {
                let mut uploads = uploads.borrow_mut();
                uploads.underway -= 1;
                uploads.error = uploads.error.take().or(result.err());
                let last = uploads.underway == 0;
                uploads.waiting.take_if(|_| last).map(|done| (done, uploads.error.clone()))
            };
            match done {
                Some((done, error)) => done(error),
                None => on_change(),
            }
        };
        self.storage.put(&path, std::mem::take(contents).into(), Box::new(stored));
    }
}

/// Publishes these parts, one after the other.
fn publish_all(
    storage: &Rc<dyn DurableStorage>,
    sink: &FileSink,
    mut left: VecDeque<String>,
    done: Done<CommitOutcome>,
) {
    let Some(part) = left.pop_front() else { return done(CommitOutcome::Committed) };
    let (from, to) = (sink.pending(&part), sink.finished(&part));
    let (next, of) = (storage.clone(), sink.clone());
    let then = move |result: Result<(), StorageError>| match result {
        Ok(()) => publish_all(&next, &of, left, done),
        Err(error @ StorageError::NotFound(_)) => done(CommitOutcome::Lost(error.to_string())),
        Err(StorageError::Refused { .. } | StorageError::Unreachable(_)) => {
            done(CommitOutcome::Unknown);
        }
    };
    storage.publish(&from, &to, Box::new(then));
}

impl TwoPhaseCommit for FileWriter {
    type Transaction = PendingFiles;

    fn name(&self, transaction: &PendingFiles) -> Name {
        transaction.name.clone()
    }

    fn begin(&mut self, name: &Name) {
        let files = PendingFiles { name: name.clone(), parts: Vec::new() };
        self.current = Some(Current { files, contents: Vec::new(), uploads: Rc::default() });
    }

    fn write(&mut self, rows: Vec<SinkRow>) -> Result<(), Failure> {
        self.check()?;
        for SinkRow { row, .. } in rows {
            let Some(current) = &mut self.current else {
                return Err(Failure("a transaction is written to that was not begun".to_owned()));
            };
            append_frame(&row, &mut current.contents);
            if current.contents.len() >= self.sink.part_size {
                self.roll();
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Failure> {
        let error = self.current.as_ref().and_then(|it| it.uploads.borrow().error.clone());
        error.map_or(Ok(()), |error| Err(Failure(format!("sink `{}`: {error}", self.sink.name))))
    }

    fn is_full(&self) -> bool {
        self.current.as_ref().is_some_and(|it| it.uploads.borrow().underway >= FULL)
    }

    fn pre_commit(&mut self, done: Done<Result<PendingFiles, Failure>>) {
        if self.current.as_ref().is_some_and(|current| !current.contents.is_empty()) {
            self.roll();
        }
        let Some(Current { files, uploads, .. }) = self.current.take() else { return };
        let name = self.sink.name.clone();
        let then = move |error: Option<StorageError>| {
            done(match error {
                None => Ok(files),
                Some(error) => Err(Failure(format!("sink `{name}`: {error}"))),
            });
        };
        let mut pending = uploads.borrow_mut();
        if pending.underway > 0 {
            pending.waiting = Some(Box::new(then));
        } else {
            then(pending.error.clone());
        }
    }

    fn commit(&mut self, transaction: &PendingFiles, done: Done<CommitOutcome>) {
        publish_all(&self.storage, &self.sink, transaction.parts.iter().cloned().collect(), done);
    }

    fn abort(&mut self, transaction: &PendingFiles, done: Done<()>) {
        for part in &transaction.parts {
            self.storage.delete(&self.sink.pending(part));
        }
        done(());
    }
}
