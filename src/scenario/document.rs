//! A TOML document with the place of every key and value, and with `--set` flags laid over it.

use std::sync::Arc;

use indexmap::IndexMap;
use toml::de::{DeTable, DeValue};

use super::error::{Problem, ScenarioError};
use super::shown::quoted;
use super::source::{At, Source};

/// Larger files are not scenarios. A parsed document takes up to 300 times its text, so that this
/// also keeps a hostile file below 100 MB of memory.
pub const LARGEST: usize = 1 << 18;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub at: At,
    pub value: Value,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Datetime,
    Array(Vec<Node>),
    Table(Table),
}

/// A table's entries, in order of the text.
pub(super) type Table = IndexMap<String, Entry>;

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key_at: At,
    pub node: Node,
    /// What it is called where it stands, if that is not its key: a key of Flink's in `[config]`.
    pub called: Option<&'static str>,
}

impl Value {
    /// What it is, for an error.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number with a fraction",
            Self::Boolean(_) => "a boolean",
            Self::Datetime => "a date or time",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
        }
    }
}

/// Parses a scenario's text and lays its flags over it.
pub(super) fn parse(source: &Arc<Source>) -> Result<Node, ScenarioError> {
    if source.text.len() > LARGEST {
        let problem = Problem::new(format!(
            "the scenario has {} bytes; at most {LARGEST} are read",
            source.text.len()
        ));
        return Err(problem.hint("put data into a file of its own").locate(source, &At::File));
    }
    let mut root = parse_text(&source.text, &At::Text)
        .map_err(|problem| problem.locate(source, &At::Text(0..0)))?;
    for (flag, text) in source.flags.iter().enumerate() {
        let place = |span| At::Flag { flag, span };
        set(&mut root, text, &place)
            .map_err(|problem| problem.locate(source, &place(0..text.len())))?;
    }
    Ok(root)
}

fn set(root: &mut Node, text: &str, place: &Place<'_>) -> Result<(), Problem> {
    const EXAMPLE: &str = "write --set PATH=VALUE with a TOML value, such as --set cluster.slots=3 \
                           or --set 'network.latency=\"5ms\"'";
    if text.contains(['\n', '\r']) || text.len() > LARGEST {
        return Err(Problem::new("a --set flag is one short line").hint(EXAMPLE));
    }
    let flag = parse_text(text, place)
        .map_err(|problem| Problem { hint: Some(EXAMPLE.to_owned()), ..problem })?;
    let Value::Table(table) = &flag.value else { unreachable!("a document is a table") };
    if table.len() != 1 || text.trim_start().starts_with('[') {
        return Err(Problem::new("a --set flag sets one value").hint(EXAMPLE));
    }
    lay_over(root, flag)
}

/// Tables are merged, and a numeric key finds an element of an array, from 1; any other value
/// takes the place of what was there.
fn lay_over(below: &mut Node, above: Node) -> Result<(), Problem> {
    match (&mut below.value, above.value) {
        (Value::Table(old), Value::Table(new)) => {
            for (key, entry) in new {
                match old.get_mut(&key) {
                    Some(existing) => lay_over(&mut existing.node, entry.node)?,
                    None => {
                        old.insert(key, entry);
                    }
                }
            }
        }
        (Value::Array(old), Value::Table(new)) => {
            let count = old.len();
            for (key, entry) in new {
                let element =
                    key.parse::<usize>().ok().and_then(|n| old.get_mut(n.checked_sub(1)?));
                match element {
                    Some(element) => lay_over(element, entry.node)?,
                    None => {
                        return Err(Problem::new(format!("there is no element {}", quoted(&key)))
                            .hint(format!("elements are numbered; there are {count}, from 1"))
                            .at(entry.key_at));
                    }
                }
            }
        }
        (_, value) => *below = Node { at: above.at, value },
    }
    Ok(())
}

/// Turns bytes of the parsed text into a place.
type Place<'a> = dyn Fn(std::ops::Range<usize>) -> At + 'a;

fn parse_text(text: &str, place: &Place<'_>) -> Result<Node, Problem> {
    let root = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(text.len()..text.len());
        let message = error.message().lines().next().unwrap_or("not TOML").to_owned();
        let hint = if message.contains("recurs") {
            "scenarios are flat; nothing in them nests this deep"
        } else if message.contains("duplicate") {
            "each key stands once; sections that may be repeated are written [[like this]]"
        } else {
            "this is not TOML: key = value, sections in brackets, texts in quotes"
        };
        Problem::new(message).hint(hint).at(place(span))
    })?;
    Ok(Node { at: place(0..0), value: Value::Table(convert_table(root.into_inner(), place)?) })
}

fn convert_table(table: DeTable<'_>, place: &Place<'_>) -> Result<Table, Problem> {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table {
        let (key_span, span) = (key.span(), value.span());
        let node = Node {
            at: place(span.clone()),
            value: convert(value.into_inner(), place).map_err(|problem| match problem.at {
                Some(_) => problem,
                None => problem.at(place(span)),
            })?,
        };
        let key = key.into_inner().into_owned();
        entries.push((key_span.start, key, Entry { key_at: place(key_span), node, called: None }));
    }
    entries.sort_by_key(|&(start, ..)| start);
    Ok(entries.into_iter().map(|(_, key, entry)| (key, entry)).collect())
}

fn convert(value: DeValue<'_>, place: &Place<'_>) -> Result<Value, Problem> {
    Ok(match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => {
            Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).map_err(|_| {
                Problem::new("the number is too large").hint("whole numbers have 64 bits")
            })?)
        }
        DeValue::Float(number) => {
            Value::Float(number.as_str().parse().map_err(|_| Problem::new("this is not a number"))?)
        }
        DeValue::Boolean(truth) => Value::Boolean(truth),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(array) => {
            let mut nodes = Vec::with_capacity(array.len());
            for element in array {
                let span = element.span();
                let value =
                    convert(element.into_inner(), place).map_err(|problem| match problem.at {
                        Some(_) => problem,
                        None => problem.at(place(span.clone())),
                    })?;
                nodes.push(Node { at: place(span), value });
            }
            Value::Array(nodes)
        }
        DeValue::Table(table) => Value::Table(convert_table(table, place)?),
    })
}
