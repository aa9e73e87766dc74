//! Six runs at their telling moments, six each. Some of what the screens show there is kept; of all
//! of it, in every size and every mode, it is checked that it keeps to its place.
//!
//! A moment is the next event that fits a filter, looked for from the moment before on. What a run
//! tells stays the same when the engine comes to take more or fewer steps to it, and a run that no
//! longer comes to it says which moment is missing.

use std::fmt::Write;
use std::sync::OnceLock;

use ratatui::buffer::Buffer;
use ratatui::style::Color;
use weir::replay::Timeline;
use weir::trace::{Filter, Level};
use weir_tui::view::{App, Options, Source, UiEvent, update};

use super::{buffer, is_safe, keys, recorded};

/// A run with what is worth seeing in it.
struct Telling {
    /// In the names of the snapshots.
    name: &'static str,
    scenario: &'static str,
    /// A name, the filter that its event fits, and the looks at it that are kept.
    moments: [(&'static str, &'static str, &'static str); 6],
}

static TELLINGS: [Telling; 6] =
    [ALIGNMENT, CRASH, UNALIGNED, TWO_PHASE_COMMIT, SESSIONS, BACK_PRESSURE];

/// `sum#2` has to wait for the barrier of the fast source, with the slow channel blocked meanwhile.
const ALIGNMENT: Telling = Telling {
    name: "alignment",
    scenario: "checkpoints/alignment",
    moments: [
        (
            "begins",
            "kind = checkpoint-triggered and checkpoint = 1",
            "checkpoints-80 cluster-120-ascii",
        ),
        (
            "leaves",
            "kind = barrier-sent and from = slow#1 and to = sum#2 and checkpoint = 1",
            "graph-120 time-80-no-colour",
        ),
        (
            "blocked",
            "kind = channel-blocked and from = slow#1 and to = sum#2 and checkpoint = 1",
            "graph-80 events-80-ascii",
        ),
        (
            "second",
            "kind = barrier-received and from = fast#1 and to = sum#2 and checkpoint = 1",
            "graph-200-no-colour checkpoints-80-ascii",
        ),
        (
            "stored",
            "kind = snapshot-stored and subtask = sum#2 and checkpoint = 1",
            "state-80 time-200",
        ),
        (
            "complete",
            "kind = checkpoint-completed and checkpoint = 1",
            "time-120 checkpoints-200-no-colour",
        ),
    ],
};

/// All have acknowledged checkpoint 3 when a TaskManager dies, so that it is complete and the job
/// goes back to it.
const CRASH: Telling = Telling {
    name: "crash",
    scenario: "checkpoints/crash-before-completion",
    moments: [
        ("begins", "kind = checkpoint-triggered and checkpoint = 3", "cluster-80 state-120-ascii"),
        ("killed", "kind = node-killed", "graph-80-ascii cluster-200"),
        (
            "complete",
            "kind = checkpoint-completed and checkpoint = 3",
            "checkpoints-120 cluster-80-no-colour",
        ),
        (
            "fails",
            "kind = job-status-changed and to = RESTARTING",
            "time-200-ascii checkpoints-120-no-colour cluster-120-no-colour",
        ),
        (
            "restored",
            "kind = state-restored and subtask = sum#2 and checkpoint = 3",
            "state-80-no-colour outside-120-ascii cluster-120",
        ),
        (
            "again",
            "kind = checkpoint-completed and checkpoint > 3",
            "time-120-no-colour checkpoints-200 events-120-no-colour",
        ),
    ],
};

/// Barriers overtake what `sum#2` cannot take in, and after a crash that comes first.
const UNALIGNED: Telling = Telling {
    name: "unaligned",
    scenario: "checkpoints/unaligned",
    moments: [
        ("pressed", "kind = back-pressured", "graph-80-no-colour events-80"),
        (
            "overtakes",
            "kind = barrier-sent and checkpoint = 2 and overtaken > 0",
            "graph-120-no-colour events-200",
        ),
        (
            "snapshot",
            "kind = snapshot-taken and subtask = sum#2 and checkpoint = 2",
            "time-80 checkpoints-120-ascii",
        ),
        (
            "collected",
            "kind = channel-state-collected and subtask = sum#2 and checkpoint = 2",
            "time-200-no-colour checkpoints-80-no-colour",
        ),
        (
            "complete",
            "kind = checkpoint-completed and checkpoint = 2",
            "time-80-ascii cluster-200-ascii",
        ),
        (
            "restored",
            "kind = state-restored and subtask = sum#2 and checkpoint = 2",
            "state-200 cluster-200-no-colour",
        ),
    ],
};

/// The first transactions of the sinks, until everybody sees what they hold.
const TWO_PHASE_COMMIT: Telling = Telling {
    name: "two-phase-commit",
    scenario: "transactions/two-phase-commit",
    moments: [
        ("begun", "kind = transaction-begun", "outside-80-ascii"),
        ("written", "kind = records-appended and topic = out", "outside-80"),
        (
            "pre-committed",
            "kind = transaction-pre-committed and checkpoint = 1",
            "time-120-ascii outside-120",
        ),
        (
            "complete",
            "kind = checkpoint-completed and checkpoint = 1",
            "checkpoints-200-ascii outside-120-no-colour",
        ),
        (
            "decided",
            "kind = transaction-decided and result = commit",
            "outside-200-no-colour events-120",
        ),
        ("visible", "kind = stable-offset-advanced and topic = out", "outside-200"),
    ],
};

/// The two visits of the one who takes so long to pay.
const SESSIONS: Telling = Telling {
    name: "sessions",
    scenario: "windows/click-sessions",
    moments: [
        ("opens", r#"kind = state-written and key = '"user-23"'"#, "state-120"),
        ("grows", r#"kind = window-merged and key = '"user-23"'"#, "state-120-no-colour"),
        (
            "second",
            r#"kind = window-created and key = '"user-23"'"#,
            "graph-200-ascii events-200-ascii",
        ),
        (
            "fires",
            r#"kind = window-fired and key = '"user-23"'"#,
            "state-80-ascii state-200-no-colour events-200-no-colour",
        ),
        ("visible", "kind = rows-visible and sink = sessions", "state-200-ascii"),
        ("ends", "kind = end-of-input-received", "outside-80-no-colour"),
    ],
};

/// One round of what goes on until the end: a credit comes back, is used up, and the source waits.
const BACK_PRESSURE: Telling = Telling {
    name: "back-pressure",
    scenario: "flow/back-pressure",
    moments: [
        (
            "running",
            "kind = execution-state-changed and subtask = numbers#1 and to = RUNNING",
            "cluster-80-ascii",
        ),
        ("granted", "kind = credit-added", "events-120-ascii"),
        ("spent", "kind = buffer-sent and credit = 0", "graph-120-ascii"),
        ("eased", "kind = back-pressure-eased", "events-80-no-colour"),
        ("pressed", "kind = back-pressured", "graph-200"),
        ("ends", "kind = end-of-input-sent", "outside-200-ascii"),
    ],
};

/// The screens with the keys that lead there.
const SCREENS: [(&str, &str); 7] = [
    ("graph", "1"),
    ("time", "2"),
    ("checkpoints", "3"),
    ("state", "4"),
    ("outside", "5"),
    ("cluster", "6"),
    ("events", "7"),
];

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
/// Columns in which two screens have room.
const SPLIT: u16 = 120;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Default,
    NoColour,
    Ascii,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Default, Self::NoColour, Self::Ascii];

    /// The end of a look's name.
    fn suffix(self) -> &'static str {
        match self {
            Self::Default => "",
            Self::NoColour => "-no-colour",
            Self::Ascii => "-ascii",
        }
    }

    fn options(self) -> Options {
        let (color, ascii) = (self != Self::NoColour, self == Self::Ascii);
        Options { color, ascii, ..Options::default() }
    }
}

/// A way to look at a moment. In the tables it stands with its name.
struct Look {
    name: String,
    key: &'static str,
    size: (u16, u16),
    mode: Mode,
}

/// All ways to look at a moment, alone on the terminal.
fn looks() -> impl Iterator<Item = Look> {
    SCREENS.into_iter().flat_map(|(screen, key)| {
        SIZES.into_iter().flat_map(move |size| {
            Mode::ALL.into_iter().map(move |mode| {
                let name = format!("{screen}-{}{}", size.0, mode.suffix());
                Look { name, key, size, mode }
            })
        })
    })
}

/// What came of a run.
struct Run {
    source: Source,
    /// Where its moments are, as one types it.
    places: [String; 6],
}

impl Run {
    /// Runs the scenario, unless a test of this process has done so already.
    fn of(index: usize) -> &'static Self {
        static RUNS: [OnceLock<Run>; 6] = [const { OnceLock::new() }; 6];
        RUNS[index].get_or_init(|| Self::new(&TELLINGS[index]))
    }

