//! Which kinds of events there are: their names, areas, levels and fields.
//!
//! All of it is derived from the event types, so that the schema, the documentation, filters and
//! the messages about misspelt names cannot disagree with them.

use std::fmt;
use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;
use strum::IntoEnumIterator;
use xxhash_rust::xxh3::Xxh3;

use super::{
    CheckpointEvent, DatabaseEvent, Event, ExchangeEvent, FaultEvent, JobEvent, Level, LogEvent,
    NodeEvent, RecordEvent, RecoveryEvent, ResourceEvent, RpcEvent, SinkEvent, StateEvent,
    StorageEvent, TaskEvent, TimeEvent, TimerEvent, TransactionEvent, WindowEvent,
};

impl Event {
    /// The name of what happened, such as `buffer-sent`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Node(event) => event.into(),
            Self::Fault(event) => event.into(),
            Self::Rpc(event) => event.into(),
            Self::Resource(event) => event.into(),
            Self::Job(event) => event.into(),
            Self::Task(event) => event.into(),
            Self::Exchange(event) => event.into(),
            Self::Record(event) => event.into(),
            Self::Time(event) => event.into(),
            Self::Window(event) => event.into(),
            Self::Timer(event) => event.into(),
            Self::State(event) => event.into(),
            Self::Checkpoint(event) => event.into(),
            Self::Recovery(event) => event.into(),
            Self::Storage(event) => event.into(),
            Self::Log(event) => event.into(),
            Self::Database(event) => event.into(),
            Self::Transaction(event) => event.into(),
            Self::Sink(event) => event.into(),
        }
    }

    /// The part of the engine that it belongs to, such as `exchange`.
    pub fn area(&self) -> &'static str {
        match self {
            Self::Node(_) => "node",
            Self::Fault(_) => "fault",
            Self::Rpc(_) => "rpc",
            Self::Resource(_) => "resource",
            Self::Job(_) => "job",
            Self::Task(_) => "task",
            Self::Exchange(_) => "exchange",
            Self::Record(_) => "record",
            Self::Time(_) => "time",
            Self::Window(_) => "window",
            Self::Timer(_) => "timer",
            Self::State(_) => "state",
            Self::Checkpoint(_) => "checkpoint",
            Self::Recovery(_) => "recovery",
            Self::Storage(_) => "storage",
            Self::Log(_) => "log",
            Self::Database(_) => "database",
            Self::Transaction(_) => "transaction",
            Self::Sink(_) => "sink",
        }
    }

    /// Whether it has a step of its own and counts towards the digest.
    pub fn is_control(&self) -> bool {
        self.level() < Level::Records
    }

    /// One event of each kind, with empty fields.
    pub fn samples() -> Vec<Self> {
        let samples = NodeEvent::iter().map(Self::Node);
        let samples = samples.chain(FaultEvent::iter().map(Self::Fault));
        let samples = samples.chain(RpcEvent::iter().map(Self::Rpc));
        let samples = samples.chain(ResourceEvent::iter().map(Self::Resource));
        let samples = samples.chain(JobEvent::iter().map(Self::Job));
        let samples = samples.chain(TaskEvent::iter().map(Self::Task));
        let samples = samples.chain(ExchangeEvent::iter().map(Self::Exchange));
        let samples = samples.chain(RecordEvent::iter().map(Self::Record));
        let samples = samples.chain(TimeEvent::iter().map(Self::Time));
        let samples = samples.chain(WindowEvent::iter().map(Self::Window));
        let samples = samples.chain(TimerEvent::iter().map(Self::Timer));
        let samples = samples.chain(StateEvent::iter().map(Self::State));
        let samples = samples.chain(CheckpointEvent::iter().map(Self::Checkpoint));
        let samples = samples.chain(RecoveryEvent::iter().map(Self::Recovery));
        let samples = samples.chain(StorageEvent::iter().map(Self::Storage));
        let samples = samples.chain(LogEvent::iter().map(Self::Log));
        let samples = samples.chain(DatabaseEvent::iter().map(Self::Database));
        let samples = samples.chain(TransactionEvent::iter().map(Self::Transaction));
        samples.chain(SinkEvent::iter().map(Self::Sink)).collect()
    }

    /// The schemas of this event's area, one for each of its kinds.
    fn area_schema(&self) -> Schema {
        match self {
            Self::Node(_) => schema::<NodeEvent>(),
            Self::Fault(_) => schema::<FaultEvent>(),
            Self::Rpc(_) => schema::<RpcEvent>(),
            Self::Resource(_) => schema::<ResourceEvent>(),
            Self::Job(_) => schema::<JobEvent>(),
            Self::Task(_) => schema::<TaskEvent>(),
            Self::Exchange(_) => schema::<ExchangeEvent>(),
            Self::Record(_) => schema::<RecordEvent>(),
            Self::Time(_) => schema::<TimeEvent>(),
            Self::Window(_) => schema::<WindowEvent>(),
            Self::Timer(_) => schema::<TimerEvent>(),
            Self::State(_) => schema::<StateEvent>(),
            Self::Checkpoint(_) => schema::<CheckpointEvent>(),
            Self::Recovery(_) => schema::<RecoveryEvent>(),
            Self::Storage(_) => schema::<StorageEvent>(),
            Self::Log(_) => schema::<LogEvent>(),
            Self::Database(_) => schema::<DatabaseEvent>(),
            Self::Transaction(_) => schema::<TransactionEvent>(),
            Self::Sink(_) => schema::<SinkEvent>(),
        }
    }
}

