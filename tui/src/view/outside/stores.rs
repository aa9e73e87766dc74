//! The database with what it answers, and durable storage.

use weir::replay::{Answer, World};

use super::super::look::{Look, Role};
use super::super::sections::{Line, Section, and_more, shown};
use super::super::text;
use super::MANY;

pub(super) fn tables(world: &World, look: Look) -> Section {
    let database = &world.database;
    let (committed, rolled_back) = (database.committed, database.rolled_back);
    let mut section = Section::new(format!(
        "database: {} prepared, {committed} committed, {rolled_back} rolled back",
        database.prepared.len()
    ));
    for (name, table) in database.tables.iter().take(MANY) {
        let name = look.pad(&shown(look, name), 22);
        let line = Line::of(name, Role::Plain)
            .and(format!(" {:>9}", text::count(table.changes)), Role::Strong)
            .and(format!(" changes in {} transactions", table.transactions), Role::Dim);
        section.add(line);
    }
    for (name, prepared) in database.prepared.iter().take(MANY) {
        let sign = if look.ascii { "p" } else { "◐" };
        let line = Line::of(format!("  {sign} "), Role::Checkpoint)
            .and(look.pad(&shown(look, name), 24), Role::Plain)
            .and(format!(" {} rows prepared for ", prepared.rows), Role::Dim)
            .and(shown(look, &prepared.table), Role::Plain)
            .and(format!(" since {}", prepared.since), Role::Dim);
        section.add(line);
    }
    if let Some(more) = and_more(database.prepared.len(), MANY, look) {
        section.add(more);
    }
    if database.marked > 0 {
        let said = format!("{} transactions marked as written", database.marked);
        section.add(Line::of(said, Role::Dim));
    }
    if let Some(refusal) = &database.refusal {
        let cause = shown(look, &refusal.cause);
        let said = format!("{} refused, the last at {}: {cause}", database.refused, refusal.at);
        section.add(Line::of(said, Role::Failed));
    }
    if database.recovered > 0 {
        let said = format!("read its redo log again {} times", database.recovered);
        section.add(Line::of(said, Role::Dim));
    }
    section
}

/// A sign, a word and a colour for an answer.
fn verdict(answer: &Answer, look: Look) -> (&'static str, &'static str, Role) {
    let (unicode, ascii, word, role) = match answer.is_right() {
        None => ("·", ".", "", Role::Plain),
        Some(true) => ("✓", "+", "right", Role::Done),
        Some(false) => ("✗", "!", "WRONG", Role::Failed),
    };
    (if look.ascii { ascii } else { unicode }, word, role)
}

pub(super) fn answers(world: &World, look: Look) -> Section {
    let queries = &world.database.queries;
    let wrong: u64 = queries.values().map(|answer| answer.wrong).fold(0, u64::saturating_add);
    let mut section = Section::new(match wrong {
        0 => "queries and their last answers".to_owned(),
        wrong => format!("queries and their last answers: {wrong} were wrong"),
    });
    for (name, answer) in queries.iter().take(MANY) {
        let (sign, word, role) = verdict(answer, look);
        let fields = |fields: &[String]| {
            // What cannot be seen need not be made ready to be shown.
            shown(look, &fields.iter().take(20).cloned().collect::<Vec<_>>().join(", "))
        };
        let name = look.pad(&shown(look, name), 20);
        let line = Line::of(format!("{sign} "), role).and(name, Role::Plain);
        let line = line.and(format!(" {}", fields(&answer.answer)), Role::Strong);
        let line = if word.is_empty() { line } else { line.and(format!("  {word}"), role) };
        let line = match answer.is_right() {
            Some(false) => line.and(format!(", must be {}", fields(&answer.expected)), role),
            Some(true) | None => line,
        };
        let times = match answer.wrong {
            0 => format!("  asked {}x", answer.asked),
            wrong => format!("  asked {}x, {wrong} wrong", answer.asked),
        };
        section.add(line.and(times, Role::Dim));
    }
    if let Some(more) = and_more(queries.len(), MANY, look) {
        section.add(more);
    }
    section
}

/// The end of a path, which is what tells one from another.
fn file_name(path: &str) -> &str {
    path.strip_prefix("files/").unwrap_or(path)
}

pub(super) fn files(world: &World, look: Look) -> Section {
    /// Of those that are finished.
    const LAST: usize = 4;
    let files = &world.files;
    let mut section = Section::new("files in durable storage");
    if files.count() > 0 {
        let all = format!("{} files, {}", files.count(), text::bytes(files.bytes()));
        section.add(Line::of(all, Role::Plain));
    }
    let pending: Vec<_> = files.pending().collect();
    for (path, bytes) in pending.iter().take(MANY) {
        let sign = if look.ascii { "p" } else { "◐" };
        let line = Line::of(format!("  {sign} "), Role::Checkpoint)
            .and(shown(look, file_name(path)), Role::Plain)
            .and(format!("  {} pending", text::bytes(*bytes)), Role::Dim);
        section.add(line);
    }
    if let Some(more) = and_more(pending.len(), MANY, look) {
        section.add(more);
    }
    for part in files.finished().rev().take(LAST) {
        let sign = if look.ascii { "*" } else { "●" };
        let bytes = part.bytes.map_or(String::new(), |bytes| format!(" {}", text::bytes(bytes)));
        let line = Line::of(format!("  {sign} "), Role::Done)
            .and(shown(look, file_name(&part.path)), Role::Plain)
            .and(format!(" {bytes} finished {}", part.at), Role::Dim);
        section.add(line);
    }
    let older = files.published.saturating_sub(LAST as u64);
    if older > 0 {
        section.add(Line::of(format!("{} {older} finished before", look.glyphs().more), Role::Dim));
    }
    if let Some(refusal) = &files.refusal {
        let said = format!("{} {}", refusal.path, refusal.cause);
        let said = format!("{} refused, the last: {}", files.refused, shown(look, &said));
        section.add(Line::of(said, Role::Failed));
    }
    section
}
