//! `[[note]]`: what is said, and when.

use std::sync::Arc;

use super::{tables, when};
use crate::scenario::document::Node;
use crate::scenario::error::ScenarioError;
use crate::scenario::reader::{Reader, some_text};
use crate::scenario::source::Source;
use crate::sim::NoteOptions;

pub(in crate::scenario) fn read(
    source: &Arc<Source>,
    node: Option<&Node>,
    nodes: &[String],
) -> Result<Vec<NoteOptions>, ScenarioError> {
    let keys: Vec<&str> = when::KEYS.into_iter().chain(["text"]).collect();
    let mut notes = Vec::new();
    for table in tables(source, "note", node)? {
        let reader = Reader::new(source, "[[note]]", table, &keys)?;
        let when = when::read(&reader, nodes)?;
        let text = reader.required("text", "\"what to see\"", some_text)?.value;
        notes.push(NoteOptions { when, text });
    }
    Ok(notes)
}
