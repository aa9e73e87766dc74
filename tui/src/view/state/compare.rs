//! What keyed state is compared with: what was held at another place of the run, or what a checkpoint
//! holds.
//!
//! A checkpoint is no moment: each subtask took its snapshot at one of its own. So what it holds is put
//! together from the state of each subtask just there.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use weir::base::{CheckpointId, JobId, Name};
use weir::replay::{CheckpointState, OperatorState, ReadUpTo, Timeline, World};
use weir::trace::{CheckpointEvent, Event, Recorded, SplitPosition};

use super::super::goal::Goal;
use super::super::graph::state_rows::{Change, Row};

/// What is compared with, as a person types it: a place, or a checkpoint (`chk 3`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Against {
    Place(Goal),
    Checkpoint(CheckpointId),
}

/// There is nothing to compare with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum CompareError {
    #[error("`{0}` is no step (431), time (1.2s) or checkpoint (chk 3)")]
    Unreadable(String),
    #[error("no checkpoint {0} of this job is ever complete")]
    NotComplete(CheckpointId),
    #[error("checkpoint {0} is not complete as far as the run is known")]
    NotCompleteYet(CheckpointId),
    #[error("the run is not known that far yet")]
    NotKnownYet,
    #[error("no job has been submitted yet")]
    NoJob,
}

impl FromStr for Against {
    type Err = CompareError;

    fn from_str(text: &str) -> Result<Self, CompareError> {
        let text = text.trim();
        let unreadable = || CompareError::Unreadable(text.to_owned());
        let number = ["checkpoint", "chk"].iter().find_map(|word| text.strip_prefix(word));
        match number {
            Some(number) => {
                let number = number.trim_start_matches([' ', '-']).parse();
                number.map(|id| Self::Checkpoint(CheckpointId(id))).map_err(|_| unreadable())
            }
            None => text.parse().map(Self::Place).map_err(|_| unreadable()),
        }
    }
}

/// What a job held.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub job: JobId,
    /// Where or in what.
    pub name: String,
    /// By subtask and operator.
    operators: BTreeMap<Name, BTreeMap<Name, OperatorState>>,
    /// By the source operator and the split.
    splits: BTreeMap<(Name, u16), ReadUpTo>,
    /// The subtasks of which only that is known which they have used since they were restored.
    restored: BTreeSet<Name>,
}

impl Held {
    pub fn read(timeline: &Timeline, job: JobId, against: Against) -> Result<Self, CompareError> {
        match against {
            Against::Place(goal) => {
                let position = goal.position(timeline);
                if position == timeline.len() && timeline.ended().is_none() {
                    return Err(CompareError::NotKnownYet);
                }
                Ok(Self::at(&timeline.world_at(position), job))
            }
            Against::Checkpoint(id) => {
                let known = timeline.end().jobs.get(job);
                let state = known.and_then(|job| Some(&job.checkpoints.get(id)?.state));
                match state {
                    Some(CheckpointState::Completed | CheckpointState::Discarded) => {
                        Ok(Self::in_checkpoint(timeline, job, id))
                    }
                    Some(CheckpointState::InProgress) | None if timeline.ended().is_none() => {
                        Err(CompareError::NotCompleteYet(id))
                    }
                    Some(CheckpointState::InProgress | CheckpointState::Aborted(_)) | None => {
                        Err(CompareError::NotComplete(id))
                    }
                }
            }
        }
    }

    fn new(job: JobId, name: String) -> Self {
        let (operators, splits) = (BTreeMap::new(), BTreeMap::new());
        Self { job, name, operators, splits, restored: BTreeSet::new() }
    }

    fn at(world: &World, job: JobId) -> Self {
        let name = match world.sub {
            0 => format!("step {}", world.step),
            sub => format!("step {}.{sub}", world.step),
        };
        let mut held = Self::new(job, name);
        let Some(known) = world.jobs.get(job) else { return held };
        for subtask in known.tasks.keys() {
            held.take(world, subtask);
        }
        for (operator, split, read) in known.positions.iter() {
            held.splits.insert((operator.clone(), split), read.clone());
        }
        held
    }

    fn in_checkpoint(timeline: &Timeline, job: JobId, id: CheckpointId) -> Self {
        let mut held = Self::new(job, format!("checkpoint {id}"));
        let snapshot = |event: &Event| match event {
            Event::Checkpoint(CheckpointEvent::SnapshotTaken {
                job: of,
                subtask,
                checkpoint,
                positions,
                ..
            }) if *of == job && *checkpoint == id => Some((subtask.clone(), positions.clone())),
            _ => None,
        };
        let is_one = |recorded: &Recorded| snapshot(&recorded.event).is_some();
        let first = timeline.events().position(|recorded| is_one(&recorded));
        let last = timeline.events().rposition(|recorded| is_one(&recorded));
        let Some((first, last)) = first.zip(last) else { return held };
        let mut world = timeline.world_at(first);
        for recorded in timeline.range(first..last + 1) {
            world.apply(&recorded);
            let Some((subtask, positions)) = snapshot(&recorded.event) else { continue };
            held.take(&world, &subtask);
            for SplitPosition { operator, split, position } in positions {
                let (subtask, restored) = (subtask.clone(), false);
                let read = ReadUpTo { subtask, position, checkpoint: id, restored };
                held.splits.insert((operator, split), read);
            }
        }
        held
    }

