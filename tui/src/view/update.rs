//! What changes the model: the only place where it does.

use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use ratatui::crossterm::event::{KeyEvent, KeyEventKind};
use weir::trace::{Event, FaultEvent};

use super::about;
use super::app::{App, Awaited, UiEvent};
use super::changes::{next_change, previous_change};
use super::goal::Goal;
use super::graph::Aspect;
use super::keys::Action;
use super::mouse::on_mouse;
use super::overlay::Overlay;
use super::palette::{Palette, Wish};
use super::pop_up::on_overlay;
use super::prompt::{Prompt, Question, Typed};
use super::screens::{Pane, Screen};
use super::{draw, travel};

/// Whether the view goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    Stay,
    /// It does, and what is on the screen is to be written into files.
    Save,
    /// It ends.
    Quit,
}

/// Takes in what happened.
pub fn update(app: &mut App, event: UiEvent) -> Flow {
    match event {
        UiEvent::Key(key) => return on_key(app, key),
        UiEvent::Mouse(mouse) => on_mouse(app, mouse),
        UiEvent::Resize(width, height) => app.size = (width, height),
        UiEvent::Tick(passed) => on_tick(app, passed),
        UiEvent::More(events) => {
            app.timeline.extend(events);
            take_in(app);
        }
        UiEvent::CatchUp(most) => {
            app.timeline.catch_up(most);
            take_in(app);
        }
        UiEvent::Ended(ended) => {
            app.grows = false;
            match ended {
                Ok(why) => app.timeline.end_with(&why),
                Err(error) => app.overlay = Some(Overlay::Broken { text: error, top: 0 }),
            }
            take_in(app);
        }
        UiEvent::Saved(saved) => app.overlay = Some(Overlay::saved(saved)),
    }
    clamp(app);
    Flow::Stay
}

/// Takes in what is new of the run.
fn take_in(app: &mut App) {
    app.events.refilter(&app.timeline);
    app.travel.landmarks.extend(&app.timeline);
    let before = app.timeline.position();
    app.await_place();
    if app.timeline.position() != before {
        follow(app);
    }
}

fn on_key(app: &mut App, key: KeyEvent) -> Flow {
    if key.kind == KeyEventKind::Release {
        return Flow::Stay;
    }
    let ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    if let Some(mut prompt) = app.prompt.take_if(|_| !ctrl_c) {
        match prompt.key(key) {
            Typed::More => app.prompt = Some(prompt),
            Typed::Abandoned => {}
            Typed::Answer => answer(app, prompt),
        }
        clamp(app);
        return Flow::Stay;
    }
    if let Some(prefix) = app.travel.pending.take_if(|_| !ctrl_c) {
        if let Some(to) = travel::take_up(app, prefix, key) {
            go(app, to);
            if let Some(event) = to.checked_sub(1) {
                about::select(app, event);
            }
            if let Some(text) = travel::violation_here(app) {
                app.overlay = Some(Overlay::Violation { text, top: 0 });
            }
        }
        clamp(app);
        return Flow::Stay;
    }
    if let Some(mut palette) = app.palette.take_if(|_| !ctrl_c) {
        match palette.key(key, &app.keys, app.shown.current) {
            Wish::More => app.palette = Some(palette),
            Wish::Closed => {}
            Wish::GoTo(goal) => go_to(app, goal),
            Wish::Do { action, elsewhere } => {
                if let Some(screen) = elsewhere {
                    app.shown.turn_to(screen);
                }
                return perform(app, action);
            }
        }
        clamp(app);
        return Flow::Stay;
    }
    app.travel.said = None;
    // On most screens Enter has nothing else to do.
    if key.code == KeyCode::Enter
        && let Some(Overlay::Note { plays, .. }) = app.overlay
    {
        app.overlay = None;
        if plays {
            app.play.toggle();
        }
        return Flow::Stay;
    }
    match app.keys.action(key, app.shown.current) {
        Some(action) => perform(app, action),
        None => Flow::Stay,
    }
}

