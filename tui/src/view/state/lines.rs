//! The lines of the screen State: operator by operator, in each its subtasks, in each the rows.

use std::collections::BTreeSet;

use weir::base::Name;
use weir::graph::JobVertex;
use weir::replay::{
    EntryKey, Job, OpenWindow, OperatorState, ReadUpTo, WindowKey, World, subtask_name,
};

use super::super::graph::state_rows::{Change, Row, Section, number};
use super::compare::{self, Held};

/// An operator.
#[derive(Clone, Copy)]
pub(super) struct Operator<'a> {
    pub vertex: &'a JobVertex,
    pub uid: &'a Name,
    /// Whether its subtasks are not listed.
    pub folded: bool,
}

/// A subtask of an operator.
#[derive(Clone, Copy)]
pub(super) struct Subtask<'a> {
    pub vertex: &'a JobVertex,
    pub operator: &'a Name,
    /// From 0.
    pub index: u32,
    pub state: Option<&'a OperatorState>,
}

impl<'a> Subtask<'a> {
    pub fn name(&self) -> Name {
        subtask_name(&self.vertex.uid, self.index)
    }

    pub fn section(&self) -> Option<Section<'a>> {
        let (index, operator) = (self.index, &**self.operator);
        self.state.map(|state| Section { index, operator, state })
    }

    /// What has become of the window whose contents an entry is.
    pub fn window(&self, job: &'a Job, of: &EntryKey) -> Option<&'a OpenWindow> {
        if !of.is_window_contents() {
            return None;
        }
        let (operator, window, key) = (self.operator.clone(), of.window, of.key.to_string());
        job.windows.get(&self.name(), &WindowKey { operator, window, key })
    }
}

/// What stands in a line.
pub(super) enum Line<'a> {
    Operator(Operator<'a>),
    Subtask(Subtask<'a>),
    Row { of: Subtask<'a>, row: Row<'a>, change: Option<Change<'a>> },
}

impl<'a> Line<'a> {
    pub fn operator(&self) -> &'a Name {
        match self {
            Self::Operator(operator) => operator.uid,
            Self::Subtask(of) | Self::Row { of, .. } => of.operator,
        }
    }

    /// Whether it is where a subtask is listed, or would be if its operator were not folded.
    pub fn is_head_of(&self, subtask: &str) -> bool {
        match self {
            Self::Operator(Operator { vertex, folded: true, .. }) => {
                subtask.rsplit_once('#').is_some_and(|(uid, _)| uid == &*vertex.uid)
            }
            Self::Subtask(of) => &*of.name() == subtask,
            Self::Operator(_) | Self::Row { .. } => false,
        }
    }
}

/// What is listed, and how.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub world: &'a World,
    pub job: &'a Job,
    /// The operators whose subtasks are not listed.
    pub folded: Option<&'a BTreeSet<Name>>,
    /// A text in lower case that the rows have; all are kept if unset.
    pub kept: Option<&'a str>,
    /// What is compared with.
    pub against: Option<&'a Held>,
    /// Whether rows that are alike here and there are left out.
    pub hides_same: bool,
}

