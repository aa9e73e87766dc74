//! When a fault strikes or a note is shown: `at`, `step`, or `when` with `nth`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::base::{SimTime, Step};
use crate::scenario::document::{Node, Table, Value};
use crate::scenario::error::{Problem, ScenarioError};
use crate::scenario::reader::{Reader, duration, node_name, whole};
use crate::scenario::shown::quoted;
use crate::scenario::suggest;
use crate::sim::When;
use crate::trace::{FieldType, KindInfo, Level, Pattern, kinds};

/// The keys that say when.
pub(super) const KEYS: [&str; 4] = ["when", "at", "step", "nth"];

const EXAMPLE: &str = "write at = \"1.2s\", step = 4711, or when = { event = \"job-status-changed\", to = \"RUNNING\" }";

/// Reads the keys that say when. Exactly one of `when`, `at` and `step` must be given.
pub(super) fn read(reader: &Reader<'_>, nodes: &[String]) -> Result<When, ScenarioError> {
    let mut given = ["when", "at", "step"].into_iter().filter(|key| reader.node(key).is_some());
    let (first, second) = (given.next(), given.next());
    if let Some(second) = second {
        let problem = Problem::new("only one of `when`, `at` and `step` can say when");
        return Err(problem.hint(EXAMPLE).locate(reader.source, reader.key_at(second)));
    }
    if first != Some("when") {
        reader.refuse("nth", "it counts the events that fit a `when`")?;
    }
    if let Some(after) = reader.get("at", duration)? {
        return Ok(When::At(SimTime::ZERO + after));
    }
    if let Some(step) = reader.get("step", whole(1..=u64::MAX >> 1))? {
        return Ok(When::Step(Step(step)));
    }
    let Some(pattern) = reader.located("when", |node| pattern(node, nodes))? else {
        let problem = Problem::new("nothing says when").hint(EXAMPLE);
        return Err(problem.locate(reader.source, reader.key_at("when")));
    };
    let (pattern, nth_within) = pattern.value;
    let nth = reader.get("nth", whole(NTH))?;
    if nth.is_some() && nth_within.is_some() {
        return Err(reader.wrong("nth", Problem::new("`nth` is given here and within `when`")));
    }
    let nth = nth.or(nth_within).unwrap_or(1);
    Ok(When::Event { pattern, nth: u32::try_from(nth).expect("its bounds fit") })
}

const NTH: std::ops::RangeInclusive<u64> = 1..=u32::MAX as u64;

fn pattern(node: &Node, nodes: &[String]) -> Result<(Pattern, Option<u64>), Problem> {
    let Value::Table(table) = &node.value else {
        return Err(
            Problem::new(format!("must be a table, not {}", node.value.kind())).hint(EXAMPLE)
        );
    };
    let kind = event_kind(table)?;
    let mut fields = BTreeMap::new();
    let mut nth = None;
    for (key, entry) in table {
        let place = |problem: Problem| {
            let message = format!("is wrong: `{key}` {}", problem.message);
            Problem { message, ..problem.at(entry.node.at.clone()) }
        };
        match key.as_str() {
            "event" => {}
            "nth" => nth = Some(whole(NTH)(&entry.node).map_err(place)?),
            "node" => {
                let name = node_name(nodes)(&entry.node).map_err(place)?;
                fields.insert(key.clone(), Json::String(name));
            }
            field => {
                let Some(known) = kind.fields.iter().find(|known| known.name == field) else {
                    let names = kind.fields.iter().map(|known| known.name.as_str());
                    let message =
                        format!("the event `{}` has no field {}", kind.kind, quoted(field));
                    return Err(Problem::new(format!("is wrong: {message}"))
                        .maybe_hint(suggest::hint(field, names.chain(["node", "nth"])))
                        .at(entry.key_at.clone()));
                };
                fields.insert(key.clone(), value(&entry.node, &known.holds).map_err(place)?);
            }
        }
    }
    Ok((Pattern { kind: kind.kind.to_owned(), fields }, nth))
}

fn event_kind(table: &Table) -> Result<&'static KindInfo, Problem> {
    let Some(entry) = table.get("event") else {
        return Err(Problem::new("names no `event`").hint(EXAMPLE));
    };
    let wrong =
        |message: String| Problem::new(format!("is wrong: {message}")).at(entry.node.at.clone());
    let Value::Text(name) = &entry.node.value else {
        return Err(wrong(format!("`event` must be a text, not {}", entry.node.value.kind())));
    };
    // Record events are made only at the level that keeps them; a run that waited for one would
    // differ from level to level.
    let names = || kinds().iter().filter(|kind| kind.level == Level::Control).map(|kind| kind.kind);
    match kinds().iter().find(|kind| kind.kind == name) {
        Some(kind) if kind.level == Level::Control => Ok(kind),
        Some(kind) => Err(wrong(format!("`{}` is not a control event", kind.kind))
            .hint("faults and notes wait for events that every run has, whatever it keeps")),
        None => {
            let hint = suggest::nearest(name, names()).map_or_else(
                || format!("events are {}", names().collect::<Vec<_>>().join(", ")),
                |name| format!("did you mean `{name}`?"),
            );
            Err(wrong(format!("there is no event {}", quoted(name))).hint(hint))
        }
    }
}

fn value(node: &Node, holds: &FieldType) -> Result<Json, Problem> {
    let must_be =
        |what: &str| Err(Problem::new(format!("must be {what}, not {}", node.value.kind())));
    match (&node.value, holds) {
        (Value::Text(text), FieldType::Text) => Ok(Json::from(text.as_str())),
        (Value::Integer(value), FieldType::Integer) => Ok(Json::from(*value)),
        (Value::Text(text), FieldType::OneOf(words)) if words.contains(text) => {
            Ok(Json::from(text.as_str()))
        }
        (Value::Text(text), FieldType::OneOf(words)) => {
            let words = words.iter().map(String::as_str);
            Err(Problem::new(format!("cannot be {}", quoted(text)))
                .maybe_hint(suggest::hint(text, words)))
        }
        (_, FieldType::Integer) => must_be("a whole number"),
        (_, FieldType::Text | FieldType::OneOf(_)) => must_be("a text"),
        (_, FieldType::List(_) | FieldType::Document) => {
            Err(Problem::new("is not one value, so nothing can wait for it"))
        }
    }
}