/// Does what a key or a command says.
fn perform(app: &mut App, action: Action) -> Flow {
    if action == Action::Quit {
        return Flow::Quit;
    }
    if action == Action::Export {
        app.overlay = None;
        return Flow::Save;
    }
    if !on_overlay(app, action) {
        act(app, action);
    }
    clamp(app);
    Flow::Stay
}

fn act(app: &mut App, action: Action) {
    let page = isize::try_from(app.size.1.saturating_sub(4)).unwrap_or(isize::MAX).max(2) - 1;
    let timeline = &app.timeline;
    match action {
        Action::StepForward => {
            let to = timeline.next_matching(|recorded| recorded.sub == 0);
            go(app, to.unwrap_or(usize::MAX));
        }
        Action::StepBack => {
            let to = timeline.previous_matching(|recorded| recorded.sub == 0);
            go(app, to.unwrap_or(0));
        }
        Action::ChangeForward => {
            let to = next_change(app);
            go(app, to.unwrap_or(usize::MAX));
        }
        Action::ChangeBack => {
            let to = previous_change(app);
            go(app, to.unwrap_or(0));
        }
        Action::MarkForward => {
            let here = timeline.position();
            let to = timeline.marks().iter().find(|mark| mark.position > here);
            let to = to.map_or(here, |mark| mark.position);
            go(app, to);
        }
        Action::MarkBack => {
            let here = timeline.position();
            let to = timeline.marks().iter().rfind(|mark| mark.position < here);
            let to = to.map_or(here, |mark| mark.position);
            go(app, to);
        }
        Action::Prefix(prefix) => app.travel.pending = Some(prefix),
        Action::Start => go(app, 0),
        Action::End => {
            go(app, usize::MAX);
            app.awaited = app.is_growing().then_some(Awaited::End);
        }
        Action::GoTo => app.prompt = Some(Prompt::new(Question::GoTo)),
        Action::Palette => app.palette = Some(Palette::new()),
        Action::Play => {
            // Playing from the end means playing again.
            if !app.play.on && !app.is_growing() && timeline.position() == timeline.len() {
                go(app, 0);
            }
            app.play.toggle();
        }
        Action::Faster => app.play.faster(),
        Action::Slower => app.play.slower(),
        Action::Show(screen) => app.shown.turn_to(screen),
        Action::NextScreen => app.shown.turn(1, app.size.0),
        Action::PreviousScreen => app.shown.turn(-1, app.size.0),
        Action::Split => app.shown.toggle_split(app.size.0),
        Action::Up | Action::Down => {
            let down = action == Action::Down;
            if app.shown.current == Screen::Checkpoints {
                choose_checkpoint(app, down);
            } else {
                scroll(app, app.shown.current, if down { 1 } else { -1 });
            }
        }
        Action::PageUp => scroll(app, app.shown.current, -page),
        Action::PageDown => scroll(app, app.shown.current, page),
        Action::ScrollLeft if app.shown.current == Screen::Time => {
            app.time.scroll_lanes(timeline, -1);
        }
        Action::ScrollRight if app.shown.current == Screen::Time => {
            app.time.scroll_lanes(timeline, 1);
        }
        Action::ScrollLeft => app.graph.scroll(-8, 0),
        Action::ScrollRight => app.graph.scroll(8, 0),
        Action::Detail => app.graph.next_detail(),
        Action::OtherJob if app.shown.current == Screen::Time => app.time.next_job(timeline),
        Action::OtherJob => app.graph.next_job(app.timeline.world()),
        Action::NextEventTime => app.graph.next_vertex(timeline, Aspect::EventTime),
        Action::PreviousEventTime => {
            app.graph.previous_vertex(timeline.world(), Aspect::EventTime);
        }
        Action::NextState => app.graph.next_vertex(timeline, Aspect::State),
        Action::PreviousState => app.graph.previous_vertex(timeline.world(), Aspect::State),
        Action::NextLanes => app.time.next_lanes(),
        Action::NextShown => app.time.next_shown(),
        Action::ZoomOut => app.time.zoom_out(),
        Action::ZoomIn => app.time.zoom_in(),
        Action::NextCheckpoint if app.shown.current == Screen::Time => {
            app.time.next_checkpoint(timeline);
        }
        Action::PreviousCheckpoint if app.shown.current == Screen::Time => {
            app.time.previous_checkpoint(timeline);
        }
        Action::NextCheckpoint if app.shown.current == Screen::Checkpoints => {
            choose_checkpoint(app, true);
        }
        Action::PreviousCheckpoint if app.shown.current == Screen::Checkpoints => {
            choose_checkpoint(app, false);
        }
        Action::NextCheckpoint => app.graph.next_checkpoint(timeline.world()),
        Action::PreviousCheckpoint => app.graph.previous_checkpoint(timeline.world()),
        Action::KeepState if app.shown.current == Screen::State => {
            let mut prompt = Prompt::new(Question::KeepState);
            prompt.text = app.state.kept().unwrap_or_default().to_owned();
            app.prompt = Some(prompt);
        }
        Action::Compare => app.prompt = Some(Prompt::new(Question::Compare)),
        Action::HideSame => app.state.toggle_same(),
        Action::Fold => {
            let world = timeline.world();
            app.state.fold(world, app.graph.job(world));
        }
        Action::FoldAll => {
            let world = timeline.world();
            app.state.fold_all(world, app.graph.job(world));
        }
        Action::KeepState => {
            if app.graph.shows_state(timeline.world()) {
                let mut prompt = Prompt::new(Question::KeepState);
                prompt.text = app.graph.kept().unwrap_or_default().to_owned();
                app.prompt = Some(prompt);
            }
        }
        Action::Filter => {
            let mut prompt = Prompt::new(Question::Filter);
            prompt.text = app.events.filter().unwrap_or_default().to_owned();
            app.prompt = Some(prompt);
        }
        Action::Jump => {
            let to = match app.shown.current {
                Screen::Time => app.time.selected(&app.timeline),
                Screen::Graph
                | Screen::Checkpoints
                | Screen::State
                | Screen::Outside
                | Screen::Cluster
                | Screen::Events => app.events.selected(&app.timeline),
            };
            if let Some(event) = to {
                go(app, event + 1);
                if app.shown.current == Screen::Events {
                    about::select(app, event);
                }
            }
        }
        Action::Inspect => {
            let event = match app.shown.current {
                Screen::Events => app.events.selected(timeline),
                Screen::Time => app.time.selected(timeline),
                Screen::Graph
                | Screen::Checkpoints
                | Screen::State
                | Screen::Outside
                | Screen::Cluster => timeline.position().checked_sub(1),
            };
            app.overlay = event.map(|event| Overlay::Event { event, top: 0 });
        }
        Action::NextTheme => app.look.theme = app.look.theme.next(),
        Action::UseTheme(theme) => app.look.theme = theme,
        Action::About => app.overlay = Some(Overlay::About { top: 0 }),
        Action::Help => app.overlay = Some(Overlay::Help { top: 0 }),
        Action::Close => {
            let left = match app.shown.current {
                Screen::Graph => app.graph.keep_all() || app.graph.leave(),
                Screen::Time => app.time.leave(),
                Screen::Checkpoints => app.checkpoints.follow(),
                Screen::State => app.state.leave(),
                Screen::Outside | Screen::Cluster | Screen::Events => false,
            };
            if !left && app.shown.current == Screen::Events {
                app.events.clear();
            }
        }
        Action::Export | Action::Quit => {}
    }
}

