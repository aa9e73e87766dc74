//! The bar of time: where one is in the run, and what is worth going to.

use super::app::App;
use super::landmarks::Sign;
use super::look::{Look, Role};
use super::pen::Pen;

/// Columns left of the rail, for the play button.
const LEFT: usize = 9;
/// Columns right of it, for the position, unless the run is longer than that has room for.
const RIGHT: usize = 16;

/// The columns right of the rail, of a run with so many events.
fn right(len: usize) -> usize {
    // A space, the position, a slash, the number of all, and that more is to come.
    (2 * len.to_string().len() + 3).max(RIGHT)
}

/// The columns that the rail takes in a bar of this width.
fn rail(width: usize, len: usize) -> usize {
    width.saturating_sub(LEFT + right(len))
}

/// The column of a position on a rail.
fn column(position: usize, len: usize, rail: usize) -> usize {
    let last = rail.saturating_sub(1);
    position.min(len).saturating_mul(last).checked_div(len).unwrap_or(0)
}

/// The position that a click on the bar means.
pub(super) fn position_at(x: usize, width: usize, len: usize) -> Option<usize> {
    let rail = rail(width, len);
    let on = x.checked_sub(LEFT).filter(|on| *on < rail)?;
    on.saturating_mul(len).checked_div(rail.saturating_sub(1))
}

/// How a sign looks.
pub(super) fn glyph(look: Look, sign: Sign) -> (String, Role) {
    let glyphs = look.glyphs();
    let (glyph, role) = match sign {
        Sign::Completed => (if look.ascii { "c" } else { glyphs.barrier }, Role::Checkpoint),
        Sign::Note => (glyphs.note, Role::Note),
        Sign::Fault => (glyphs.fault, Role::Pressure),
        Sign::Failure => (glyphs.failure, Role::Failed),
        Sign::Violation => ("!", Role::Failed),
        // In ASCII small letters are signs of other things.
        Sign::Bookmark(letter) if look.ascii => {
            return (letter.to_ascii_uppercase().to_string(), Role::Chosen);
        }
        Sign::Bookmark(letter) => return (letter.to_string(), Role::Chosen),
    };
    (glyph.to_owned(), role)
}

pub(super) fn draw(app: &App, pen: &mut Pen<'_>) {
    let (timeline, play) = (&app.timeline, &app.play);
    let (glyphs, width, len) = (pen.look.glyphs(), pen.width(), timeline.len());
    let button = if play.on { glyphs.play } else { glyphs.pause };
    pen.put(0, 0, &pen.look.pad(&format!(" {button} {}/s", play.rate()), LEFT), Role::Plain);

    let rail = rail(width, len);
    let here = column(timeline.position(), len, rail);
    let mut signs: Vec<Option<Sign>> = vec![None; rail];
    for (position, sign) in app.travel.landmarks.signs(timeline) {
        if let Some(cell) = signs.get_mut(column(position, len, rail)) {
            *cell = (*cell).max(Some(sign));
        }
    }
    for (x, sign) in signs.into_iter().enumerate() {
        let (glyph, role) = match sign {
            Some(sign) => glyph(pen.look, sign),
            None if x < here => (glyphs.past.to_owned(), Role::Plain),
            None => (glyphs.rail.to_owned(), Role::Dim),
        };
        pen.put(LEFT + x, 0, &glyph, role);
    }
    if rail > 0 {
        pen.put(LEFT + here, 0, glyphs.knob, Role::Selected);
    }
    // More is to come.
    let more = if app.is_growing() { glyphs.more } else { "" };
    let place = format!(" {}/{len}{more}", timeline.position());
    pen.put(LEFT + rail, 0, &pen.look.fit(&place, right(len)), Role::Plain);
}
