//! Transactions of sinks, a row each: when it began, when its first phase was over, and how it ended.

use weir::base::SimTime;
use weir::replay::{Transaction, TransactionPhase as Phase, World};

use super::super::look::{Look, Role};
use super::super::sections::{Line, Section, and_more, shown};
use super::MANY;

/// How many of those that are over are shown.
const OVER: usize = 6;

/// A sign, a word and a colour for a phase.
fn sign(phase: &Phase, look: Look) -> (&'static str, &'static str, Role) {
    let (unicode, ascii, word, role) = match phase {
        Phase::Open => ("○", "o", "open", Role::Data),
        Phase::PreCommitted => ("◐", "p", "pre-committed", Role::Checkpoint),
        Phase::CommitRequested => ("◕", "c", "commit requested", Role::Waiting),
        Phase::RecommitRequested => ("◕", "c", "commit again", Role::Waiting),
        Phase::Committed => ("●", "*", "committed", Role::Done),
        Phase::Aborted => ("⊘", "-", "aborted", Role::Stopped),
        Phase::LingeringAborted => ("⊘", "-", "lingering, aborted", Role::Stopped),
        Phase::CommitFailed(_) => ("✗", "!", "commit failed", Role::Failed),
    };
    (if look.ascii { ascii } else { unicode }, word, role)
}

/// How wide the columns are.
struct Widths {
    name: usize,
    subtask: usize,
    time: usize,
}

impl Widths {
    fn new(width: usize) -> Self {
        let spare = width.saturating_sub(60);
        let subtask = if spare < 30 { 0 } else { 11 };
        Self { name: (16 + spare / 3).min(36), subtask, time: 10 }
    }

    fn line(&self, look: Look, sign: (&str, Role), cells: [&str; 6]) -> Line {
        let [name, subtask, begun, pre_committed, checkpoint, is] = cells;
        let mut line =
            Line::of(format!("{} ", sign.0), sign.1).and(look.pad(name, self.name), Role::Plain);
        if self.subtask > 0 {
            line = line.and(format!(" {}", look.pad(subtask, self.subtask)), Role::Plain);
        }
        let time = |time| look.pad_left(time, self.time);
        line.and(format!(" {} {}", time(begun), time(pre_committed)), Role::Dim)
            .and(format!(" {}", look.pad_left(checkpoint, 4)), Role::Checkpoint)
            .and(format!("  {is}"), sign.1)
    }

    fn row(&self, look: Look, of: &Transaction) -> Line {
        let time = |at: Option<SimTime>| at.map_or("-".to_owned(), |at| at.to_string());
        let (sign, word, role) = sign(&of.phase, look);
        let is = match &of.phase {
            Phase::CommitFailed(cause) => format!("{word}: {}", shown(look, cause)),
            Phase::Committed | Phase::Aborted | Phase::LingeringAborted => {
                format!("{word} {}", of.since)
            }
            Phase::Open
            | Phase::PreCommitted
            | Phase::CommitRequested
            | Phase::RecommitRequested => word.to_owned(),
        };
        let attempt = if of.attempt > 0 { format!("'{}", of.attempt) } else { String::new() };
        let checkpoint = of.checkpoint.map_or("-".to_owned(), |id| id.to_string());
        let cells = [
            &shown(look, &of.name),
            &shown(look, &format!("{}{attempt}", of.subtask)),
            &time(of.begun),
            &time(of.pre_committed),
            &checkpoint,
            &is,
        ];
        self.line(look, (sign, role), cells.map(String::as_str))
    }
}

pub(super) fn section(world: &World, look: Look, width: usize) -> Section {
    let transactions = &world.transactions;
    let (committed, aborted, failed) =
        (transactions.committed, transactions.aborted, transactions.failed);
    let pending = transactions.pending();
    let lost = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let heading = format!(
        "transactions: {} pending, {committed} committed, {aborted} aborted{lost}",
        pending.len()
    );
    let mut section = Section::new(heading);
    if pending.is_empty() && transactions.over().len() == 0 {
        return section;
    }
    let widths = Widths::new(width);
    let heads = ["transaction", "subtask", "begin", "pre-commit", "chk", "is"];
    section.add(widths.line(look, (" ", Role::Dim), heads));
    for transaction in pending.iter().take(MANY) {
        section.add(widths.row(look, transaction));
    }
    if let Some(more) = and_more(pending.len(), MANY, look) {
        section.add(more);
    }
    // The newest first: they are what one has just seen.
    for transaction in transactions.over().rev().take(OVER) {
        section.add(widths.row(look, transaction));
    }
    section
}
