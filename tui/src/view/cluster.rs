//! Nodes with their clocks and links, slots with what runs in them, messages, faults.

use std::collections::BTreeMap;

use weir::base::{JobId, Name};
use weir::replay::{Job, Node, Slot, Task, World, subtask_name};

use super::look::{Look, Role};
use super::pen::Pen;
use super::sections::{Columns, Line, Section, and_more, shown};
use super::text;

/// What is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct ClusterScreen {
    /// The lines that are hidden at the top.
    top: usize,
}

impl ClusterScreen {
    pub fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by);
    }

    pub fn clamp(&mut self, world: &World, look: Look, (width, rows): (usize, usize)) {
        self.top = self.top.min(columns(world, look, width).most_above(rows));
    }

    pub fn draw(&self, world: &World, pen: &mut Pen<'_>) {
        columns(world, pen.look, pen.width()).draw(self.top, pen);
    }
}

fn columns(world: &World, look: Look, width: usize) -> Columns {
    let left = vec![nodes(world, look), slots(world, look)];
    let right = vec![faults(world, look), links(world, look), messages(world, look)];
    Columns::new(width, left, right, "This run has no nodes.")
}

fn nodes(world: &World, look: Look) -> Section {
    let mut section = Section::new("nodes");
    for node in world.nodes.iter() {
        let (life, role) = look.life(node.life);
        let mut line = Line::of(look.pad(&shown(look, &node.name), 18), Role::Plain)
            .and(format!(" {life:<7}"), role)
            .and(format!(" life {:<3}", node.incarnation), Role::Dim);
        if let Some(clock) = clock(node) {
            line = line.and(format!(" clock {clock}"), Role::Time);
        }
        if node.bytes_lost > 0 {
            let lost = format!(" {} lost in crashes", text::bytes(node.bytes_lost));
            line = line.and(lost, Role::Pressure);
        }
        if let Some(cause) = world
            .resources
            .task_executors
            .get(&node.name)
            .and_then(|executor| executor.lost.as_ref())
        {
            line = line.and(format!(" given up: {}", shown(look, cause)), Role::Failed);
        }
        section.add(line);
    }
    section
}

/// How far a clock is off and goes off, if it is or does.
fn clock(node: &Node) -> Option<String> {
    let offset = || {
        let sign = if node.offset_us < 0 { '-' } else { '+' };
        format!("{sign}{}", text::span(node.offset_us.unsigned_abs()))
    };
    match (node.offset_us, node.drift_ppm) {
        (0, 0) => None,
        (_, 0) => Some(offset()),
        (0, drift) => Some(format!("{drift:+} ppm")),
        (_, drift) => Some(format!("{} {drift:+} ppm", offset())),
    }
}

/// The slots of each TaskManager and what runs in them.
fn slots(world: &World, look: Look) -> Section {
    let mut section = Section::new("slots of TaskManagers");
    for (name, executor) in &world.resources.task_executors {
        let mut running = running_on(world, name);
        let held = |index| world.resources.slots.get(format!("{name}/{index}").as_str());
        let shown_slots = executor.slots.min(SLOTS);
        let of_it = |slot: &Name| slot.rsplit_once('/').is_some_and(|(of, _)| of == &**name);
        let used = world.resources.slots.keys().filter(|slot| of_it(slot)).count();
        let head = Line::of(shown(look, name), Role::Strong)
            .and(format!("  {used} of {} in use", executor.slots), Role::Dim);
        section.add(head);
        for index in 0..shown_slots {
            section.add(slot_line(look, index, held(index), &mut running));
        }
        if let Some(more) = and_more(executor.slots.into(), shown_slots.into(), look) {
            section.add(more);
        }
        // A slot may be freed before what ran in it is known to have ended, or never be told.
        let outside = running.into_values().flatten().flatten();
        let outside: Vec<_> =
            outside.map(|(subtask, task)| subtask_in(look, &subtask, task)).collect();
        if !outside.is_empty() {
            section.add(runs(outside, Line::of("  in none: ", Role::Waiting)));
        }
    }
    for (job, missing) in &world.resources.missing {
        let said = format!("job {job} lacks {missing} slots");
        section.add(Line::of(said, Role::Pressure));
    }
    section
}

/// How many slots of a TaskManager are shown.
const SLOTS: u16 = 16;

type Subtask<'a> = (Name, &'a Task);

/// What runs on a TaskManager, by job, and there by the slots that subtasks share.
fn running_on<'a>(world: &'a World, host: &Name) -> BTreeMap<JobId, Vec<Vec<Subtask<'a>>>> {
    let jobs = world.jobs.iter().map(|(id, job)| (id, groups(job, host)));
    jobs.filter(|(_, groups)| !groups.is_empty()).collect()
}

