//! What the help says: keys, and what the signs mean.

use weir::trace::ExecutionState as State;

use super::graph::Doing;
use super::keymap::Keymap;
use super::landmarks::Sign;
use super::look::{Look, Role};
use super::{scrub, travel};

/// The lines, not yet broken.
pub(super) fn lines(keys: &Keymap, look: Look) -> Vec<(String, Role)> {
    let bound = keys.rows().filter(|row| !row.label.is_empty());
    let line = |label: &str, help: &str| format!("{:<9} {help}", look.show(label));
    let mut lines: Vec<(String, Role)> =
        bound.map(|row| (line(&row.label, row.binding.help), Role::Plain)).collect();
    lines.push((String::new(), Role::Plain));
    lines.push(("After f, on to the next, or F, back to the one before".to_owned(), Role::Strong));
    lines.extend(travel::ways().map(|(key, help)| (format!("{key:<9} {help}"), Role::Plain)));
    lines.push((String::new(), Role::Plain));
    lines.extend(bar(look));
    lines.push((String::new(), Role::Plain));
    lines.push(("A click on the bar goes there; the wheel scrolls.".to_owned(), Role::Plain));
    lines.push((String::new(), Role::Plain));
    lines.push(("Subtasks".to_owned(), Role::Strong));
    let states = [
        (State::Created, "created"),
        (State::Scheduled, "scheduled: waits for a slot"),
        (State::Deploying, "deploying: on its way to its TaskManager"),
        (State::Initializing, "initializing: operators are being set up"),
        (State::Running, "running"),
        (State::Finished, "finished"),
        (State::Canceling, "canceling"),
        (State::Canceled, "canceled"),
        (State::Failed, "failed"),
    ];
    for (state, meaning) in states {
        let (symbol, role) = look.state(state);
        lines.push((format!("{symbol}  {meaning}"), role));
    }
    let glyphs = look.glyphs();
    lines.push((format!("{}   back-pressured: its output waits", glyphs.pressure), Role::Pressure));
    let doings = [
        (Doing::Aligning, "aligns: channels with barrier 3 wait for the others"),
        (Doing::Storing, "stores its snapshot of checkpoint 3"),
        (Doing::Paused, "a source that stands still until checkpoint 3 is over"),
    ];
    for (doing, meaning) in doings {
        lines.push((format!("{}3 {meaning}", doing.sign(look)), Role::Checkpoint));
    }
    lines.push((format!("12{}34  records in and out", glyphs.from_to), Role::Plain));
    lines.push((String::new(), Role::Plain));
    lines.push((
        "Channels, from subtask to subtask, the oldest on the right".to_owned(),
        Role::Strong,
    ));
    lines.push((format!("{}12  a buffer of 12 records", glyphs.records), Role::Data));
    lines.push((format!("{}    end of input", glyphs.end), Role::End));
    lines.push((
        format!("{}    a watermark, with its time if there is room", glyphs.up_to),
        Role::Time,
    ));
    lines.push((
        "idle  nobody need wait for the channel; `active`: again".to_owned(),
        Role::Waiting,
    ));
    lines.push((format!("{}3   the barrier of checkpoint 3", glyphs.barrier), Role::Checkpoint));
    lines.push((
        format!(
            "{}    at its end: nothing is read of it until all barriers are there",
            glyphs.pause
        ),
        Role::Checkpoint,
    ));
    lines.push(("2/4  two of four buffers on their way; 4 is the credit".to_owned(), Role::Plain));
    lines.push((String::new(), Role::Plain));
    lines.push(("Event time of a subtask, where the job has it".to_owned(), Role::Strong));
    let up_to = glyphs.up_to;
    lines.push((
        format!("{up_to}10:00  its watermark: it expects nothing of 10:00 or before"),
        Role::Time,
    ));
    lines.push(("<10:00  the same of before 10:00: one millisecond less".to_owned(), Role::Time));
    lines.push(("idle    nobody waits for it".to_owned(), Role::Waiting));
    lines.push(("2 late  records that came too late for their windows".to_owned(), Role::Pressure));
    lines.push(("3w      open windows".to_owned(), Role::Data));
    let paused = format!("{}2      splits paused for being too far ahead", glyphs.pause);
    lines.push((paused, Role::Waiting));
    lines.extend(space_time(look));
    lines.push((String::new(), Role::Plain));
    lines.push(("What has changed in keyed state".to_owned(), Role::Strong));
    lines.push((format!("{}  by this very event", glyphs.cursor), Role::Note));
    lines.push(("*  since the last control event".to_owned(), Role::Note));
    lines.push((
        "-  gone since then: cleared, expired, merged; taken back, fired".to_owned(),
        Role::Note,
    ));
    lines
}

/// What the signs on the bar of time mean.
fn bar(look: Look) -> Vec<(String, Role)> {
    let signs = [
        (Sign::Completed, "a checkpoint that is complete"),
        (Sign::Note, "a note"),
        (Sign::Fault, "a fault"),
        (Sign::Failure, "a failure"),
        (Sign::Violation, "an invariant that does not hold"),
    ];
    let lines = signs.map(|(sign, meaning)| {
        let (glyph, role) = scrub::glyph(look, sign);
        (format!("{glyph}  {meaning}"), role)
    });
    let head = ("The bar: where several are, the last of these shows".to_owned(), Role::Strong);
    let letters = ("a  the bookmark of that letter".to_owned(), Role::Plain);
    std::iter::once(head).chain(lines).chain([letters]).collect()
}

/// What the signs in the diagram of space and time mean.
fn space_time(look: Look) -> Vec<(String, Role)> {
    let (arrow, cut, flies, pause) =
        if look.ascii { (">", "=#", "%", ":") } else { ("→", "═╪", "≈", "⋮") };
    let lines = [
        (
            format!("2{arrow}   a barrier of checkpoint 2; t2 a2 c2 calls about it"),
            Role::Checkpoint,
        ),
        (format!("{}7{arrow}  the seventh buffer of a channel", look.glyphs().records), Role::Data),
        (format!("{cut}   the cut: where each lane has its snapshot"), Role::Checkpoint),
        (format!("{flies}    sent before the cut and received after it: in flight"), Role::Data),
        ("!    sent after the cut and received before it: wrong".to_owned(), Role::Failed),
        (format!("{pause} 8ms  a while in which nothing is shown"), Role::Dim),
    ];
    let head = [
        (String::new(), Role::Plain),
        ("Space and time: arrows between lanes".to_owned(), Role::Strong),
    ];
    head.into_iter().chain(lines).collect()
}