/// A schema that refers to nothing outside itself.
pub(super) fn schema<T: JsonSchema>() -> Schema {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    settings.into_generator().into_root_schema_for::<T>()
}

/// A kind of event.
#[derive(Clone, Debug, PartialEq)]
pub struct KindInfo {
    /// Its name, unique over all areas.
    pub kind: &'static str,
    /// Its area.
    pub area: &'static str,
    /// The lowest level at which it is kept.
    pub level: Level,
    /// What it says, in a sentence.
    pub about: String,
    /// What else it says.
    pub fields: Vec<FieldInfo>,
}

impl KindInfo {
    /// Whether events of this kind may have a field of that name.
    pub fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|known| known.name == field)
    }
}

/// A field of a kind of event.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldInfo {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub holds: FieldType,
    /// Whether it may be missing.
    pub optional: bool,
    /// What it means, in a phrase.
    pub about: String,
    /// Its JSON schema.
    pub schema: Value,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A whole number.
    Integer,
    /// Text.
    Text,
    /// One of these words.
    OneOf(Vec<String>),
    /// A list of such values.
    List(Box<FieldType>),
    /// A JSON value with parts of its own.
    Document,
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer => f.write_str("integer"),
            Self::Text => f.write_str("text"),
            Self::OneOf(words) => write!(f, "one of {}", words.join(", ")),
            Self::List(item) => write!(f, "list of {item}"),
            Self::Document => f.write_str("document"),
        }
    }
}

impl FieldType {
    fn of(schema: &Value) -> Self {
        if let Some(word) = schema.get("const").and_then(Value::as_str) {
            return Self::OneOf(vec![word.to_owned()]);
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            let words = words.iter().filter_map(Value::as_str).map(str::to_owned);
            return Self::OneOf(words.collect());
        }
        if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
            let mut words = Vec::new();
            for choice in choices {
                let Self::OneOf(more) = Self::of(choice) else { return Self::Document };
                words.extend(more);
            }
            return Self::OneOf(words);
        }
        match type_name(schema) {
            "integer" => Self::Integer,
            "string" => Self::Text,
            "array" => Self::List(Box::new(Self::of(&schema["items"]))),
            _ => Self::Document,
        }
    }
}

/// The type of a schema, that of its non-null values if it may be null.
fn type_name(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("")
        }
        _ => "",
    }
}

fn text(schema: &Value, key: &str) -> String {
    schema.get(key).and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
}

/// All kinds of events, by area, in order of declaration.
pub fn kinds() -> &'static [KindInfo] {
    static KINDS: OnceLock<Vec<KindInfo>> = OnceLock::new();
    KINDS.get_or_init(|| {
        let samples = Event::samples();
        let mut kinds = Vec::with_capacity(samples.len());
        for area in samples.chunk_by(|a, b| a.area() == b.area()) {
            let schema = area[0].area_schema().to_value();
            kinds.extend(area.iter().map(|sample| describe(sample, &schema)));
        }
        kinds
    })
}

/// The kind of that name.
pub fn kind_named(name: &str) -> Option<&'static KindInfo> {
    kinds().iter().find(|kind| kind.kind == name)
}

fn describe(sample: &Event, area: &Value) -> KindInfo {
    let kind = sample.kind();
    let variants = area["oneOf"].as_array().expect("each area is an enum of documented variants");
    let variant = variants
        .iter()
        .find(|variant| variant["const"] == kind || variant["properties"].get(kind).is_some())
        .expect("schema and kind name a variant alike");
    let body = &variant["properties"][kind];
    let required: Vec<_> = body["required"].as_array().into_iter().flatten().collect();
    let fields = body["properties"].as_object().into_iter().flatten();
    KindInfo {
        kind,
        area: sample.area(),
        level: sample.level(),
        about: text(variant, "description"),
        fields: fields
            .map(|(name, schema)| FieldInfo {
                name: name.clone(),
                holds: FieldType::of(schema),
                optional: !required.iter().any(|required| *required == name),
                about: text(schema, "description"),
                schema: schema.clone(),
            })
            .collect(),
    }
}

/// A fingerprint of all event types. Two versions of Weir with the same one can read each
/// other's binary traces.
pub(super) fn fingerprint() -> u64 {
    static FINGERPRINT: OnceLock<u64> = OnceLock::new();
    *FINGERPRINT.get_or_init(|| {
        let mut hash = Xxh3::new();
        let mut add = |text: &str| {
            hash.update(text.as_bytes());
            hash.update(&[0]);
        };
        for kind in kinds() {
            add(kind.area);
            add(kind.kind);
            for field in &kind.fields {
                add(&field.name);
                add(&layout(&field.schema).to_string());
            }
            add("");
        }
        hash.digest()
    })
}

/// A schema without what is said about it.
fn layout(schema: &Value) -> Value {
    match schema {
        Value::Object(parts) => {
            let parts = parts.iter().filter(|(name, _)| *name != "description");
            parts.map(|(name, part)| (name.clone(), layout(part))).collect()
        }
        Value::Array(items) => items.iter().map(layout).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

/// The name that was probably meant.
fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let score = |name: &str| strsim::jaro_winkler(&wrong, &name.to_lowercase());
    let scored = names.into_iter().map(|name| (score(name), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))?;
    (best.0 > 0.75).then_some(best.1)
}

/// `, did you mean …?`, if there is something to suggest.
pub(super) fn suggestion<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(wrong, names).map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}
