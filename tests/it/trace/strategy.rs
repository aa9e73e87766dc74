//! Arbitrary events and runs, made from the schemas of the kinds, so that none is forgotten.

use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde_json::{Map, Value, json};
use weir::trace::{Event, KindInfo, kinds};

/// A value that fits a field's schema.
fn value(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(word) = schema.get("const") {
        return Just(word.clone()).boxed();
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return select(words.clone()).boxed();
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = schema.get(key).and_then(Value::as_array) {
            return Union::new(choices.iter().map(value)).boxed();
        }
    }
    match schema.get("type") {
        Some(Value::Array(types)) => {
            let one = |name: &Value| {
                let mut schema = schema.clone();
                schema["type"] = name.clone();
                value(&schema)
            };
            Union::new(types.iter().map(one)).boxed()
        }
        Some(Value::String(name)) => typed(name, schema),
        _ => document(),
    }
}

fn typed(name: &str, schema: &Value) -> BoxedStrategy<Value> {
    match name {
        "null" => Just(Value::Null).boxed(),
        "string" => any::<String>().prop_map(Value::from).boxed(),
        "integer" => match schema["format"].as_str() {
            Some("uint16") => any::<u16>().prop_map(Value::from).boxed(),
            Some("uint32") => any::<u32>().prop_map(Value::from).boxed(),
            Some("uint64") => any::<u64>().prop_map(Value::from).boxed(),
            Some("int64") => any::<i64>().prop_map(Value::from).boxed(),
            other => panic!("no values of format {other:?}"),
        },
        "array" => vec(value(&schema["items"]), 0..5).prop_map(Value::from).boxed(),
        "object" => fields(schema["properties"].as_object().expect("an object has properties")),
        other => panic!("no values of type {other}"),
    }
}

fn fields(properties: &Map<String, Value>) -> BoxedStrategy<Value> {
    let mut fields = Just(Map::new()).boxed();
    for (name, schema) in properties.clone() {
        let with = move |(mut fields, value): (Map<String, Value>, Value)| {
            fields.insert(name.clone(), value);
            fields
        };
        fields = (fields, value(&schema)).prop_map(with).boxed();
    }
    fields.prop_map(Value::Object).boxed()
}

fn document() -> BoxedStrategy<Value> {
    let texts = ["", "{\"a\":1}", "{ }", "\"text\"", "1e5", "[1.0,null]"].map(Value::from);
    let nested = json!({"name": "wörd", "vertices": [{"id": 0, "x": 0.5}, null, true]});
    prop_oneof![Just(nested), select(texts.to_vec()), any::<i64>().prop_map(Value::from)].boxed()
}

/// An event of this kind.
pub fn event_of(kind: &'static KindInfo) -> BoxedStrategy<Event> {
    let properties = kind.fields.iter().map(|field| (field.name.clone(), field.schema.clone()));
    let build = move |fields: Value| {
        let no_fields = kind.fields.is_empty();
        let body = if no_fields { json!(kind.kind) } else { json!({ kind.kind: fields }) };
        serde_json::from_value(json!({ kind.area: body })).expect("the fields fit the schema")
    };
    fields(&properties.collect()).prop_map(build).boxed()
}

/// An event of any kind.
pub fn arbitrary_event() -> impl Strategy<Value = Event> {
    Union::new(kinds().iter().map(event_of))
}

/// What a recorder is given: time since the last event, node, incarnation, event.
pub type Given = (u64, u16, u32, Event);

pub fn arbitrary_run(events: impl Into<SizeRange>) -> impl Strategy<Value = Vec<Given>> {
    vec((0..5_000_000_u64, 0..4_u16, 0..3_u32, arbitrary_event()), events)
}