    fn new(telling: &Telling) -> Self {
        let (scenario, trace) = recorded(telling.scenario, Level::Records);
        let mut timeline = Timeline::new(trace.header().clone(), trace.iter());
        timeline.end_with(&trace.trailer().end);
        let places = telling.moments.map(|(moment, text, _)| {
            let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{moment}: {error}"));
            let fits = timeline.next_matching(|it| filter.matches(it, timeline.header()));
            let Some(position) = fits else {
                panic!("{} does not come to `{moment}`: {text}", telling.scenario)
            };
            timeline.seek_position(position);
            let at = timeline.current().expect("an event was found");
            format!("{}.{}", at.step.0, at.sub)
        });
        timeline.seek_position(0);
        let (title, teaches, about) = (scenario.title, scenario.teaches, scenario.about);
        Self { source: Source { title, teaches, about, timeline, grows: false }, places }
    }

    fn app(&self, mode: Mode, size: (u16, u16)) -> App {
        App::new(self.source.clone(), &mode.options(), size)
    }
}

/// Goes to a place as a person does, so that what has changed there is in sight.
fn go(app: &mut App, place: &str) {
    keys(app, &format!("g{place}\n"));
    let at = app.timeline().current().expect("something has happened there");
    assert_eq!(format!("{}.{}", at.step.0, at.sub), place);
}