/// The subtasks of a job that are on a TaskManager, by the slots that they share.
fn groups<'a>(job: &'a Job, host: &Name) -> Vec<Vec<Subtask<'a>>> {
    let is_here =
        |task: &Task| task.taskmanager.as_ref() == Some(host) && !task.state.is_terminal();
    let mut here: BTreeMap<&Name, &Task> =
        job.tasks.iter().filter(|(_, task)| is_here(task)).collect();
    let mut groups = Vec::new();
    if let Ok(plan) = &job.plan {
        let vertices = &plan.execution.job.vertices;
        for shared in &plan.slots {
            let names = shared.subtasks.iter().filter_map(|subtask| {
                let vertex = vertices.get(usize::from(subtask.vertex.0))?;
                Some(subtask_name(&vertex.uid, subtask.index))
            });
            let group: Vec<_> =
                names.filter_map(|name| here.remove(&name).map(|task| (name, task))).collect();
            if !group.is_empty() {
                groups.push(group);
            }
        }
    }
    if !here.is_empty() {
        groups.push(here.into_iter().map(|(name, task)| (name.clone(), task)).collect());
    }
    groups
}

fn subtask_in(look: Look, name: &str, task: &Task) -> (String, Role) {
    let (symbol, role) = look.state(task.state);
    (format!("{symbol} {} ", shown(look, name)), role)
}

fn runs(subtasks: Vec<(String, Role)>, line: Line) -> Line {
    subtasks.into_iter().fold(line, |line, (subtask, role)| line.and(subtask, role))
}

/// A slot. Where a job has several slots of a TaskManager the trace does not say what is in which
/// of them: those that share a slot stand together, in the order of the plan.
fn slot_line(
    look: Look,
    index: u16,
    slot: Option<&Slot>,
    running: &mut BTreeMap<JobId, Vec<Vec<Subtask<'_>>>>,
) -> Line {
    let glyphs = look.glyphs();
    let Some(slot) = slot else {
        return Line::of(format!("  {} /{index} ", glyphs.free), Role::Dim).and("free", Role::Dim);
    };
    let (glyph, word) =
        if slot.accepted { (glyphs.held, "") } else { (glyphs.granted, " offered") };
    let line = Line::of(format!("  {glyph} /{index} "), Role::Data)
        .and(format!("job {}{word}  ", slot.job), Role::Plain);
    let group = running.get_mut(&slot.job).filter(|groups| !groups.is_empty());
    let group = group.map(|groups| groups.remove(0)).unwrap_or_default();
    runs(group.iter().map(|(name, task)| subtask_in(look, name, task)).collect(), line)
}

fn faults(world: &World, look: Look) -> Section {
    /// Of those that are over.
    const OVER: usize = 4;
    let glyphs = look.glyphs();
    let mut section = Section::new("faults");
    for fault in world.faults.active() {
        let line = Line::of(format!("{} ", glyphs.fault), Role::Pressure)
            .and(shown(look, &fault.what), Role::Strong)
            .and(format!("  since {}", fault.struck), Role::Dim);
        section.add(line);
    }
    let over = world.faults.faults.iter().rev().filter(|fault| fault.healed.is_some());
    for fault in over.take(OVER) {
        let healed = fault.healed.map_or(String::new(), |healed| healed.to_string());
        let said = format!("  {}  from {} to {healed}", shown(look, &fault.what), fault.struck);
        section.add(Line::of(said, Role::Dim));
    }
    section
}

fn links(world: &World, look: Look) -> Section {
    let mut section = Section::new("links that are cut");
    let (from_to, failure) = (look.glyphs().from_to, look.glyphs().failure);
    for node in world.nodes.iter() {
        for to in &node.cut_off_from {
            // Each direction is cut by itself.
            let back = world.nodes.get(to).is_some_and(|it| it.cut_off_from.contains(&node.name));
            if back && node.name > *to {
                continue;
            }
            let both = if back { "both ways" } else { "one way" };
            let link =
                format!("{} {failure}{from_to} {}", shown(look, &node.name), shown(look, to));
            section.add(Line::of(link, Role::Failed).and(format!("  {both}"), Role::Dim));
        }
    }
    section
}

/// Messages that were sent and not yet taken up, or are lost.
fn messages(world: &World, look: Look) -> Section {
    const SHOWN: usize = 16;
    let count = world.messages.iter().len();
    let mut section = Section::new(format!("messages on their way: {count}"));
    let arrow = look.glyphs().from_to;
    for message in world.messages.iter().rev().take(SHOWN) {
        let ends = format!("{} {arrow} {}", shown(look, &message.from), shown(look, &message.to));
        let line = Line::of(shown(look, &message.message), Role::Plain)
            .and(format!("  {}", shown(look, &message.about)), Role::Data)
            .and(format!("  {ends}"), Role::Dim)
            .and(format!("  since {}", message.sent), Role::Dim);
        section.add(line);
    }
    if let Some(older) = and_more(count, SHOWN, look) {
        section.add(older);
    }
    section
}
