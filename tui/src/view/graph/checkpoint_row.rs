//! What a subtask contributes to a checkpoint, in a row.

use weir::base::{CheckpointId, Name};
use weir::replay::{SnapshotProgress, SubtaskSnapshot};

use super::super::look::Role;
use super::super::pen::Pen;
use super::super::text;
use super::table::{Column, columns, write};

/// Columns from which on there is room for more than the shortest words.
pub(super) const WIDE: usize = 110;

pub(in super::super) type Subtask<'a> = (Name, &'a SubtaskSnapshot);

/// A subtask, and whether nothing comes of what it does since the checkpoint was aborted.
pub(super) struct Of<'a> {
    pub subtask: Subtask<'a>,
    pub in_vain: bool,
}

/// What the columns are.
pub(super) fn heads(of: CheckpointId, y: usize, pen: &mut Pen<'_>) {
    let width = pen.width();
    let subtasks = format!("subtasks of {of}");
    let heads = if width < WIDE {
        [&subtasks, "is", "delay", "align", "sync", "async", "size", "in flight"]
    } else {
        [&subtasks, "is", "start delay", "alignment", "sync", "async", "size", "in flight"]
    };
    write(pen, y, &subtask_columns(width), heads.map(|head| (head.to_owned(), Role::Dim)));
}

impl Of<'_> {
    pub fn draw(&self, y: usize, pen: &mut Pen<'_>) {
        let Of { subtask: (name, of), in_vain } = self;
        let columns = subtask_columns(pen.width());
        let look = pen.look;
        let (word, role, reason) = match &of.progress {
            SnapshotProgress::Waiting => ("waiting", Role::Dim, None),
            SnapshotProgress::Aligning => ("aligning", Role::Checkpoint, None),
            SnapshotProgress::Taken => ("storing", Role::Waiting, None),
            SnapshotProgress::Stored => ("stored", Role::Data, None),
            SnapshotProgress::Acknowledged => ("done", Role::Done, None),
            SnapshotProgress::Failed(reason) => ("failed", Role::Failed, Some(reason)),
            SnapshotProgress::Declined(reason) => ("declined", Role::Failed, Some(reason)),
        };
        let role = if *in_vain && reason.is_none() { Role::Dim } else { role };
        let known = |value: Option<u64>, said: fn(u64) -> String| match value {
            Some(value) => (said(value), Role::Plain),
            None => ("-".to_owned(), Role::Dim),
        };
        let cells = [
            known(of.start_delay_us, text::span),
            known(of.alignment_us, text::span),
            known(of.sync_us, text::span),
            known(of.async_us, text::span),
            known(of.bytes, text::bytes),
            known(of.in_flight_bytes, text::bytes),
        ];
        // Why there is none is worth more than what is known of it.
        let [delay, alignment, sync, stored, bytes, in_flight] =
            if reason.is_some() { [const { (String::new(), Role::Plain) }; 6] } else { cells };
        let name = (look.show(name), Role::Plain);
        let is = (word.to_owned(), role);
        write(pen, y, &columns, [name, is, delay, alignment, sync, stored, bytes, in_flight]);
        if let Some(reason) = reason {
            let x = columns[1].x + columns[1].width + 1;
            let room = pen.width().saturating_sub(x + 2);
            pen.put(x, y, &look.fit(&look.show(text::first(reason, room + 1)), room), Role::Failed);
        }
    }
}

fn subtask_columns(width: usize) -> [Column; 8] {
    let wide = width >= WIDE;
    let number = |width: usize| (if wide { 12 } else { width }, true);
    let name = if wide { 32 } else { width.saturating_sub(64).clamp(13, 24) };
    columns([
        (name, false),
        (9, false),
        number(7),
        number(7),
        number(7),
        number(7),
        number(6),
        number(9),
    ])
}