/// Which text is in which colour, row by row.
fn colours(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut before = Color::Reset;
        let mut stretches: Vec<(Color, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            match stretches.last_mut() {
                Some((_, text)) if before == cell.fg && before != Color::Reset => {
                    text.push_str(cell.symbol());
                }
                _ if cell.fg == Color::Reset => {}
                _ => stretches.push((cell.fg, cell.symbol().to_owned())),
            }
            before = cell.fg;
        }
        stretches.retain(|(_, text)| !text.trim().is_empty());
        if !stretches.is_empty() {
            let _ = write!(out, "{y:>2}");
            for (color, text) in stretches {
                let _ = write!(out, "  {color} `{}`", text.trim_end());
            }
            out.push('\n');
        }
    }
    out
}

/// Looks at the moments of a run as its table says.
fn check(index: usize) {
    let (telling, run) = (&TELLINGS[index], Run::of(index));
    for ((moment, _, kept), place) in telling.moments.iter().zip(&run.places) {
        for kept in kept.split(' ') {
            let name = format!("telling-{}-{moment}-{kept}", telling.name);
            let Some(look) = looks().find(|look| look.name == kept) else {
                panic!("{name} is no look")
            };
            let mut app = run.app(look.mode, look.size);
            go(&mut app, place);
            keys(&mut app, look.key);
            let mut shown = is_safe(&app, &look.mode.options(), look.size, &name);
            if look.mode == Mode::Default {
                let colours = colours(&buffer(&app, look.size));
                assert!(!colours.is_empty(), "{name} has no colours");
                let _ = write!(shown, "\ncolours:\n{colours}");
            }
            insta::with_settings!({
                snapshot_path => "snapshots", prepend_module_to_snapshot => false
            }, {
                insta::assert_snapshot!(name, shown);
            });
        }
    }
}

#[test]
fn alignment() {
    check(0);
}

#[test]
fn crash_and_recover() {
    check(1);
}

#[test]
fn unaligned() {
    check(2);
}

#[test]
fn two_phase_commit() {
    check(3);
}

#[test]
fn session_windows() {
    check(4);
}

#[test]
fn back_pressure() {
    check(5);
}

/// No screen is left out in any size or mode, and no moment without a look.
#[test]
fn each_look_is_kept_once() {
    let moments = TELLINGS.iter().flat_map(|telling| &telling.moments);
    let mut kept: Vec<&str> = moments.flat_map(|(_, _, looks)| looks.split(' ')).collect();
    let mut all: Vec<String> = looks().map(|look| look.name).collect();
    kept.sort_unstable();
    all.sort_unstable();
    assert_eq!(kept, all);
}

/// All screens at all moments in a mode, alone and, where there is room, beside the one before.
fn frames(index: usize, mode: Mode) -> Vec<String> {
    let (telling, run, options) = (&TELLINGS[index], Run::of(index), mode.options());
    let mut app = run.app(mode, SIZES[0]);
    let mut frames = Vec::new();
    for ((moment, ..), place) in telling.moments.iter().zip(&run.places) {
        go(&mut app, place);
        for size in SIZES {
            update(&mut app, UiEvent::Resize(size.0, size.1));
            for (screen, key) in SCREENS {
                let name = format!("{}-{moment}-{screen}-{}", telling.name, size.0);
                let name = format!("in {name}{}", mode.suffix());
                keys(&mut app, key);
                frames.push(is_safe(&app, &options, size, &name));
                if size.0 >= SPLIT {
                    keys(&mut app, "|");
                    let split = is_safe(&app, &options, size, &format!("{name}, split"));
                    assert_ne!(frames.last(), Some(&split), "{name} is not split");
                    frames.push(split);
                    keys(&mut app, "|");
                }
            }
        }
    }
    frames
}

#[test]
fn every_combination_keeps_to_its_place() {
    for (index, telling) in TELLINGS.iter().enumerate() {
        let [default, no_colour, ascii] = Mode::ALL.map(|mode| frames(index, mode));
        // Six moments on seven screens in three sizes, in two of which there are splits.
        assert_eq!(default.len(), 6 * 7 * (3 + 2), "{}", telling.name);
        assert_eq!(ascii.len(), default.len());
        for (with, without) in default.iter().zip(&no_colour) {
            assert_eq!(with, without, "colour says something alone in {}", telling.name);
        }
    }
}
