//! Which events change what is shown, so that one stops there.

use weir::trace::EventRef;

use super::app::App;
use super::screens::Screen;
use super::{draw, state};

/// Whether what is around the jobs can be seen too.
fn sees_around(app: &App) -> bool {
    draw::panes(app).iter().any(|pane| match pane.screen {
        Screen::Outside | Screen::Cluster => true,
        Screen::Graph | Screen::Time | Screen::Checkpoints | Screen::State | Screen::Events => {
            false
        }
    })
}

/// Whether an event changes what is shown of keyed state.
fn shows_change(app: &App) -> impl Fn(EventRef) -> bool {
    let world = app.timeline.world();
    let job = app.graph.job(world).map(|(id, _)| id);
    let on_screen = draw::panes(app).iter().any(|pane| pane.screen == Screen::State);
    move |recorded| {
        app.graph.shows_change(world, &recorded.event)
            || (on_screen && state::shows_change(job, &recorded.event))
    }
}

/// The position just after the next event that changes what is shown.
pub(super) fn next_change(app: &App) -> Option<usize> {
    let (timeline, here) = (&app.timeline, app.timeline.position());
    let seen = match sees_around(app) {
        true => timeline.next_seen_around(),
        false => timeline.next_seen(),
    };
    let mut before = timeline.range(here..seen.unwrap_or(timeline.len()));
    before.position(shows_change(app)).map(|ahead| here + ahead + 1).or(seen)
}

/// The position just after the last such event before the current one.
pub(super) fn previous_change(app: &App) -> Option<usize> {
    let timeline = &app.timeline;
    let here = timeline.position().saturating_sub(1);
    let seen = match sees_around(app) {
        true => timeline.previous_seen_around(),
        false => timeline.previous_seen(),
    };
    let first = seen.unwrap_or(0);
    let mut after = timeline.range(first..here.max(first));
    after.rposition(shows_change(app)).map(|index| first + index + 1).or(seen)
}
