//! What the mouse does: the wheel scrolls what it is over, a click on the bar goes there.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::app::App;
use super::update::{go, scroll};
use super::{draw, scrub};

pub(super) fn on_mouse(app: &mut App, mouse: MouseEvent) {
    match mouse.kind {
        MouseEventKind::ScrollUp => wheel(app, (mouse.column, mouse.row), -3),
        MouseEventKind::ScrollDown => wheel(app, (mouse.column, mouse.row), 3),
        MouseEventKind::Down(MouseButton::Left) | MouseEventKind::Drag(MouseButton::Left) => {
            let on_bar = Some(mouse.row) == draw::scrub_row(app.size);
            let len = app.timeline.len();
            let width = usize::from(app.size.0);
            let to = scrub::position_at(usize::from(mouse.column), width, len);
            if let Some(position) = to.filter(|_| on_bar) {
                go(app, position);
            }
        }
        // The terminal's enum: what else a mouse can do means nothing here.
        _ => {}
    }
}

/// The wheel turns the screen that it is over.
fn wheel(app: &mut App, (x, y): (u16, u16), by: isize) {
    match app.overlay.take() {
        Some(mut overlay) => {
            overlay.scroll(app, by);
            app.overlay = Some(overlay);
        }
        None => {
            let panes = draw::panes(app);
            let over = panes.iter().find(|pane| pane.area.contains((x, y).into()));
            scroll(app, over.map_or(app.shown.current, |pane| pane.screen), by);
        }
    }
}
