//! Whole window operators: what they emit, in which order, with which watermark and timestamp; with
//! their panes in memory, and in a tree behind a cache that holds hardly any.
//!
//! The `timers:` operators of the same file are keyed process functions: see `timers`.

use serde_json::{Value, json};
use weir::base::EventTime;
use weir::record::{Collector, Key, SideOutputs};
use weir::state::{KeyedBackend, KeyedStore, KeyedTable, LsmOptions, LsmTable, StateBackendKind};
use weir::window::{
    Buffered, Evicting, Eviction, EvictionOrder, Evictor, KeyOf, KeyWindows, Lateness,
    ProcessClosure, ProcessWindowFunction, StreamRecord, TimeDomain, Trigger, Window,
    WindowAssigner, WindowContext, WindowFunction, WindowOperator, WindowOutput, WindowShape,
    WindowSpec, count,
};

use super::{Cases, Outcome, expect_eq, parse, vectors};
use crate::state::{KINDS, lsm_store, only, small};

/// Key, value and timestamp: distances are those of timestamps.
type Element = (String, i64, i64);

pub fn run(file: &Value) -> Cases {
    let mut cases = Cases::new();
    for (place, case) in vectors(file, "cases").iter().enumerate() {
        let name = case["op"].as_str().unwrap_or_default();
        if !name.starts_with("timers:") {
            for kind in KINDS {
                cases.push((format!("{place} {name}, {kind}"), operator(name, case, kind)));
            }
        }
    }
    cases
}

/// Keeps the output in the form of the vectors.
#[derive(Default)]
struct Recorded(Vec<Value>);

impl WindowOutput<Element, Value> for Recorded {
    fn emit(&mut self, mut value: Value, timestamp: EventTime) {
        value.as_array_mut().expect("results are lists").push(timestamp.0.into());
        self.0.push(value);
    }
    fn late(&mut self, record: StreamRecord<Element>, _watermark: EventTime) {
        let (key, value, _) = record.value;
        self.0.push(json!(["late", key, value, record.timestamp.0]));
    }
    fn sides(&self) -> SideOutputs {
        SideOutputs::none()
    }
}

struct ByName;

impl KeyOf<Element> for ByName {
    type Key = String;
    fn hash(&self, element: &Element) -> i32 {
        element.0.hash_code()
    }
    fn matches(&self, element: &Element, key: &String) -> bool {
        element.0 == *key
    }
    fn key(&self, element: &Element) -> String {
        element.0.clone()
    }
}

/// What the vectors' function emits: the window and its values in order.
fn listing() -> impl ProcessWindowFunction<String, Element, Out = Value> {
    ProcessClosure::new(
        |key: &String,
         context: &mut WindowContext<'_, _>,
         elements: &[Element],
         out: &mut Collector<Value>| {
            let values: Vec<String> =
                elements.iter().map(|(_, value, _)| value.to_string()).collect();
            let (values, watermark) = (values.join(","), context.current_watermark().0.to_string());
            let (start, end) = match context.window() {
                Window::Time(window) => (window.start.0.to_string(), window.end.0.to_string()),
                Window::Global => ("global".to_string(), String::new()),
            };
            out.collect(json!(["out", key, start, end, values, watermark]));
        },
    )
}

fn operator(name: &str, case: &Value, kind: StateBackendKind) -> Outcome {
    let described = description(name)?;
    match described.evictor {
        None => on_backend(described.spec, Buffered(listing()), case, kind),
        Some(evictor) => {
            let function = Evicting { evictor, process: listing() };
            on_backend(described.spec, function, case, kind)
        }
    }
}

fn on_backend<F: WindowFunction<String, Element, Out = Value>>(
    spec: WindowSpec<Element>,
    function: F,
    case: &Value,
    kind: StateBackendKind,
) -> Outcome {
    match kind {
        StateBackendKind::Hashmap => play(spec, function, case, KeyedTable::new(128), only(kind)),
        StateBackendKind::Lsm => {
            let options = LsmOptions { cache_bytes: 100, ..small() };
            let table = LsmTable::new(lsm_store(options), "windows", 128);
            play(spec, function, case, table.map_err(|error| error.to_string())?, only(kind))
        }
    }
}

