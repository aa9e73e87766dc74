//! What stands under the graph where there is room: nodes with their slots, sinks, messages.

use ratatui::layout::Rect;
use weir::replay::World;

use super::super::look::Role;
use super::super::pen::Pen;
use super::super::text;

/// Rows below which the panels are left out.
pub(super) const ROWS_MIN: usize = 4;
/// Rows that are enough for the panels where something else could have the rest.
pub(super) const ROWS: usize = 10;

pub(super) fn draw(world: &World, pen: &mut Pen<'_>) {
    let window = pen.window();
    let cluster = (window.width * 3 / 8).min(44);
    let sinks = window.width / 4;
    let messages = window.width - cluster - sinks;
    let mut x = window.x;
    let mut column = |width: u16| {
        let rect = Rect { x, width, ..window };
        x += width;
        rect
    };
    nodes(world, &mut pen.within(column(cluster)));
    outside(world, &mut pen.within(column(sinks)));
    calls(world, &mut pen.within(column(messages)));
}

fn nodes(world: &World, pen: &mut Pen<'_>) {
    pen.frame(" nodes and slots ", Role::Dim);
    let (look, room) = (pen.look, pen.width().saturating_sub(3));
    let glyphs = look.glyphs();
    for (y, node) in world.nodes.iter().enumerate().take(pen.height().saturating_sub(2)) {
        let (life, role) = look.life(node.life);
        let slots: String = world
            .resources
            .slots_of(&node.name)
            .iter()
            .map(|slot| match slot {
                None => glyphs.free,
                Some(slot) if slot.accepted => glyphs.held,
                Some(_) => glyphs.granted,
            })
            .collect();
        let slots = look.fit(&slots, room / 2);
        let name = look.fit(&look.show(&node.name), room.saturating_sub(9 + text::width(&slots)));
        let x = pen.put(2, y + 1, &name, Role::Plain) + 1;
        pen.put(x, y + 1, life, role);
        pen.put(2 + room - text::width(&slots), y + 1, &slots, Role::Data);
    }
}

fn outside(world: &World, pen: &mut Pen<'_>) {
    pen.frame(" sinks ", Role::Dim);
    let (look, room) = (pen.look, pen.width().saturating_sub(3));
    let mut y = 1;
    let bottom = pen.height().saturating_sub(1);
    for (name, sink) in world.sinks.iter() {
        if y >= bottom {
            break;
        }
        let rows = text::count(sink.visible);
        let name = look.fit(&look.show(name), room.saturating_sub(text::width(&rows) + 1));
        pen.put(2, y, &name, Role::Plain);
        pen.put(2 + room.saturating_sub(text::width(&rows)), y, &rows, Role::Strong);
        y += 1;
        for row in sink.last.iter().rev().take(3) {
            if y >= bottom {
                break;
            }
            let row = look.show(&format!("{} {}", row.kind.short(), row.fields.join(",")));
            pen.put(3, y, &look.fit(&row, room.saturating_sub(1)), Role::Dim);
            y += 1;
        }
    }
}

fn calls(world: &World, pen: &mut Pen<'_>) {
    pen.frame(" messages on their way ", Role::Dim);
    let (look, room) = (pen.look, pen.width().saturating_sub(3));
    let arrow = look.glyphs().from_to;
    for (y, call) in world.messages.iter().take(pen.height().saturating_sub(2)).enumerate() {
        let text = format!("{} {arrow} {} {} {}", call.message, call.to, call.from, call.about);
        pen.put(2, y + 1, &look.fit(&look.show(&text), room), Role::Plain);
    }
}
