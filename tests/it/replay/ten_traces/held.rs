//! What a subtask holds at its snapshot, from either side: as the world has it, and as the file of
//! the snapshot does.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use weir::base::{CheckpointId, EventTime, Name, TimeDomain};
use weir::checkpoint::{OperatorSubtaskState, TaskSnapshot};
use weir::record::KeyGroup;
use weir::record::format::{Schema, Shape, ShapeId, decode_prefix, describe_prefix};
use weir::replay::Job;
use weir::state::StateSnapshot;
use weir::trace::Span;
use weir::window::interval_join::JoinSide;
use weir::window::{MergingWindowSet, WINDOW_CONTENTS, Window};

use super::text::Text;

/// The state in which an interval join keeps both of its sides.
const BUFFERS: &str = "buffers";

/// What a subtask holds.
pub type Held = BTreeMap<Fact, Text>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// How far a split is read.
    Position { operator: String, split: u16 },
    /// A state of a key.
    State { of: Of, key_group: KeyGroup, state: String },
    /// A timer that is set.
    Timer { of: Of, key_group: KeyGroup, domain: TimeDomain, timestamp: EventTime },
    /// A window that something is in.
    Window { of: Of },
}

/// What it belongs to: a key of an operator, and a window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Of {
    operator: String,
    key: Text,
    window: Option<Span>,
}

impl Of {
    fn new(operator: &str, key: &str, window: Option<Span>) -> Self {
        Self { operator: operator.to_owned(), key: Text::of(key), window }
    }
}

impl Fact {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Position { .. } => "position",
            Self::State { .. } => "state",
            Self::Timer { .. } => "timer",
            Self::Window { .. } => "window",
        }
    }
}

/// What the world holds of a subtask that has just taken its snapshot.
pub fn told(job: &Job, subtask: &Name, checkpoint: CheckpointId) -> Held {
    let mut held = Held::new();
    for (operator, states) in job.states.of(subtask) {
        for (at, entry) in states.entries() {
            let of = Of::new(operator, &at.key, at.window);
            let state = at.state.to_string();
            let fact = Fact::State { of, key_group: at.key_group, state };
            held.insert(fact, Text::of(&entry.value));
        }
        for (timer, _) in states.timers() {
            let of = Of::new(operator, &timer.key, timer.window);
            let (key_group, domain, timestamp) = (timer.key_group, timer.domain, timer.timestamp);
            let fact = Fact::Timer { of, key_group, domain, timestamp };
            held.insert(fact, Text::default());
        }
    }
    for (at, _) in job.windows.of(subtask).filter(|(_, open)| open.holds) {
        let of = Of::new(&at.operator, &at.key, at.window);
        held.insert(Fact::Window { of }, Text::default());
    }
    for (operator, split, read) in job.positions.iter() {
        if read.subtask == *subtask && read.checkpoint == checkpoint && !read.restored {
            let fact = Fact::Position { operator: operator.to_string(), split };
            held.insert(fact, Text::of(&read.position.to_string()));
        }
    }
    held
}

/// What a snapshot holds.
pub fn stored(snapshot: &TaskSnapshot) -> Held {
    let mut held = Held::new();
    for operator in &snapshot.operators {
        assert!(operator.files.is_none(), "incremental snapshots are not read here");
        for (split, position) in operator.source.iter().flat_map(|source| &source.positions) {
            let fact = Fact::Position { operator: operator.operator.clone(), split: *split };
            held.insert(fact, Text::of(&position.to_string()));
        }
        for state in operator.keyed.iter().flat_map(|keyed| &keyed.states) {
            match state.meta.name.as_str() {
                WINDOW_CONTENTS => read_windows(&operator.operator, state, &mut held),
                BUFFERS => read_buffers(&operator.operator, state, &mut held),
                _ => read_state(&operator.operator, state, &mut held),
            }
        }
        read_timers(operator, &mut held);
    }
    held
}

fn read_state(operator: &str, state: &StateSnapshot, held: &mut Held) {
    for entry in state.describe().unwrap() {
        assert_eq!(entry.namespace, "()", "no function here keeps state by window");
        assert_eq!(entry.user_key, None, "no function here keeps maps");
        let (of, name) = (Of::new(operator, &entry.key, None), state.meta.name.clone());
        let fact = Fact::State { of, key_group: entry.key_group, state: name };
        held.insert(fact, Text::of(&entry.value));
    }
}

