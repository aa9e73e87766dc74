//! The frame around the screens.
//!
//! From above: a title, the screen, the event that happened last, the bar of time, keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use weir::trace::parts;

use super::app::App;
use super::keymap::Row;
use super::keys::Action;
use super::look::{Look, Role};
use super::pen::Pen;
use super::screens::{Pane, Screen};
use super::{scrub, text, travel};

/// What the screens need at least: columns, rows.
const SMALLEST: (u16, u16) = (60, 20);

/// Where the screens are in a terminal.
fn body(area: Rect) -> Rect {
    let height = area.height.saturating_sub(4);
    Rect { y: area.y.saturating_add(1), height, ..area }
}

/// The screens that are shown, and where.
pub(super) fn panes(app: &App) -> Vec<Pane> {
    let (width, height) = app.size;
    app.shown.panes(body(Rect { x: 0, y: 0, width, height }))
}

/// The row of the bar of time, if there is one.
pub(super) fn scrub_row((width, height): (u16, u16)) -> Option<u16> {
    (width >= SMALLEST.0 && height >= SMALLEST.1).then(|| height - 2)
}

/// Draws the whole view.
pub fn draw(app: &App, buffer: &mut Buffer) {
    let area = buffer.area;
    let mut pen = Pen::new(buffer, area, app.look);
    if is_too_small(area) {
        let quit = app.keys.row(Action::Quit, app.shown.current);
        let quit = quit.and_then(|row| key(row, app.look));
        too_small(&mut pen, quit.as_deref().unwrap_or("Ctrl-C"));
        return;
    }
    let row = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    let body = body(area);
    title(app, &mut pen.within(row(0)));
    for Pane { screen, area } in app.shown.panes(body) {
        if area.x > body.x {
            let line = Rect { x: area.x - 1, width: 1, ..area };
            between(&mut pen.within(line));
        }
        let (timeline, mut pen) = (&app.timeline, pen.within(area));
        match screen {
            Screen::Graph => app.graph.draw(timeline, &mut pen),
            Screen::Time => app.time.draw(timeline, &mut pen),
            Screen::Checkpoints => {
                app.checkpoints.draw(timeline.world(), app.graph.job(timeline.world()), &mut pen);
            }
            Screen::State => {
                app.state.draw(timeline.world(), app.graph.job(timeline.world()), &mut pen);
            }
            Screen::Outside => {
                app.outside.draw(timeline, &app.travel.landmarks.judgement, &mut pen);
            }
            Screen::Cluster => app.cluster.draw(timeline.world(), &mut pen),
            Screen::Events => app.events.draw(timeline, &mut pen),
        }
    }
    sentence(app, &mut pen.within(row(area.height - 3)));
    scrub::draw(app, &mut pen.within(row(area.height - 2)));
    let mut last = pen.within(row(area.height - 1));
    match (&app.palette, &app.prompt, app.travel.pending, &app.travel.said) {
        (Some(palette), ..) => palette.draw_line(&mut last),
        (None, Some(prompt), ..) => prompt.draw(&mut last),
        (None, None, Some(prefix), _) => travel::draw_keys(prefix, &mut last),
        (None, None, None, Some(said)) => travel::draw_said(said, &mut last),
        (None, None, None, None) => footer(app, &mut last),
    }
    if let Some(overlay) = &app.overlay {
        overlay.draw(app, &mut pen.within(body));
    }
    if let Some(palette) = &app.palette {
        palette.draw_list(&app.keys, app.shown.current, &mut pen);
    }
}

/// Whether there is no room for a screen.
pub(super) fn is_too_small(area: Rect) -> bool {
    area.width < SMALLEST.0 || area.height < SMALLEST.1
}

/// Says so. `quit` is the key that ends it all the same.
pub(super) fn too_small(pen: &mut Pen<'_>, quit: &str) {
    let (width, height) = (pen.width(), pen.height());
    let message = format!("This needs {} x {}. It has {width} x {height}.", SMALLEST.0, SMALLEST.1);
    let hint = format!("Make the terminal larger, or press {quit} to quit.");
    let lines = text::wrap(&format!("{message} {hint}"), width.max(1));
    for (y, line) in lines.iter().enumerate() {
        pen.put(0, y, &pen.look.fit(line, width), Role::Plain);
    }
}

/// The line between two screens.
fn between(pen: &mut Pen<'_>) {
    for y in 0..pen.height() {
        pen.put(0, y, pen.look.glyphs().lines[5], Role::Dim);
    }
}

/// Columns that the title of the scenario keeps when a fault wants to be named beside it.
const TITLE: usize = 12;

