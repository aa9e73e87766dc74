//! An event as text.

use serde_json::Value;
use weir::base::Name;
use weir::trace::Recorded;

/// An event's columns, not yet safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its step, and its number below that if it is a record event.
    pub step: String,
    /// When it happened.
    pub at: String,
    /// Where.
    pub node: String,
    /// Which area of events it is of.
    pub area: String,
    /// What happened.
    pub text: String,
}

impl Line {
    pub fn new(recorded: &Recorded, nodes: &[Name]) -> Self {
        let node = nodes.get(usize::from(recorded.node.0));
        let step = match recorded.sub {
            0 => recorded.step.to_string(),
            sub => format!("{}.{sub}", recorded.step),
        };
        let (area, text) = describe(recorded);
        Self {
            step,
            at: recorded.at.to_string(),
            node: node.map_or_else(|| format!("node-{}", recorded.node), ToString::to_string),
            area,
            text,
        }
    }

    /// All columns in one.
    pub fn joined(&self) -> String {
        let Self { step, at, node, area, text } = self;
        format!("{step} {at} {node} {area} {text}")
    }
}

/// Area, kind and fields by their names in JSON Lines.
fn describe(recorded: &Recorded) -> (String, String) {
    let only = |value: &Value| -> (String, Value) {
        match value {
            Value::Object(map) => map
                .iter()
                .next()
                .map_or_else(Default::default, |(name, inner)| (name.clone(), inner.clone())),
            Value::String(name) => (name.clone(), Value::Null),
            other => (other.to_string(), Value::Null),
        }
    };
    let Ok(value) = serde_json::to_value(&recorded.event) else {
        return (String::new(), "(an event that JSON cannot hold)".to_owned());
    };
    let (area, inner) = only(&value);
    let (kind, fields) = only(&inner);
    let mut text = kind;
    if let Value::Object(fields) = fields {
        for (name, value) in &fields {
            match value {
                Value::Null => {}
                // A plan is worth a drawing, not a line.
                Value::Object(_) => {}
                Value::String(value) => text.push_str(&format!(" {name}={value}")),
                Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                    text.push_str(&format!(" {name}={value}"));
                }
            }
        }
    }
    (area, text)
}
