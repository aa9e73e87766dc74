//! Reads tables of a document by a closed list of keys, with typed values.
//!
//! A [`Reader`] refuses unknown keys before it reads anything, so that a section cannot forget
//! to. What a value may be is said by small functions ([`text`], [`whole`], [`duration`] …) that
//! know nothing of places; the reader adds the place to whatever they complain of.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::document::{Entry, Node, Table, Value};
use super::error::{Problem, ScenarioError};
use super::shown::quoted;
use super::source::{At, Located, Source};
use super::{suggest, units};
use crate::base::SimDuration;

/// A table being read.
pub(super) struct Reader<'a> {
    pub source: &'a Arc<Source>,
    /// How errors call it: `[cluster]`, `a fault`.
    name: &'a str,
    at: &'a At,
    table: &'a Table,
}

impl<'a> Reader<'a> {
    /// Reads `node` as a table that has only `keys`.
    pub fn new(
        source: &'a Arc<Source>,
        name: &'a str,
        node: &'a Node,
        keys: &[&str],
    ) -> Result<Self, ScenarioError> {
        let Value::Table(table) = &node.value else {
            let problem =
                Problem::new(format!("{name} must be a table, not {}", node.value.kind()));
            return Err(problem.locate(source, &node.at));
        };
        for (key, entry) in table {
            if !keys.contains(&key.as_str()) {
                let problem = Problem::new(format!("unknown key {} in {name}", quoted(key)));
                return Err(problem
                    .maybe_hint(suggest::hint(key, keys.iter().copied()))
                    .locate(source, &entry.key_at));
            }
        }
        Ok(Self { source, name, at: &node.at, table })
    }

    /// The value of `key`, if it is given.
    pub fn node(&self, key: &str) -> Option<&'a Node> {
        self.table.get(key).map(|entry| &entry.node)
    }

    /// The place of `key`, or of the table if it is not given.
    pub fn key_at(&self, key: &str) -> &'a At {
        self.table.get(key).map_or(self.at, |entry| &entry.key_at)
    }

    /// What errors call `key`.
    fn called<'k>(&self, key: &'k str) -> &'k str {
        self.table.get(key).and_then(|entry| entry.called).unwrap_or(key)
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Entry)> {
        self.table.iter()
    }

    /// The value of `key` as `read` takes it.
    pub fn get<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Node) -> Result<T, Problem>,
    ) -> Result<Option<T>, ScenarioError> {
        Ok(self.located(key, read)?.map(|located| located.value))
    }

    /// The value of `key` and its place.
    pub fn located<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Node) -> Result<T, Problem>,
    ) -> Result<Option<Located<T>>, ScenarioError> {
        let Some(node) = self.node(key) else { return Ok(None) };
        let value = read(node).map_err(|mut problem| {
            problem.message = format!("`{}` {}", self.called(key), problem.message);
            problem.locate(self.source, &node.at)
        })?;
        Ok(Some(Located { value, at: node.at.clone() }))
    }

    /// The value of `key`, which must be given.
    pub fn required<T>(
        &self,
        key: &str,
        example: &str,
        read: impl FnOnce(&Node) -> Result<T, Problem>,
    ) -> Result<Located<T>, ScenarioError> {
        self.located(key, read)?.ok_or_else(|| {
            Problem::new(format!("{} needs a `{key}`", self.name))
                .hint(format!("write {key} = {example}"))
                .locate(self.source, self.at)
        })
    }

    /// The error that the entry `key` is wrong.
    pub fn wrong(&self, key: &str, problem: Problem) -> ScenarioError {
        let at = self.node(key).map_or(self.at, |node| &node.at);
        problem.locate(self.source, at)
    }

    /// Refuses `key` where it means nothing.
    pub fn refuse(&self, key: &str, because: &str) -> Result<(), ScenarioError> {
        match self.table.get(key) {
            None => Ok(()),
            Some(entry) => Err(Problem::new(format!("`{}` means nothing here", self.called(key)))
                .hint(because)
                .locate(self.source, &entry.key_at)),
        }
    }
}

fn expected<T>(what: &str, node: &Node, example: &str) -> Result<T, Problem> {
    Err(Problem::new(format!("must be {what}, not {}", node.value.kind()))
        .hint(format!("for example: {example}")))
}

/// A text.
pub(super) fn text(node: &Node) -> Result<String, Problem> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        _ => expected("a text", node, "\"text in quotes\""),
    }
}

/// A text that is not empty.
pub(super) fn some_text(node: &Node) -> Result<String, Problem> {
    let text = text(node)?;
    if text.trim().is_empty() {
        return Err(Problem::new("is empty"));
    }
    Ok(text)
}

/// A name of something: what may stand in file names and traces.
pub(super) fn name(node: &Node) -> Result<String, Problem> {
    let text = text(node)?;
    if is_name(&text) {
        return Ok(text);
    }
    Err(Problem::new(format!("{} is not a name", quoted(&text))).hint(
        "names have 1 to 64 letters, digits, `-`, `_` and `.`, and begin with a letter or digit",
    ))
}

/// Whether `text` is a name that is also a safe file name.
pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// A boolean.
pub(super) fn boolean(node: &Node) -> Result<bool, Problem> {
    match node.value {
        Value::Boolean(truth) => Ok(truth),
        _ => expected("true or false", node, "true"),
    }
}

