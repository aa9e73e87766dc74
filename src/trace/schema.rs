//! The JSON schema of a line of a JSON Lines trace, made from the types.

use serde_json::{Map, Value, json};

use super::json::ENVELOPE;
use super::jsonl::FirstLine;
use super::kinds::{KindInfo, kinds, schema};

/// The schema of a line: the first line, or an event of one of the kinds.
pub fn line_schema() -> Value {
    let mut first = schema::<FirstLine>().to_value();
    first["title"] = "first line".into();
    let mut choices = vec![first];
    choices.extend(kinds().iter().map(event_schema));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of a Weir trace in JSON Lines",
        "oneOf": choices,
    })
}

fn event_schema(kind: &KindInfo) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, about) in ENVELOPE {
        let (holds, always) = match name {
            "step" | "t_us" => (json!({ "type": "integer", "minimum": 0 }), true),
            "sub" => (json!({ "type": "integer", "minimum": 1 }), !is_control(kind)),
            "t_ns" => (json!({ "type": "integer", "minimum": 1, "maximum": 999 }), false),
            "life" => (json!({ "type": "integer", "minimum": 1 }), false),
            "area" => (json!({ "const": kind.area }), true),
            "kind" => (json!({ "const": kind.kind }), true),
            _ => (json!({ "type": "string" }), true),
        };
        if name == "sub" && is_control(kind) {
            continue;
        }
        let mut holds = holds;
        holds["description"] = about.into();
        properties.insert(name.into(), holds);
        if always {
            required.push(name.to_owned());
        }
    }
    for field in &kind.fields {
        properties.insert(field.name.clone(), field.schema.clone());
        if !field.optional {
            required.push(field.name.clone());
        }
    }
    json!({
        "title": kind.kind,
        "description": kind.about,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn is_control(kind: &KindInfo) -> bool {
    kind.level < super::Level::Records
}