    /// Takes over what a subtask holds. The maps are persistent, so that this costs little.
    fn take(&mut self, world: &World, subtask: &Name) {
        let Some(known) = world.jobs.get(self.job) else { return };
        if known.tasks.get(subtask).is_some_and(|task| task.restored.is_some()) {
            self.restored.insert(subtask.clone());
        }
        let operators = known.states.of(subtask);
        let operators: BTreeMap<_, _> =
            operators.map(|(operator, state)| (operator.clone(), state.clone())).collect();
        self.operators.insert(subtask.clone(), operators);
    }

    /// Whether all is known that a subtask held.
    pub fn is_whole(&self, subtask: &Name) -> bool {
        !self.restored.contains(subtask)
    }

    /// What an operator held in a subtask.
    pub fn state(&self, subtask: &str, operator: &str) -> Option<&OperatorState> {
        self.operators.get(subtask)?.get(operator)
    }

    /// The operators that held something in a subtask.
    pub fn operators(&self, subtask: &str) -> impl Iterator<Item = &Name> {
        let keyed = self.operators.get(subtask).into_iter().flat_map(BTreeMap::keys);
        let reads = self.splits.iter().filter(move |(_, read)| &*read.subtask == subtask);
        keyed.chain(reads.map(|((operator, _), _)| operator))
    }

    /// The splits that an operator read in a subtask.
    pub fn splits(&self, subtask: &str, operator: &str) -> Vec<(u16, &ReadUpTo)> {
        let of = self.splits.iter().filter(|((by, _), _)| &**by == operator);
        let of = of.filter(|(_, read)| &*read.subtask == subtask);
        of.map(|((_, split), read)| (*split, read)).collect()
    }
}

/// Two ordered lists, each key once, with what it has here and there.
fn side_by_side<K: Ord, V>(
    here: impl Iterator<Item = (K, V)>,
    there: impl Iterator<Item = (K, V)>,
) -> impl Iterator<Item = (K, Option<V>, Option<V>)> {
    let (mut here, mut there) = (here.peekable(), there.peekable());
    std::iter::from_fn(move || {
        let order = match (here.peek(), there.peek()) {
            (Some((one, _)), Some((other, _))) => one.cmp(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let one = if order.is_le() { here.next() } else { None };
        let other = if order.is_ge() { there.next() } else { None };
        match (one, other) {
            (Some((key, one)), other) => Some((key, Some(one), other.map(|(_, it)| it))),
            (None, Some((key, other))) => Some((key, None, Some(other))),
            (None, None) => None,
        }
    })
}

/// A row of what is here or was there, and what has become of it.
fn changed<'a, V: Copy>(
    (here, there): (Option<V>, Option<V>),
    row: impl Fn(V) -> Row<'a>,
    value: impl Fn(V) -> Cow<'a, str>,
) -> Option<(Row<'a>, Change<'a>)> {
    match (here, there) {
        (Some(here), None) => Some((row(here), Change::Added)),
        (None, Some(there)) => Some((row(there), Change::Gone)),
        (Some(here), Some(there)) => {
            let before = value(there);
            let change = if value(here) == before { Change::Same } else { Change::From(before) };
            Some((row(here), change))
        }
        (None, None) => None,
    }
}

/// The state and the timers of an operator in a subtask, here and there.
pub(super) fn states<'a>(
    here: Option<&'a OperatorState>,
    there: Option<&'a OperatorState>,
) -> impl Iterator<Item = (Row<'a>, Change<'a>)> {
    let entries = |of: Option<&'a OperatorState>| of.into_iter().flat_map(OperatorState::entries);
    let timers = |of: Option<&'a OperatorState>| of.into_iter().flat_map(OperatorState::timers);
    let entries = side_by_side(entries(here), entries(there)).filter_map(|(key, here, there)| {
        let row = |entry| Row::Entry(key, entry);
        changed((here, there), row, |entry| Cow::Borrowed(&*entry.value))
    });
    // A timer has no value but that it is set.
    let timers = side_by_side(timers(here), timers(there)).filter_map(|(timer, here, there)| {
        changed((here, there), |set| Row::Timer(timer, set), |_| Cow::Borrowed(""))
    });
    entries.chain(timers)
}

/// The splits of a source in a subtask, here and there.
pub(super) fn splits<'a>(
    here: Vec<(u16, &'a ReadUpTo)>,
    there: Vec<(u16, &'a ReadUpTo)>,
) -> impl Iterator<Item = (Row<'a>, Change<'a>)> {
    side_by_side(here.into_iter(), there.into_iter()).filter_map(|(split, here, there)| {
        let row = |read| Row::Split(split, read);
        changed((here, there), row, |read: &ReadUpTo| Cow::Owned(read.position.to_string()))
    })
}