/// A whole number, which may be negative.
pub(super) fn integer(node: &Node) -> Result<i64, Problem> {
    match node.value {
        Value::Integer(number) => Ok(number),
        _ => expected("a whole number", node, "1"),
    }
}

/// A whole number within bounds.
pub(super) fn whole(bounds: RangeInclusive<u64>) -> impl Fn(&Node) -> Result<u64, Problem> {
    move |node| {
        let (low, high) = (*bounds.start(), *bounds.end());
        let Value::Integer(number) = node.value else {
            return expected("a whole number", node, &low.max(1).to_string());
        };
        u64::try_from(number).ok().filter(|number| bounds.contains(number)).ok_or_else(|| {
            Problem::new(format!("is {number}")).hint(match low == high {
                true => format!("it must be {low} for now"),
                false => format!("it must be between {low} and {high}"),
            })
        })
    }
}

/// A share of transmissions: at least 0 and below 1.
pub(super) fn share(node: &Node) -> Result<f64, Problem> {
    match node.value {
        Value::Float(share) if (0.0..1.0).contains(&share) => Ok(share),
        Value::Integer(0) => Ok(0.0),
        Value::Float(_) | Value::Integer(_) => {
            Err(Problem::new("is not a share").hint("it must be at least 0.0 and below 1.0"))
        }
        _ => expected("a number", node, "0.05"),
    }
}

/// How many times as long something takes.
pub(super) fn factor(node: &Node) -> Result<f64, Problem> {
    let factor = match node.value {
        Value::Float(factor) => factor,
        Value::Integer(factor) => factor as f64,
        _ => return expected("a number", node, "10.0"),
    };
    if (1.0..=1e6).contains(&factor) {
        return Ok(factor);
    }
    Err(Problem::new("is out of bounds").hint("it must be between 1 and 1000000"))
}

/// A quantity with a unit.
fn with_unit<T>(
    node: &Node,
    example: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Problem> {
    match &node.value {
        Value::Text(text) => {
            parse(text).map_err(|message| Problem::new(format!("is wrong: {message}")))
        }
        Value::Integer(_) | Value::Float(_) => {
            Err(Problem::new("has no unit").hint(format!("write it as a text, such as {example}")))
        }
        _ => expected("a quantity with a unit", node, example),
    }
}

/// A span of time.
pub(super) fn duration(node: &Node) -> Result<SimDuration, Problem> {
    with_unit(node, "\"250ms\"", units::duration)
}

/// A span of time that is not zero.
pub(super) fn some_duration(node: &Node) -> Result<SimDuration, Problem> {
    let span = duration(node)?;
    if span.is_zero() {
        return Err(Problem::new("is zero").hint("it must be longer than nothing"));
    }
    Ok(span)
}

/// A span of time of at least a millisecond, or zero.
pub(super) fn millis_or_none(node: &Node) -> Result<SimDuration, Problem> {
    let span = duration(node)?;
    if !span.is_zero() && span < SimDuration::from_millis(1) {
        return Err(Problem::new("is too short").hint("it must be at least 1ms, or 0ms for never"));
    }
    Ok(span)
}

/// A span of time in either direction, in microseconds.
pub(super) fn signed_micros(node: &Node) -> Result<i64, Problem> {
    with_unit(node, "\"-250ms\"", units::signed_micros)
}

/// A range of spans of time.
pub(super) fn duration_range(node: &Node) -> Result<RangeInclusive<SimDuration>, Problem> {
    with_unit(node, "\"1ms..5ms\"", units::duration_range)
}

/// An amount of bytes.
pub(super) fn size(node: &Node) -> Result<u64, Problem> {
    with_unit(node, "\"64MB\"", units::size)
}

/// Bytes per second.
pub(super) fn rate(node: &Node) -> Result<u64, Problem> {
    with_unit(node, "\"10MB/s\"", units::rate)
}

/// Parts per million.
pub(super) fn parts_per_million(node: &Node) -> Result<i64, Problem> {
    with_unit(node, "\"200ppm\"", units::parts_per_million)
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(choices: &[(&str, T)]) -> impl Fn(&Node) -> Result<T, Problem> {
    move |node| {
        let word = text(node)?;
        choices.iter().find(|(name, _)| *name == word).map(|&(_, value)| value).ok_or_else(|| {
            Problem::new(format!("cannot be {}", quoted(&word)))
                .maybe_hint(suggest::hint(&word, choices.iter().map(|&(name, _)| name)))
        })
    }
}

/// One of the cluster's nodes.
pub(super) fn node_name(nodes: &[String]) -> impl Fn(&Node) -> Result<String, Problem> + Copy {
    move |node| {
        let word = text(node)?;
        if nodes.contains(&word) {
            return Ok(word);
        }
        let names = nodes.iter().map(String::as_str);
        Err(Problem::new(format!("names an unknown node {}", quoted(&word)))
            .maybe_hint(suggest::hint(&word, names)))
    }
}

/// A list whose elements `read` takes, or one element without brackets.
pub(super) fn list<T>(
    read: impl Fn(&Node) -> Result<T, Problem>,
) -> impl Fn(&Node) -> Result<Vec<T>, Problem> {
    move |node| match &node.value {
        Value::Array(elements) => {
            let element = |element: &Node| {
                read(element).map_err(|problem| match problem.at {
                    Some(_) => problem,
                    None => problem.at(element.at.clone()),
                })
            };
            elements.iter().map(element).collect()
        }
        _ => Ok(vec![read(node)?]),
    }
}