impl<'a> Lines<'a> {
    pub fn iter(self) -> impl Iterator<Item = Line<'a>> {
        self.vertices().flat_map(move |vertex| {
            let operators = self.operators(vertex).into_iter();
            operators.flat_map(move |operator| self.operator(vertex, operator))
        })
    }

    fn vertices(self) -> impl Iterator<Item = &'a JobVertex> {
        let plan = self.job.plan.as_ref().ok().into_iter();
        plan.flat_map(|plan| plan.execution.job.vertices.iter())
    }

    /// The operators of a vertex that hold anything in some subtask.
    fn operators(self, vertex: &'a JobVertex) -> BTreeSet<&'a Name> {
        let mut operators = BTreeSet::new();
        for index in 0..vertex.parallelism {
            let subtask = subtask_name(&vertex.uid, index);
            operators.extend(self.job.states.of(&subtask).map(|(operator, _)| operator));
            if let Some(held) = self.against {
                operators.extend(held.operators(&subtask));
            }
            let reads = self.job.positions.iter().filter(|(_, _, read)| read.subtask == subtask);
            operators.extend(reads.map(|(operator, ..)| operator));
        }
        operators
    }

    fn operator(self, vertex: &'a JobVertex, uid: &'a Name) -> impl Iterator<Item = Line<'a>> {
        let folded = self.folded.is_some_and(|folded| folded.contains(uid));
        let listed = if folded { 0 } else { vertex.parallelism };
        let subtasks = (0..listed).filter_map(move |index| self.subtask(vertex, uid, index));
        let lines = subtasks.flat_map(move |subtask| self.of_subtask(subtask));
        std::iter::once(Line::Operator(Operator { vertex, uid, folded })).chain(lines)
    }

    /// A subtask, if the operator holds anything in it.
    pub fn subtask(
        self,
        vertex: &'a JobVertex,
        operator: &'a Name,
        index: u32,
    ) -> Option<Subtask<'a>> {
        let name = subtask_name(&vertex.uid, index);
        let state = self.job.states.of(&name).find(|(of, _)| *of == operator);
        let subtask = Subtask { vertex, operator, index, state: state.map(|(_, state)| state) };
        let is_held = |held: &Held| held.operators(&name).any(|of| of == operator);
        let has_any = subtask.state.is_some()
            || !self.splits(&subtask).is_empty()
            || self.against.is_some_and(is_held);
        has_any.then_some(subtask)
    }

    fn of_subtask(self, of: Subtask<'a>) -> impl Iterator<Item = Line<'a>> {
        let is_kept_whole = self.kept.is_none_or(|kept| {
            number(of.index) == kept || of.operator.to_lowercase().contains(kept)
        });
        let is_listed = move |(row, change): &(Row<'a>, Option<Change<'a>>)| {
            let is_hidden = self.hides_same && *change == Some(Change::Same);
            !is_hidden && (is_kept_whole || self.kept.is_none_or(|kept| row.has(kept)))
        };
        let rows: Box<dyn Iterator<Item = (Row<'a>, Option<Change<'a>>)> + 'a> = match self.against
        {
            None => Box::new(self.rows(of).map(|row| (row, None))),
            Some(held) => {
                let rows = self.compared(of, held);
                Box::new(rows.map(|(row, change)| (row, Some(change))))
            }
        };
        let rows = rows.filter(is_listed);
        let rows = rows.map(move |(row, change)| Line::Row { of, row, change });
        std::iter::once(Line::Subtask(of)).chain(rows)
    }

    fn rows(self, of: Subtask<'a>) -> impl Iterator<Item = Row<'a>> {
        let splits = self.splits(&of).into_iter().map(|(split, read)| Row::Split(split, read));
        let rows = of.section().into_iter().flat_map(move |section| section.rows(self.world));
        // Those that hold something are there with what they hold.
        let windows: Vec<_> = self.windows(&of).filter(|(_, open)| !open.holds).collect();
        let emptied = windows.into_iter().map(|(key, open)| Row::Emptied(key, open));
        splits.chain(rows).chain(emptied)
    }

    fn compared(
        self,
        of: Subtask<'a>,
        held: &'a Held,
    ) -> impl Iterator<Item = (Row<'a>, Change<'a>)> {
        let subtask = of.name();
        let before = held.state(&subtask, of.operator);
        let splits = compare::splits(self.splits(&of), held.splits(&subtask, of.operator));
        let here = self.job.tasks.get(&subtask).is_none_or(|task| task.restored.is_none());
        let there = held.is_whole(&subtask);
        let states = compare::states(of.state, before).map(move |(row, change)| {
            let is_known = match change {
                Change::Added => there,
                Change::Gone => here,
                Change::From(_) | Change::Same | Change::Unknown => true,
            };
            (row, if is_known { change } else { Change::Unknown })
        });
        splits.chain(states)
    }

    /// The splits that an operator reads in a subtask.
    pub fn splits(self, of: &Subtask<'a>) -> Vec<(u16, &'a ReadUpTo)> {
        let name = of.name();
        let reads = self
            .job
            .positions
            .iter()
            .filter(|(operator, _, read)| *operator == of.operator && read.subtask == name);
        reads.map(|(_, split, read)| (split, read)).collect()
    }

    /// The open windows of an operator in a subtask.
    pub fn windows(
        self,
        of: &Subtask<'a>,
    ) -> impl Iterator<Item = (&'a WindowKey, &'a OpenWindow)> {
        let known: Vec<_> = self.job.windows.of(&of.name()).collect();
        let operator = of.operator;
        known.into_iter().filter(move |(key, _)| key.operator == *operator)
    }
}
