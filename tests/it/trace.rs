//! The trace: what is recorded comes back, in every form; what is damaged is refused.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use weir::base::{Incarnation, NodeId, Seed, SimTime, Step};
use weir::trace::{
    Event, Finished, Header, KindInfo, Level, Pattern, Recorded, Recorder, TraceError, TraceFile,
    kinds, render_line, write_jsonl,
};

fn header() -> Header {
    let nodes = ["client", "jobmanager-1", "taskmanager-1", "taskmanager-2"];
    Header::new("demo/word-count", "0123456789abcdef", Seed(7), nodes.map(Arc::from).to_vec())
}

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
            return proptest::strategy::Union::new(choices.iter().map(value)).boxed();
        }
    }
    match schema.get("type") {
        Some(Value::Array(types)) => {
            let one = |name: &Value| {
                let mut schema = schema.clone();
                schema["type"] = name.clone();
                value(&schema)
            };
            proptest::strategy::Union::new(types.iter().map(one)).boxed()
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
fn event_of(kind: &'static KindInfo) -> BoxedStrategy<Event> {
    let properties = kind.fields.iter().map(|field| (field.name.clone(), field.schema.clone()));
    let build = move |fields: Value| {
        let no_fields = kind.fields.is_empty();
        let body = if no_fields { json!(kind.kind) } else { json!({ kind.kind: fields }) };
        serde_json::from_value(json!({ kind.area: body })).expect("the fields fit the schema")
    };
    fields(&properties.collect()).prop_map(build).boxed()
}

/// An event of any kind.
fn arbitrary_event() -> impl Strategy<Value = Event> {
    proptest::strategy::Union::new(kinds().iter().map(event_of))
}

/// What a recorder is given: time since the last event, node, incarnation, event.
type Given = (u64, u16, u32, Event);

fn arbitrary_run(
    events: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Vec<Given>> {
    vec((0..5_000_000_u64, 0..4_u16, 0..3_u32, arbitrary_event()), events)
}

fn record(level: Level, run: &[Given]) -> (Finished, Vec<Recorded>) {
    let mut recorder = Recorder::new(header(), level);
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let observed = seen.clone();
    recorder.observe(Box::new(move |event| observed.borrow_mut().push(event.clone())));
    let mut at = 0;
    for (delta, node, incarnation, event) in run {
        at += delta;
        recorder.record(SimTime(at), NodeId(*node), Incarnation(*incarnation), event);
    }
    (recorder.finish("completed"), seen.take())
}

fn trace_of(level: Level, run: &[Given]) -> TraceFile {
    let bytes = record(level, run).0.bytes.expect("this level keeps events");
    TraceFile::parse(bytes).expect("what was written can be read")
}

fn jsonl(trace: &TraceFile) -> Vec<u8> {
    let mut lines = Vec::new();
    write_jsonl(trace, &mut lines).expect("a Vec takes all");
    lines
}

#[test]
fn the_strategy_covers_every_kind() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for kind in kinds() {
        let event = event_of(kind).new_tree(&mut runner).expect("a value").current();
        assert_eq!((event.kind(), event.area(), event.level()), (kind.kind, kind.area, kind.level));
    }
    assert_eq!(kinds().len(), Event::samples().len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_recorded_comes_back(run in arbitrary_run(0..60)) {
        let (finished, seen) = record(Level::Records, &run);
        let trace = TraceFile::parse(finished.bytes.expect("kept")).expect("whole");
        prop_assert_eq!(trace.iter().collect::<Vec<_>>(), seen.clone());
        prop_assert_eq!(trace.len(), run.len());
        prop_assert_eq!(&trace.trailer().digest, &finished.digest);
        let again = TraceFile::parse(jsonl(&trace));
        prop_assert_eq!(again.expect("lines come back").iter().collect::<Vec<_>>(), seen);
    }

    #[test]
    fn levels_agree_on_steps_and_digest(run in arbitrary_run(0..40)) {
        let [off, control, records] =
            [Level::Off, Level::Control, Level::Records].map(|level| record(level, &run));
        prop_assert_eq!(off.0.bytes, None);
        prop_assert_eq!(&off.0.digest, &records.0.digest);
        prop_assert_eq!(&control.0.digest, &records.0.digest);
        prop_assert_eq!(off.0.events, records.0.events);
        let mut of_records = records.1;
        of_records.retain(|event| event.sub == 0);
        prop_assert_eq!(control.1, of_records);
    }
}
