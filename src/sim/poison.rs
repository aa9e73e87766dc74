//! Records that nobody can process, since a fault has poisoned them.
//!
//! Which record that is shows only when it is read: until then the fault has struck nothing.

use super::world::World;
use crate::base::JobId;
use crate::host::ReadRecords;
use crate::record::RecordId;

/// What a fault in force has poisoned.
pub(super) enum Poison {
    /// The next record that this subtask reads.
    Next(String),
    /// This record of a job's source, whoever reads it.
    Record(JobId, RecordId),
}

impl World {
    /// Poisons the next record that a subtask reads.
    pub(super) fn poison(&self, fault: usize, subtask: &str) {
        let why = format!("{subtask} is no source, or has read nothing since");
        self.triggers.borrow_mut().was_idle(fault, why);
        self.poisons.borrow_mut().insert(fault, Poison::Next(subtask.to_owned()));
    }

    /// The place of the first record that is poisoned, of those that were just read.
    pub(super) fn poisoned(&self, read: ReadRecords<'_>) -> Option<u64> {
        if read.count == 0 || self.poisons.borrow().is_empty() {
            return None;
        }
        let ReadRecords { job, subtask, first, count } = read;
        let is_read = |id: &RecordId| {
            let same = (id.source, id.split) == (first.source, first.split);
            same && (first.offset..first.offset + count).contains(&id.offset)
        };
        let mut places = Vec::new();
        let mut poisons = self.poisons.borrow_mut();
        for (&fault, poison) in &mut *poisons {
            if matches!(poison, Poison::Next(of) if of == subtask) {
                *poison = Poison::Record(job, first);
                self.triggers.borrow_mut().has_struck(fault);
            }
            match poison {
                Poison::Record(of, id) if *of == job && is_read(id) => {
                    places.push(id.offset - first.offset);
                }
                Poison::Record(..) | Poison::Next(_) => {}
            }
        }
        places.into_iter().min()
    }
}