fn play<F, S>(
    spec: WindowSpec<Element>,
    function: F,
    case: &Value,
    store: S,
    states: KeyedBackend<String>,
) -> Outcome
where
    F: WindowFunction<String, Element, Out = Value>,
    S: KeyedStore<String, KeyWindows<F::Contents, Element>>,
{
    let mut operator =
        WindowOperator::new(spec, function, store, states).map_err(|error| error.to_string())?;
    let mut output = Recorded::default();
    let watermark = |operator: &mut WindowOperator<_, _, _, _>, output: &mut Recorded, time| {
        let fired = operator.advance_watermark(EventTime(time), output);
        output.0.push(json!(["wm", time]));
        fired.map_err(|error| error.to_string())
    };
    for step in vectors(case, "script") {
        match step[0].as_str() {
            Some("el") => {
                let (_, timestamp, key, value): (String, i64, String, i64) = parse(step)?;
                let element = (key, value, timestamp);
                let hash_code = ByName.hash(&element);
                let record = StreamRecord::new(element, EventTime(timestamp));
                operator
                    .process_element(hash_code, &ByName, record, &mut output)
                    .map_err(|error| error.to_string())?;
            }
            Some("wm") => {
                let (_, time): (String, i64) = parse(step)?;
                // What does not move event time on does not reach the operator.
                if EventTime(time) > operator.current_watermark() {
                    watermark(&mut operator, &mut output, time)?;
                }
            }
            _ => return Err(format!("not of the known format: step {step}")),
        }
    }
    watermark(&mut operator, &mut output, i64::MAX)?;
    let expected = vectors(case, "output");
    let place = expected.iter().zip(&output.0).position(|(expected, actual)| expected != actual);
    if let Some(place) = place {
        let what = format!("output {place}");
        return expect_eq(&what, &expected[place].to_string(), &output.0[place].to_string());
    }
    expect_eq("number of outputs", &expected.len(), &output.0.len())
}

struct Described {
    spec: WindowSpec<Element>,
    evictor: Option<Evictor<Element>>,
}

/// Reads the name of an operator: windows, then words for trigger, evictor and lateness.
fn description(name: &str) -> Result<Described, String> {
    let unknown = || format!("not of the known format: operator {name:?}");
    let mut words = name.split_whitespace();
    let (windows, arguments) = call(words.next().ok_or_else(unknown)?)?;
    let number = |place: usize| arguments.get(place).copied().unwrap_or(0);
    let shape = match windows.as_str() {
        "tumbling" => WindowShape::Tumbling { size: number(0), offset: number(1) },
        "sliding" => WindowShape::Sliding { size: number(0), slide: number(1), offset: number(2) },
        "session" => WindowShape::Session { gap: number(0) },
        "global" => return finish(WindowSpec::new(WindowAssigner::global()), words),
        "countWindow" if arguments.len() == 1 => {
            return finish(count::tumbling(number(0) as u64), words);
        }
        "countWindow" => {
            let (size, slide) = (number(0) as usize, number(1) as u64);
            let (spec, evicting) = count::sliding(size, slide, ());
            return Ok(Described { spec, evictor: Some(evicting.evictor) });
        }
        _ => return Err(unknown()),
    };
    let assigner =
        WindowAssigner::shape(TimeDomain::EventTime, shape).map_err(|error| error.to_string())?;
    finish(WindowSpec::new(assigner), words)
}

fn finish<'a>(
    mut spec: WindowSpec<Element>,
    mut words: impl Iterator<Item = &'a str>,
) -> Result<Described, String> {
    let mut evictor = None;
    while let Some(word) = words.next() {
        if word == "evictor" {
            let word = words.next().ok_or("an evictor has no kind")?;
            let (kind, arguments) = call(word)?;
            let eviction = match kind.as_str() {
                "count" => Eviction::Count(arguments[0] as usize),
                "time" => Eviction::Time(arguments[0]),
                "delta" => Eviction::Delta(arguments[0] as f64, delta()),
                _ => return Err(format!("not of the known format: evictor {kind:?}")),
            };
            let order =
                if word.contains("after") { EvictionOrder::After } else { EvictionOrder::Before };
            evictor = Some(Evictor::new(eviction, order));
        } else if word.starts_with("lateness") {
            let (_, arguments) = call(word)?;
            spec.lateness = Lateness::allowed(arguments[0]).map_err(|error| error.to_string())?;
        } else {
            spec.trigger = trigger(word)?;
        }
    }
    Ok(Described { spec, evictor })
}

fn trigger(word: &str) -> Result<Trigger<Element>, String> {
    if let Some(inner) = word.strip_prefix("purging(") {
        let inner = inner.strip_suffix(')').unwrap_or(inner);
        return Ok(trigger(inner)?.purging());
    }
    let (kind, arguments) = call(word)?;
    let number = arguments.first().copied().unwrap_or(0);
    match kind.as_str() {
        "eventTime" => Ok(Trigger::EventTime),
        "count" => Ok(Trigger::Count(number as u64)),
        "continuousEventTime" => Ok(Trigger::ContinuousEventTime(number)),
        "delta" => Ok(Trigger::Delta(number as f64, delta())),
        _ => Err(format!("not of the known format: trigger {word:?}")),
    }
}

fn delta() -> weir::window::DeltaFunction<Element> {
    std::sync::Arc::new(|from: &Element, to: &Element| (to.2 - from.2) as f64)
}

/// Splits `name(1,2)` and `name(1,key=2)` into the name and the numbers.
fn call(word: &str) -> Result<(String, Vec<i64>), String> {
    let (name, rest) = word.split_once('(').unwrap_or((word, ""));
    let mut numbers = Vec::new();
    for argument in rest.trim_end_matches(')').split(',').filter(|text| !text.is_empty()) {
        let text = argument.split('=').next_back().unwrap_or(argument);
        if text != "after" && text != "before" {
            numbers.push(text.parse().map_err(|_| format!("{argument:?} in {word:?}"))?);
        }
    }
    Ok((name.to_string(), numbers))
}
