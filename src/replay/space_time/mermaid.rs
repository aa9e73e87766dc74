//! A diagram as a Mermaid sequence diagram.
//!
//! There an arrow has no duration, so that each stands where its message is received, or where it
//! is sent if it is not.

use std::fmt::Write;

use super::{Class, Happening, Message, Moment, SpaceTime};
use crate::graph::render::escape::printable;

/// A Mermaid sequence diagram. It ends with a line end.
pub fn to_mermaid(diagram: &SpaceTime) -> String {
    let mut out = String::from("sequenceDiagram\n");
    for (lane, known) in diagram.lanes.iter().enumerate() {
        let _ = writeln!(out, "  participant l{lane} as {}", escape(&known.name));
    }
    let mut lines: Vec<(Moment, String)> = Vec::new();
    for message in &diagram.messages {
        if let Some(when) = message.to.when.or(message.from.when) {
            lines.push((when, arrow(message)));
        }
    }
    let last = diagram.lanes.len().saturating_sub(1);
    for point in &diagram.points {
        let over = match point.lane {
            Some(lane) => format!("l{lane}"),
            None => format!("l0,l{last}"),
        };
        lines.push((point.when, format!("Note over {over}: {}", words(diagram, &point.what))));
    }
    // The sort is stable: what happens in one event keeps its order.
    lines.sort_by_key(|(when, _)| *when);
    for (_, line) in lines {
        let _ = writeln!(out, "  {line}");
    }
    out
}

fn words(diagram: &SpaceTime, what: &Happening) -> String {
    let words = escape(&what.words());
    match &diagram.cut {
        Some(cut) if *what == Happening::Snapshot(cut.checkpoint) => {
            format!("=== {words}: the cut ===")
        }
        Some(_) | None => words,
    }
}

fn arrow(message: &Message) -> String {
    let line = match (message.class, message.to.when) {
        (_, None) => "--x",
        (Some(Class::Crossing | Class::Inconsistent), Some(_)) => "-->>",
        (None | Some(Class::Before | Class::After | Class::Marker | Class::Unknown), Some(_)) => {
            "->>"
        }
    };
    let (from, to) = (message.from.lane, message.to.lane);
    let mut words = message.carries.words();
    match message.class {
        Some(Class::Inconsistent) => words += " (WRONG, from after the cut to before it)",
        Some(class @ (Class::Before | Class::After | Class::Crossing | Class::Marker)) => {
            let _ = write!(words, " ({})", class.words());
        }
        Some(Class::Unknown) | None => {}
    }
    format!("l{from}{line}l{to}: {words}")
}

/// Text within a line of a sequence diagram, where entities are written `#60;`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        if matches!(c, '"' | '#' | '&' | '<' | '>' | '`' | ';' | '\\' | '%' | ':' | '{' | '}') {
            let _ = write!(out, "#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    // A participant must be called something.
    if out.trim().is_empty() { "#32;".to_owned() } else { out }
}
