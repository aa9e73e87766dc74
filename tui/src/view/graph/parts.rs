//! The rows of boxes.

use std::collections::BTreeMap;

use weir::replay::Task;
use weir::trace::ExecutionState;

use super::super::look::{Look, Role};
use super::super::pen::Pen;
use super::super::text::{self, count};
use super::checkpoint;

/// A row of the plane to write in.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub x: usize,
    pub y: usize,
    pub width: usize,
}

/// `taskmanager-1` in few columns: `tm-1`.
fn host(look: Look, name: &str, room: usize) -> String {
    let name = look.show(name);
    if text::width(&name) <= room {
        return name;
    }
    let short = name.replace("taskmanager-", "tm-").replace("jobmanager-", "jm-");
    look.fit(&short, room)
}

/// Columns that are worth giving to a host's name.
const HOST_MIN: usize = 4;

/// A subtask: state, number, what it does about checkpoints, host, records in and out,
/// back-pressure.
pub(super) fn task(pen: &mut Pen<'_>, row: Row, index: u32, task: &Task) {
    let look = pen.look;
    let glyphs = look.glyphs();
    let (symbol, role) = look.state(task.state);
    let left = format!("{symbol}{}", u64::from(index) + 1);
    let attempt = if task.attempt > 0 { format!("'{}", task.attempt) } else { String::new() };
    let left = look.fit(&(left + &attempt), row.width);
    pen.put(row.x, row.y, &left, role);
    let mut room = row.width - text::width(&left);

    let pressed = task.back_pressured_since.is_some();
    if room > 0 && pressed {
        pen.put(row.x + row.width - 1, row.y, glyphs.pressure, Role::Pressure);
    }
    room = room.saturating_sub(1);
    let mut after = row.x + text::width(&left);
    let shows_flow = task.started || task.records_in.saturating_add(task.records_out) > 0;
    let records = flow(look, task.records_in, task.records_out);
    let taken = if shows_flow { text::width(&records) + 1 } else { 0 };
    for (mark, short) in checkpoint::marks(look, task) {
        let mark = format!(" {mark}");
        let mark = if text::width(&mark) + taken <= room { mark } else { short };
        if text::width(&mark) <= room {
            after = pen.put(after, row.y, &mark, Role::Checkpoint);
            room -= text::width(&mark);
        }
    }
    if taken > room {
        return;
    }
    if shows_flow {
        pen.put(row.x + row.width - taken, row.y, &records, Role::Plain);
        room -= taken;
    }
    if let Some(taskmanager) = &task.taskmanager
        && room > HOST_MIN
    {
        let host = host(look, taskmanager, room - 1);
        pen.put(after + 1, row.y, &host, Role::Dim);
    }
}

/// Records in and out.
fn flow(look: Look, records_in: u64, records_out: u64) -> String {
    format!("{}{}{}", count(records_in), look.glyphs().from_to, count(records_out))
}

/// All subtasks of a vertex in one row: how many are in which state.
pub(super) fn tasks<'a>(
    pen: &mut Pen<'_>,
    row: Row,
    tasks: impl Iterator<Item = &'a Task> + Clone,
) {
    let look = pen.look;
    let mut states: BTreeMap<ExecutionState, u32> = BTreeMap::new();
    let (mut records_in, mut records_out, mut pressed) = (0u64, 0u64, 0u32);
    for task in tasks.clone() {
        *states.entry(task.state).or_default() += 1;
        records_in = records_in.saturating_add(task.records_in);
        records_out = records_out.saturating_add(task.records_out);
        pressed += u32::from(task.back_pressured_since.is_some());
    }
    let end = row.x + row.width;
    let mut x = row.x;
    // What fails is what one looks for.
    for (state, number) in states.into_iter().rev() {
        let (symbol, role) = look.state(state);
        let part = format!("{symbol}{number}");
        if x + text::width(&part) > end {
            return;
        }
        x = pen.put(x, row.y, &part, role) + 1;
    }
    for part in checkpoint::counts(look, tasks) {
        if x + text::width(&part) <= end {
            x = pen.put(x, row.y, &part, Role::Checkpoint) + 1;
        }
    }
    if pressed > 0 {
        let part = format!("{}{pressed}", look.glyphs().pressure);
        if x + text::width(&part) <= end {
            x = pen.put(x, row.y, &part, Role::Pressure) + 1;
        }
    }
    if records_in.saturating_add(records_out) > 0 {
        let records = flow(look, records_in, records_out);
        let width = text::width(&records);
        if x + width <= end {
            pen.put(end - width, row.y, &records, Role::Plain);
        }
    }
}