/// All windows of a key are one value. The contents of one that has merged are with a window that
/// it grew from.
fn read_windows(operator: &str, state: &StateSnapshot, held: &mut Held) {
    let schema = &state.meta.value;
    let Some(Shape::List(pane)) = schema.shape(field(schema, 0, "panes")) else {
        panic!("{schema} has no panes")
    };
    let contents = rooted(schema, field(schema, *pane, "contents"));
    let trigger = rooted(schema, field(schema, *pane, "trigger"));
    for (key_group, address, value) in entries(state) {
        let key = Bytes(address).text(&state.meta.key);
        let (mut bytes, mut panes) = (Bytes(value), Vec::new());
        for _ in 0..bytes.value::<u64>() {
            let (window, contents) = (bytes.value::<Window>(), bytes.text(&contents));
            bytes.text(&trigger);
            let _registered: bool = bytes.value();
            panes.push((window, contents));
        }
        let merging: MergingWindowSet = bytes.value();
        assert!(bytes.0.is_empty());
        for (window, contents) in panes.into_iter().filter(|(_, contents)| contents != "None") {
            let mut in_flight = merging.in_flight().iter();
            let grown = in_flight.find(|it| Window::Time(it.state_window) == window);
            let window = grown.map_or(window, |it| Window::Time(it.window));
            let of = Of::new(operator, &key, span(window));
            let fact = Fact::State { of: of.clone(), key_group, state: WINDOW_CONTENTS.to_owned() };
            held.insert(fact, Text::of(&contents));
            held.insert(Fact::Window { of }, Text::default());
        }
    }
}

/// The sides of a key are one value, and are told apart.
fn read_buffers(operator: &str, state: &StateSnapshot, held: &mut Held) {
    let schema = &state.meta.value;
    for (key_group, address, value) in entries(state) {
        let key = Bytes(address).text(&state.meta.key);
        let mut bytes = Bytes(value);
        for side in ["left", "right"] {
            let buffer = bytes.text(&rooted(schema, field(schema, 0, side)));
            if buffer != "{}" {
                let of = Of::new(operator, &key, None);
                let fact = Fact::State { of, key_group, state: format!("{side}-buffer") };
                held.insert(fact, Text::of(&buffer));
            }
        }
        assert!(bytes.0.is_empty());
    }
}

/// Timers are stored without their types, which the states beside them say.
fn read_timers(operator: &OperatorSubtaskState, held: &mut Held) {
    let states: Vec<_> = operator.keyed.iter().flat_map(|keyed| &keyed.states).collect();
    let has = |name: &str| states.iter().any(|state| state.meta.name == name);
    for group in &operator.timers {
        let keys = &states.first().expect("whoever sets timers has state").meta.key;
        let mut bytes = Bytes(&group.bytes);
        let key_group: KeyGroup = bytes.value();
        for domain in [TimeDomain::EventTime, TimeDomain::ProcessingTime] {
            for _ in 0..bytes.value::<u64>() {
                let timestamp: EventTime = bytes.value();
                let _hash_code: i32 = bytes.value();
                let key = bytes.text(keys);
                let window = if has(WINDOW_CONTENTS) { span(bytes.value()) } else { None };
                if has(BUFFERS) {
                    // Not told: of the timers of both sides at one time there is one.
                    let _side: JoinSide = bytes.value();
                }
                let of = Of::new(&operator.operator, &key, window);
                held.insert(Fact::Timer { of, key_group, domain, timestamp }, Text::default());
            }
        }
        assert!(bytes.0.is_empty());
    }
}

fn span(window: Window) -> Option<Span> {
    window.time().map(|window| Span { start: window.start.0, end: window.end.0 })
}

fn entries(state: &StateSnapshot) -> impl Iterator<Item = (KeyGroup, &[u8], &[u8])> {
    state.groups.iter().flat_map(|group| {
        group.entries().map(|entry| {
            let (address, value) = entry.unwrap();
            (group.key_group, address, value)
        })
    })
}

/// The shape of a struct's field.
fn field(schema: &Schema, of: ShapeId, name: &str) -> ShapeId {
    let Some(Shape::Struct(_, fields)) = schema.shape(of) else { panic!("{schema} has no fields") };
    fields.iter().find(|field| field.name == name).expect("it has that field").shape
}

/// The schema of a part: nothing in it contains the whole, so that it may take the place of that.
fn rooted(schema: &Schema, part: ShapeId) -> Schema {
    let mut schema = schema.clone();
    schema.shapes[0] = schema.shapes[part as usize].clone();
    schema
}

/// Bytes, value by value.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn value<T: DeserializeOwned>(&mut self) -> T {
        let (value, rest) = decode_prefix(self.0).unwrap();
        self.0 = rest;
        value
    }

    fn text(&mut self, schema: &Schema) -> String {
        let (text, rest) = describe_prefix(self.0, schema).unwrap();
        self.0 = rest;
        text
    }
}