pub(super) fn scroll(app: &mut App, screen: Screen, by: isize) {
    // Whoever looks at something does not follow the end any more.
    app.awaited = app.awaited.filter(|awaited| *awaited != Awaited::End);
    match screen {
        Screen::Graph => app.graph.scroll(0, by),
        Screen::Checkpoints => app.checkpoints.scroll(by),
        Screen::State => app.state.select(by),
        Screen::Outside => app.outside.scroll(by),
        Screen::Cluster => app.cluster.scroll(by),
        Screen::Events => {
            app.events.select(&app.timeline, by);
            if let Some(event) = app.events.selected(&app.timeline) {
                about::select(app, event);
            }
        }
        Screen::Time => app.time.select(&app.timeline, by),
    }
}

/// Turns to the next older checkpoint, or to the next newer one.
fn choose_checkpoint(app: &mut App, older: bool) {
    if let Some((_, job)) = app.graph.job(app.timeline.world()) {
        app.checkpoints.choose(&job.checkpoints, older);
    }
}

/// Keeps what can be scrolled in its place on the screen.
fn clamp(app: &mut App) {
    for Pane { screen, area } in draw::panes(app) {
        let size = (usize::from(area.width), usize::from(area.height));
        let world = app.timeline.world();
        let judgement = &app.travel.landmarks.judgement;
        match screen {
            Screen::Graph => app.graph.clamp(&app.timeline, app.look, size),
            Screen::Checkpoints => app.checkpoints.clamp(app.graph.job(world), size),
            Screen::State => app.state.clamp(world, app.graph.job(world)),
            Screen::Outside => app.outside.clamp(&app.timeline, judgement, app.look, size),
            Screen::Cluster => app.cluster.clamp(world, app.look, size),
            Screen::Time | Screen::Events => {}
        }
    }
}

