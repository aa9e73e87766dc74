//! An event as one flat JSON object.
//!
//! First the envelope (`step`, `sub` for record events, `t_us`, `t_ns` for what is beyond a
//! whole microsecond, `node` by name, `life` unless it is 0, `area`, `kind`), then the
//! fields of the event; fields without a value are left out. The other direction loses nothing.

use serde_json::{Map, Value};

use super::kinds::{KindInfo, kinds, suggestion};
use super::{Event, Header, Recorded};
use crate::base::{Incarnation, SimTime, Step};

/// The fields of every event, and what they mean.
pub const ENVELOPE: [(&str, &str); 8] = [
    ("step", "the number of this control event, or of the one that a record event follows"),
    ("sub", "the place of a record event after its step, from 1"),
    ("t_us", "when it happened, in microseconds of simulated time"),
    ("t_ns", "nanoseconds beyond `t_us`, if any"),
    ("node", "the name of the node on which it happened"),
    ("life", "which life of that node it was, unless life 0"),
    ("area", "the area of the kind"),
    ("kind", "what happened"),
];

impl Event {
    /// An event of a trace as a flat JSON object.
    pub fn to_json(recorded: &Recorded, header: &Header) -> Map<String, Value> {
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("step", recorded.step.0.into());
        if recorded.sub > 0 {
            put("sub", recorded.sub.into());
        }
        put("t_us", recorded.at.as_micros().into());
        if !recorded.at.0.is_multiple_of(1_000) {
            put("t_ns", (recorded.at.0 % 1_000).into());
        }
        put("node", header.node_name(recorded.node).into());
        if recorded.incarnation != Incarnation::default() {
            put("life", recorded.incarnation.0.into());
        }
        put("area", recorded.event.area().into());
        put("kind", recorded.event.kind().into());
        object.extend(recorded.event.fields());
        object
    }

    /// The event's own fields, those without a value left out.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let value = serde_json::to_value(self).expect("an event is plain data");
        let value = inner(inner(value));
        let Value::Object(mut fields) = value else { return Map::new() };
        fields.retain(|_, value| !value.is_null());
        fields
    }

    /// Reads an event of a trace from its JSON object; the error says what is wrong with it.
    pub fn from_json(object: Map<String, Value>, header: &Header) -> Result<Recorded, String> {
        let mut object = object;
        let (t_us, t_ns) =
            (number(&mut object, "t_us", None)?, number(&mut object, "t_ns", Some(0))?);
        if t_ns >= 1_000 {
            return Err("`t_ns` must be below 1000".into());
        }
        let at = t_us.checked_mul(1_000).and_then(|us| us.checked_add(t_ns));
        let node = word(&mut object, "node")?;
        let small = |name: &str, value: u64| {
            u32::try_from(value).map_err(|_| format!("`{name}` is too large"))
        };
        let step = Step(number(&mut object, "step", None)?);
        let sub = small("sub", number(&mut object, "sub", Some(0))?)?;
        let life = small("life", number(&mut object, "life", Some(0))?)?;
        let area = word(&mut object, "area")?;
        let kind = word(&mut object, "kind")?;
        Ok(Recorded {
            step,
            sub,
            at: SimTime(at.ok_or("`t_us` is too large")?),
            node: header.node(&node).ok_or_else(|| format!("the header names no node `{node}`"))?,
            incarnation: Incarnation(life),
            event: event(&area, &kind, object)?,
        })
    }
}

/// What an externally tagged variant holds.
fn inner(value: Value) -> Value {
    match value {
        Value::Object(map) => map.into_iter().next().map_or(Value::Null, |(_, inner)| inner),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => other,
    }
}

fn event(area: &str, kind: &str, fields: Map<String, Value>) -> Result<Event, String> {
    let info = known_kind(kind)?;
    if info.area != area {
        return Err(format!("`{kind}` is of area `{}`, not `{area}`", info.area));
    }
    if let Some(extra) = fields.keys().find(|name| !info.has(name)) {
        return Err(unknown_field(info, extra));
    }
    let body = if info.fields.is_empty() {
        Value::String(kind.to_owned())
    } else {
        Value::Object(Map::from_iter([(kind.to_owned(), Value::Object(fields))]))
    };
    let tagged = Value::Object(Map::from_iter([(area.to_owned(), body)]));
    serde_json::from_value(tagged).map_err(|error| format!("`{kind}`: {error}"))
}

/// The kind of that name, or what is wrong with the name.
pub(super) fn known_kind(kind: &str) -> Result<&'static KindInfo, String> {
    kinds().iter().find(|info| info.kind == kind).ok_or_else(|| {
        let hint = suggestion(kind, kinds().iter().map(|info| info.kind));
        format!("there is no event `{kind}`{hint}")
    })
}

/// What is wrong with a field that `info` does not have.
pub(super) fn unknown_field(info: &KindInfo, field: &str) -> String {
    let names = info.fields.iter().map(|field| field.name.as_str());
    let hint = suggestion(field, names.clone().chain(["node"]));
    let known: Vec<_> = names.chain(["node"]).collect();
    if hint.is_empty() {
        format!("`{}` has no field `{field}`; it has {}", info.kind, known.join(", "))
    } else {
        format!("`{}` has no field `{field}`{hint}", info.kind)
    }
}

fn number(
    object: &mut Map<String, Value>,
    name: &str,
    missing: Option<u64>,
) -> Result<u64, String> {
    match (object.shift_remove(name), missing) {
        (None, Some(missing)) => Ok(missing),
        (None, None) => Err(format!("`{name}` is missing")),
        (Some(value), _) => {
            value.as_u64().ok_or_else(|| format!("`{name}` must be a whole number, not {value}"))
        }
    }
}

fn word(object: &mut Map<String, Value>, name: &str) -> Result<String, String> {
    match object.shift_remove(name) {
        None => Err(format!("`{name}` is missing")),
        Some(Value::String(text)) => Ok(text),
        Some(
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_)),
        ) => Err(format!("`{name}` must be text, not {other}")),
    }
}