/// From the left: what is looked at, the screens, a fault that lasts, the place.
fn title(app: &App, pen: &mut Pen<'_>) {
    let (look, width) = (pen.look, pen.width());
    pen.clear(Role::Bar);
    let world = app.timeline.world();
    let step = match world.sub {
        0 => format!("step {}", world.step),
        sub => format!("step {}.{sub}", world.step),
    };
    let mut right = format!("{step}  {} ", world.at);
    let title = format!(" weir  {}", look.show(&app.title));
    let wanted = text::width(&title).min(TITLE) + 1;
    let tabs = app.shown.width(&app.keys, look, false);
    if let Some(fault) = world.faults.active().last() {
        let room = width.saturating_sub(text::width(&right) + tabs + wanted + 5).min(30);
        if room > 0 {
            let fault = look.fit(&look.show(&fault.what), room);
            right = format!("{} {fault}  {right}", look.glyphs().fault);
        }
    }
    let right = look.fit(&right, width);
    let right_x = width - text::width(&right);
    pen.put(right_x, 0, &right, Role::Bar);
    let long = text::width(&title) + 2 + app.shown.width(&app.keys, look, true) <= right_x;
    let left = right_x.saturating_sub(app.shown.width(&app.keys, look, long) + 1);
    pen.put(0, 0, &look.fit(&title, left.saturating_sub(1)), Role::Bar);
    if left > 0 {
        app.shown.draw_tabs(&app.keys, left, long, pen);
    }
}

fn sentence(app: &App, pen: &mut Pen<'_>) {
    let (look, width) = (pen.look, pen.width());
    // One that came to its end by itself has said so.
    let ended = app.timeline.ended().filter(|why| *why != "completed");
    if let Some(why) = ended.filter(|_| app.timeline.position() == app.timeline.len()) {
        let said = look.show(&format!(" The run did not come to its end: {why}"));
        pen.put(0, 0, &look.fit(&said, width), Role::Failed);
        return;
    }
    let sentence = match app.timeline.current() {
        None => start_hint(app),
        Some(recorded) => {
            let said = parts(&recorded, app.timeline.header());
            look.show(&format!(" {}  {}  {}", said.step, said.node, said.text))
        }
    };
    pen.put(0, 0, &look.fit(&sentence, width), Role::Strong);
}

/// Names the keys that one begins with, if there are any for them.
fn start_hint(app: &App) -> String {
    let hints = [
        (Action::StepForward, "steps"),
        (Action::Play, "plays"),
        (Action::About, "says what this is"),
    ];
    let hints = hints.into_iter().filter_map(|(action, does)| {
        let key = app.keys.row(action, app.shown.current).and_then(|row| key(row, app.look))?;
        Some(format!("{key} {does}"))
    });
    let hints: Vec<String> = hints.collect();
    match hints.is_empty() {
        true => " Nothing has happened yet.".to_owned(),
        false => format!(" Nothing has happened yet: {}.", hints.join(", ")),
    }
}

/// The first of a row's keys, as short as the terminal can say it.
fn key(row: &Row, look: Look) -> Option<String> {
    let label = row.label.split(' ').next().filter(|label| !label.is_empty())?;
    Some(if label == "right" { look.glyphs().right.to_owned() } else { look.show(label) })
}

/// Help and quit always stand there; of the others, as many as there is room for.
fn footer(app: &App, pen: &mut Pen<'_>) {
    let shown =
        app.keys.rows().filter(|row| row.binding.works_on(app.shown.current)).filter_map(|row| {
            let own = !row.binding.on.is_empty();
            Some((row.binding.action, key(row, pen.look)?, row.binding.short?, own))
        });
    let (always, others): (Vec<_>, Vec<_>) =
        shown.partition(|(action, ..)| matches!(action, Action::Help | Action::Quit));
    // What is special to a screen is what one cannot know from the others.
    let (own, common): (Vec<_>, Vec<_>) = others.into_iter().partition(|(.., own)| *own);
    let (first, rest) = common.split_at(common.len().min(2));
    let others = first.iter().chain(&own).chain(rest);
    let columns = |key: &str, word: &str| text::width(key) + 1 + word.len() + 2;
    let reserved: usize = always.iter().map(|(_, key, word, _)| columns(key, word)).sum();
    let room = pen.width().saturating_sub(reserved);
    let mut x = 1;
    for (_, key, word, _) in others {
        if x + columns(key, word) > room {
            break;
        }
        x = pen.put(x, 0, key, Role::Strong) + 1;
        x = pen.put(x, 0, word, Role::Dim) + 2;
    }
    for (_, key, word, _) in always {
        x = pen.put(x, 0, &key, Role::Strong) + 1;
        x = pen.put(x, 0, word, Role::Dim) + 2;
    }
}