/// Goes to a position. A note that has its moment there pops up and ends the playing.
pub(super) fn go(app: &mut App, position: usize) {
    let before = app.timeline.position();
    app.timeline.seek_position(position);
    app.awaited = None;
    follow(app);
    if app.timeline.position() == before {
        return;
    }
    let Some(recorded) = app.timeline.current() else { return };
    if let Event::Fault(FaultEvent::NoteShown { text, .. }) = &recorded.event {
        let plays = std::mem::take(&mut app.play.on);
        app.overlay = Some(Overlay::Note { text: text.clone(), plays, top: 0 });
    }
}

/// Goes to a place, or towards it if the run has not come there yet.
fn go_to(app: &mut App, goal: Goal) {
    let position = goal.position(&app.timeline);
    go(app, position);
    if position == app.timeline.len() && app.is_growing() {
        app.awaited = Some(Awaited::Goal(goal));
    }
}

/// Has the screens look at the place one has come to.
fn follow(app: &mut App) {
    app.events.follow();
    app.graph.follow();
    app.state.follow();
    app.time.follow();
}

fn on_tick(app: &mut App, passed: std::time::Duration) {
    let asked = app.overlay.is_some() || app.prompt.is_some() || app.palette.is_some();
    if !app.play.on || asked {
        return;
    }
    for _ in 0..app.play.due(passed) {
        // A place that is waited for is not given up by playing on.
        let awaited = app.awaited;
        match next_change(app) {
            Some(position) => {
                go(app, position);
                app.awaited = awaited;
            }
            None => {
                go(app, usize::MAX);
                app.awaited = awaited;
                app.play.on = app.is_growing();
                break;
            }
        }
        if !app.play.on {
            break;
        }
    }
}

fn answer(app: &mut App, mut prompt: Prompt) {
    match prompt.question {
        Question::GoTo => match prompt.text.parse::<Goal>() {
            Ok(goal) => go_to(app, goal),
            Err(error) => {
                prompt.error = Some(error.to_string());
                app.prompt = Some(prompt);
            }
        },
        Question::KeepState if app.shown.current == Screen::State => app.state.keep(&prompt.text),
        Question::KeepState => app.graph.keep(&prompt.text),
        Question::Compare => {
            let job = app.graph.job(app.timeline.world()).map(|(id, _)| id);
            if let Err(error) = app.state.compare(&app.timeline, job, &prompt.text) {
                prompt.error = Some(error.to_string());
                app.prompt = Some(prompt);
            }
        }
        // The palette answers for itself.
        Question::Command => {}
        Question::Filter => {
            if let Err(error) = app.events.set_filter(&app.timeline, &prompt.text) {
                prompt.error = Some(error.message);
                app.prompt = Some(prompt);
            }
        }
    }
}
