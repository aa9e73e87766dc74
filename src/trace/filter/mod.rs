//! Filters: which events to show, as a person writes it.
//!
//! `kind = buffer-sent and (to ~ count or records > 100) and not node = taskmanager-2`
//!
//! A comparison is a JSON field name, one of `=`, `!=`, `<`, `>`, `~` (contains), and a value;
//! `and`, `or`, `not` and parentheses join them, `not` before `and` before `or`. An event without
//! the field fits no comparison, also not `!=`. Of a list, one item must fit. Fields in
//! microseconds (`t_us`, `busy_us`) also take `1.2s`, `300ms`, `50us`.

mod lexer;
mod parser;

use std::cmp::Ordering;
use std::ops::Range;

use serde_json::Value;

use super::{Event, Header, Recorded, escape};

/// Why a text is not a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// What is wrong, and what may have been meant.
    pub message: String,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
}

impl FilterError {
    /// The message above the text, with the place marked.
    pub fn pointed(&self, text: &str) -> String {
        let before = text.get(..self.span.start).unwrap_or(text);
        let wrong = text.get(self.span.clone()).unwrap_or_default();
        let space = " ".repeat(escape(before).chars().count());
        let marks = "^".repeat(escape(wrong).chars().count().max(1));
        format!("{}\n  {}\n  {space}{marks}", self.message, escape(text))
    }
}

/// A filter over events.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Node);

/// A part of a filter. `All` and `Any` are flat, and the parser bounds the depth.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Compare(Comparison),
}

#[derive(Clone, Debug, PartialEq)]
struct Comparison {
    field: String,
    op: Op,
    /// As it was written, without quotes.
    text: String,
    /// As a number, if it is one; a time in microseconds.
    number: Option<Number>,
}

/// Whole numbers are told apart beyond what a float can.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    /// How a number of an event compares with this one.
    fn compare(self, is: &serde_json::Number) -> Option<Ordering> {
        match self {
            Self::Whole(wanted) => Some(is.as_i128()?.cmp(&wanted)),
            Self::Real(wanted) => is.as_f64()?.partial_cmp(&wanted),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Equal,
    NotEqual,
    Less,
    Greater,
    Contains,
}

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parser::parse(text).map(Self)
    }

    /// Whether an event fits.
    pub fn matches(&self, recorded: &Recorded, header: &Header) -> bool {
        let mut subject = Subject { recorded, header, fields: None };
        self.0.matches(&mut subject)
    }
}

/// An event, whose fields are turned into JSON only if a comparison asks for one of them.
struct Subject<'a> {
    recorded: &'a Recorded,
    header: &'a Header,
    fields: Option<serde_json::Map<String, Value>>,
}

impl Node {
    fn matches(&self, subject: &mut Subject<'_>) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(subject)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(subject)),
            Self::Not(node) => !node.matches(subject),
            Self::Compare(comparison) => comparison.matches(subject),
        }
    }
}

impl Comparison {
    fn matches(&self, subject: &mut Subject<'_>) -> bool {
        let (recorded, header) = (subject.recorded, subject.header);
        match self.field.as_str() {
            "kind" => self.fits_text(recorded.event.kind()),
            "area" => self.fits_text(recorded.event.area()),
            "node" => self.fits_text(&header.node_name(recorded.node)),
            "step" => self.fits(&recorded.step.0.into()),
            name => {
                let object = subject.fields.get_or_insert_with(|| Event::to_json(recorded, header));
                object.get(name).is_some_and(|value| self.fits(value))
            }
        }
    }

    fn fits(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.fits_text(text),
            Value::Number(number) => match (self.op, self.number) {
                (Op::Contains, _) | (_, None) => self.fits_text(&number.to_string()),
                (_, Some(wanted)) => wanted.compare(number).is_some_and(|order| match self.op {
                    Op::Equal => order.is_eq(),
                    Op::NotEqual => order.is_ne(),
                    Op::Less => order.is_lt(),
                    Op::Greater => order.is_gt(),
                    Op::Contains => false,
                }),
            },
            Value::Array(items) => items.iter().any(|item| self.fits(item)),
            Value::Null | Value::Bool(_) | Value::Object(_) => self.fits_text(&value.to_string()),
        }
    }

    fn fits_text(&self, is: &str) -> bool {
        let wanted = self.text.as_str();
        match self.op {
            Op::Equal => is == wanted,
            Op::NotEqual => is != wanted,
            Op::Less => is < wanted,
            Op::Greater => is > wanted,
            Op::Contains => is.contains(wanted),
        }
    }
}
