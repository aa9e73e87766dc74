//! The bar of time: where one is in the run, and what is worth going to.

use weir::replay::{MarkKind, Timeline};

use super::app::Play;
use super::look::Role;
use super::pen::Pen;

/// Columns left of the rail, for the play button.
const LEFT: usize = 9;
/// Columns right of it, for the position.
const RIGHT: usize = 16;

/// The columns that the rail takes in a bar of this width.
fn rail(width: usize) -> usize {
    width.saturating_sub(LEFT + RIGHT)
}

/// The column of a position on a rail.
fn column(position: usize, len: usize, rail: usize) -> usize {
    let last = rail.saturating_sub(1);
    position.min(len).saturating_mul(last).checked_div(len).unwrap_or(0)
}

/// The position that a click on the bar means.
pub(super) fn position_at(x: usize, width: usize, len: usize) -> Option<usize> {
    let rail = rail(width);
    let on = x.checked_sub(LEFT).filter(|on| *on < rail)?;
    on.saturating_mul(len).checked_div(rail.saturating_sub(1))
}

pub(super) fn draw(timeline: &Timeline, play: &Play, pen: &mut Pen<'_>) {
    let (glyphs, width, len) = (pen.look.glyphs(), pen.width(), timeline.events().len());
    let button = if play.on { glyphs.play } else { glyphs.pause };
    pen.put(0, 0, &pen.look.pad(&format!(" {button} {}/s", play.rate()), LEFT), Role::Plain);

    let rail = rail(width);
    let here = column(timeline.position(), len, rail);
    for x in 0..rail {
        let (glyph, role) =
            if x < here { (glyphs.past, Role::Plain) } else { (glyphs.rail, Role::Dim) };
        pen.put(LEFT + x, 0, glyph, role);
    }
    let mut strongest: Option<(usize, MarkKind)> = None;
    for mark in timeline.marks() {
        let x = column(mark.position, len, rail);
        let kind = match strongest {
            Some((at, kind)) if at == x => kind.max(mark.kind),
            Some(_) | None => mark.kind,
        };
        strongest = Some((x, kind));
        let (glyph, role) = match kind {
            MarkKind::Note => (glyphs.note, Role::Note),
            MarkKind::Fault => (glyphs.fault, Role::Pressure),
            MarkKind::Failure => (glyphs.failure, Role::Failed),
        };
        if x < rail {
            pen.put(LEFT + x, 0, glyph, role);
        }
    }
    if rail > 0 {
        pen.put(LEFT + here, 0, glyphs.knob, Role::Selected);
    }
    let place = format!(" {}/{len}", timeline.position());
    pen.put(LEFT + rail, 0, &pen.look.fit(&place, RIGHT), Role::Plain);
}
