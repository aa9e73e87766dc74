//! Going to the next of something, or to the one before, by two keys: `f` or `F`, and a letter for what
//! it is. And bookmarks: `m` and a letter sets one, `'` and the letter goes there.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use weir::replay::MarkKind;
use weir::trace::{CheckpointEvent, Event, Recorded};

use super::app::App;
use super::keys::Prefix;
use super::landmarks::Landmarks;
use super::look::Role;
use super::pen::Pen;
use super::text;

/// What one can go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Record,
    Checkpoint,
    Barrier,
    Firing,
    Late,
    Fault,
    Violation,
    Match,
}

/// A row of the table of what one can go to, from which the footer and the help are made.
struct Way {
    target: Target,
    /// The key after `f` or `F`.
    key: char,
    /// What it is called, and where there is little room.
    words: [&'static str; 2],
    help: &'static str,
}

static WAYS: &[Way] = &[
    Way {
        target: Target::Record,
        key: 'r',
        words: ["record", "rec"],
        help: "an event of records: buffers, windows, state",
    },
    Way {
        target: Target::Checkpoint,
        key: 'c',
        words: ["checkpoint", "chk"],
        help: "a checkpoint that is complete",
    },
    Way {
        target: Target::Barrier,
        key: 'b',
        words: ["barrier", "bar"],
        help: "a barrier, sent or received",
    },
    Way { target: Target::Firing, key: 'w', words: ["window", "win"], help: "a window that fires" },
    Way {
        target: Target::Late,
        key: 'l',
        words: ["late record", "late"],
        help: "a record that comes too late for its windows",
    },
    Way {
        target: Target::Fault,
        key: 'f',
        words: ["fault", "flt"],
        help: "a fault, as it strikes or is healed",
    },
    Way {
        target: Target::Violation,
        key: 'v',
        words: ["violation", "viol"],
        help: "where an invariant does not hold, and why",
    },
    Way {
        target: Target::Match,
        key: 'm',
        words: ["match", "mat"],
        help: "an event that the filter of the events keeps",
    },
];

/// The keys after `f` and `F`, with what they lead to.
pub(super) fn ways() -> impl Iterator<Item = (char, &'static str)> {
    WAYS.iter().map(|way| (way.key, way.help))
}

/// Where one can go, and how far one is in saying so.
#[derive(Debug)]
pub(super) struct Travel {
    pub landmarks: Landmarks,
    /// The first of two keys.
    pub pending: Option<Prefix>,
    /// What came of the last two keys, if that cannot be seen.
    pub said: Option<String>,
}

impl Travel {
    pub fn new(landmarks: Landmarks) -> Self {
        Self { landmarks, pending: None, said: None }
    }
}

/// What comes of two keys.
enum Came {
    /// One goes to a position.
    To(usize),
    /// One goes nowhere, and is told this.
    Said(String),
}

/// Does what two keys mean. Says where that leads, if it does.
pub(super) fn take_up(app: &mut App, prefix: Prefix, key: KeyEvent) -> Option<usize> {
    let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let KeyCode::Char(letter) = key.code else { return None };
    if !is_plain {
        return None;
    }
    let here = app.timeline.position();
    let came = match prefix {
        Prefix::Forward | Prefix::Back => {
            to_target(app, prefix, letter).map_or_else(Came::Said, Came::To)
        }
        Prefix::SetBookmark | Prefix::GoToBookmark if !letter.is_ascii_alphabetic() => {
            Came::Said("A bookmark is called by a letter from a to z.".to_owned())
        }
        Prefix::SetBookmark => {
            app.travel.landmarks.set_bookmark(letter.to_ascii_lowercase(), here);
            Came::Said(format!("Bookmark {letter} is here; '{letter} comes back to it."))
        }
        Prefix::GoToBookmark => match app.travel.landmarks.bookmark(letter.to_ascii_lowercase()) {
            Some(position) => Came::To(position),
            None => Came::Said(format!("There is no bookmark {letter}; m{letter} sets it.")),
        },
    };
    match came {
        Came::To(position) => Some(position),
        Came::Said(said) => {
            app.travel.said = Some(said);
            None
        }
    }
}

/// The position of the next target that a letter means, or of the one before, or why there is none.
fn to_target(app: &App, prefix: Prefix, letter: char) -> Result<usize, String> {
    let way = WAYS.iter().find(|way| way.key == letter).ok_or_else(|| {
        let keys: Vec<_> = WAYS.iter().map(|way| way.key.to_string()).collect();
        format!("Nothing is called {letter}; there are {}.", keys.join(", "))
    })?;
    let forward = prefix == Prefix::Forward;
    let to = match way.target {
        Target::Record => matching(app, forward, |recorded| recorded.sub > 0),
        Target::Checkpoint => among(app, forward, app.travel.landmarks.completed()),
        Target::Barrier => matching(app, forward, |recorded| is_barrier(&recorded.event)),
        Target::Firing => among(app, forward, app.travel.landmarks.fired()),
        Target::Late => among(app, forward, app.travel.landmarks.late()),
        Target::Fault => {
            let here = app.timeline.position();
            let faults = app.timeline.marks().iter().filter(|mark| mark.kind == MarkKind::Fault);
            let mut faults = faults.map(|mark| mark.position);
            match forward {
                true => faults.find(|position| *position > here),
                false => faults.rfind(|position| *position < here),
            }
        }
        Target::Violation => {
            let here = app.timeline.position();
            let mut all = app.travel.landmarks.violations().iter().map(|it| it.position);
            if all.len() == 0 {
                return Err(match app.timeline.ended() {
                    Some("completed") => "Every invariant holds in this run.".to_owned(),
                    Some(why) => format!("Every invariant holds, until the run ended: {why}."),
                    None => "Every invariant holds so far.".to_owned(),
                });
            }
            match forward {
                true => all.find(|position| *position > here),
                false => all.rfind(|position| *position < here),
            }
        }
        Target::Match => {
            let Some((before, after)) = app.events.kept_around(&app.timeline) else {
                return Err("The events have no filter; / on their screen sets one.".to_owned());
            };
            if forward { after } else { before }
        }
    };
    to.ok_or_else(|| {
        let side = match (forward, app.is_growing()) {
            (true, false) => "after this",
            (true, true) => "after this, as far as the run is known",
            (false, _) => "before this",
        };
        format!("There is no {} {side}.", way.words[0])
    })
}

fn matching(app: &App, forward: bool, is_one: impl Fn(&Recorded) -> bool) -> Option<usize> {
    match forward {
        true => app.timeline.next_matching(is_one),
        false => app.timeline.previous_matching(is_one),
    }
}

fn is_barrier(event: &Event) -> bool {
    matches!(
        event,
        Event::Checkpoint(
            CheckpointEvent::BarrierSent { .. } | CheckpointEvent::BarrierReceived { .. }
        )
    )
}

/// The next of some positions, or the one before.
fn among(app: &App, forward: bool, positions: &[usize]) -> Option<usize> {
    let here = app.timeline.position();
    match forward {
        true => positions.get(positions.partition_point(|position| *position <= here)),
        false => positions[..positions.partition_point(|position| *position < here)].last(),
    }
    .copied()
}

/// Why an invariant does not hold, where one is if one does not there.
pub(super) fn violation_here(app: &App) -> Option<String> {
    let here = app.timeline.position();
    let violations = app.travel.landmarks.violations().iter();
    let texts: Vec<&str> =
        violations.filter(|it| it.position == here).map(|it| it.text.as_str()).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// Draws in the footer's place what the second key can be.
pub(super) fn draw_keys(prefix: Prefix, pen: &mut Pen<'_>) {
    let (long, short) = match prefix {
        Prefix::Forward => ("on to", "f"),
        Prefix::Back => ("back to", "F"),
        Prefix::SetBookmark => ("a letter sets a bookmark here", ""),
        Prefix::GoToBookmark => ("the letter of a bookmark goes there", ""),
    };
    let ways: &[Way] = match prefix {
        Prefix::Forward | Prefix::Back => WAYS,
        Prefix::SetBookmark | Prefix::GoToBookmark => &[],
    };
    let columns = |head: &str, word: usize| -> usize {
        let words = ways.iter().map(|way| text::width(way.words[word]) + 4);
        1 + text::width(head) + 2 + words.sum::<usize>()
    };
    let forms = [(long, 0), (long, 1), (short, 1)];
    let fits = |(head, word): &(&str, usize)| columns(head, *word) <= pen.width();
    let (head, word) = forms.into_iter().find(fits).unwrap_or((short, 1));
    let mut x = pen.put(1, 0, head, Role::Dim) + 2;
    for way in ways {
        x = pen.put(x, 0, &way.key.to_string(), Role::Strong) + 1;
        x = pen.put(x, 0, way.words[word], Role::Dim) + 2;
    }
}

/// Draws in the footer's place what came of two keys.
pub(super) fn draw_said(said: &str, pen: &mut Pen<'_>) {
    let said = pen.look.fit(&pen.look.show(said), pen.width().saturating_sub(1));
    pen.put(1, 0, &said, Role::Note);
}
