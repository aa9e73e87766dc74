//! TOML with the places of its keys and values.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;

/// A key and its value, with their bytes in the text.
pub struct Entry<'a> {
    pub name: String,
    pub name_at: Range<usize>,
    value: Spanned<DeValue<'a>>,
}

/// The entries of a file, in order of the text.
pub fn document(text: &str) -> Result<Vec<Entry<'_>>, Problem> {
    let root = DeTable::parse(text).map_err(|error| {
        let at = error.span().unwrap_or(text.len()..text.len());
        let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
        let hint = match message.contains("duplicate") {
            true => "each name stands once",
            false => "this is not TOML: name = value, texts in quotes, tables in brackets",
        };
        Problem::new(at, message).hint(hint)
    })?;
    Ok(sorted(root.get_ref()))
}

/// The entries of a table, in order of the text. `name` is what an error calls it.
pub fn entries<'a>(entry: &Entry<'a>, name: &str) -> Result<Vec<Entry<'a>>, Problem> {
    match entry.value.get_ref() {
        DeValue::Table(table) => Ok(sorted(table)),
        _ => Err(Problem::new(entry.value.span(), format!("{name} must be a table"))
            .hint("write a line [keys], and below it lines such as play = [\"space\"]")),
    }
}

fn sorted<'a>(table: &DeTable<'a>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = table
        .iter()
        .map(|(name, value)| Entry {
            name: name.get_ref().clone().into_owned(),
            name_at: name.span(),
            value: value.clone(),
        })
        .collect();
    entries.sort_by_key(|entry| entry.name_at.start);
    entries
}

/// The value of an entry is not `what` it must be; something like `example` would be.
fn expected(entry: &Entry<'_>, what: &str, example: &str) -> Problem {
    let message = format!("`{}` must be {what}", entry.name);
    let hint = format!("for example: {} = {example}", entry.name);
    Problem::new(entry.value.span(), message).hint(hint)
}

/// A boolean.
pub fn boolean(entry: &Entry<'_>) -> Result<bool, Problem> {
    match entry.value.get_ref() {
        DeValue::Boolean(truth) => Ok(*truth),
        _ => Err(expected(entry, "true or false", "true")),
    }
}

/// A text, with its place.
pub fn text(entry: &Entry<'_>) -> Result<(String, Range<usize>), Problem> {
    match entry.value.get_ref() {
        DeValue::String(text) => Ok((text.clone().into_owned(), entry.value.span())),
        _ => Err(expected(entry, "a text", "\"dark\"")),
    }
}

/// A list of texts, or one without brackets, each with its place.
pub fn texts(entry: &Entry<'_>) -> Result<Vec<(String, Range<usize>)>, Problem> {
    let wrong = || expected(entry, "a list of keys", "[\"x\", \"F2\"]");
    match entry.value.get_ref() {
        DeValue::String(text) => Ok(vec![(text.clone().into_owned(), entry.value.span())]),
        DeValue::Array(elements) => elements
            .iter()
            .map(|element| match element.get_ref() {
                DeValue::String(text) => Ok((text.clone().into_owned(), element.span())),
                _ => Err(wrong()),
            })
            .collect(),
        _ => Err(wrong()),
    }
}
