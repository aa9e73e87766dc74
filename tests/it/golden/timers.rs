//! The timers of keyed process functions, in the order in which they fire: those vectors of the
//! window operator that are about timers alone. What they emit at elements is left out; what they
//! remember of a key is in keyed state, on both backends.

use serde_json::Value;
use weir::base::EventTime;
use weir::record::Key;
use weir::state::{KeyedBackend, StateError, ValueStateDescriptor};
use weir::time::InternalTimerService;

use super::{Cases, Outcome, expect_eq, parse, vectors};
use crate::state::{KINDS, only};

/// A timer that fired: key, its time, the watermark under which it did.
type Fired = (String, i64, i64);

type Timers = InternalTimerService<String, ()>;

/// What an operator of the vectors does with its timers.
struct Operator {
    on_element: fn(&mut Timers, &str, timestamp: i64, value: i64, is_first: bool),
    /// How often a key's timers have fired before, and at what time this one does.
    on_timer: fn(&mut Timers, &str, timestamp: i64, before: usize),
}

pub fn run(file: &Value) -> Cases {
    let mut cases = Cases::new();
    for case in vectors(file, "cases") {
        let name = case["op"].as_str().unwrap_or_default();
        if let Some(operator) = name.strip_prefix("timers: ") {
            for kind in KINDS {
                let outcome = check(case, operator, &mut only(kind));
                cases.push((format!("{name}, {kind}"), outcome));
            }
        }
    }
    cases
}

fn check(case: &Value, name: &str, backend: &mut KeyedBackend<String>) -> Outcome {
    let operator = operator(name).ok_or_else(|| format!("unknown operator {name}"))?;
    let mut run = Run { operator, fired: Vec::new(), timers: Timers::new() };
    let seen = backend.state(ValueStateDescriptor::new("seen")).map_err(|it| it.to_string())?;
    let mut current = i64::MIN;
    for step in vectors(case, "script") {
        if step[0] == "wm" {
            let watermark = parse(&step[1])?;
            // One that does not advance never reaches an operator.
            if watermark > current {
                current = watermark;
                run.advance(watermark, backend).map_err(|error| error.to_string())?;
            }
            continue;
        }
        let (_, timestamp, key, value): (String, i64, String, i64) = parse(step)?;
        backend.set_current_key(key.hash_code(), &key).map_err(|error| error.to_string())?;
        let is_first = seen.value(backend).map_err(|error| error.to_string())?.is_none();
        seen.update(backend, ()).map_err(|error| error.to_string())?;
        (run.operator.on_element)(&mut run.timers, &key, timestamp, value, is_first);
    }
    run.advance(i64::MAX, backend).map_err(|error| error.to_string())?;
    expect_eq("timers in the order of firing", &expected(case)?, &run.fired)
}

struct Run {
    operator: Operator,
    fired: Vec<Fired>,
    timers: Timers,
}

impl Run {
    fn advance(
        &mut self,
        watermark: i64,
        backend: &mut KeyedBackend<String>,
    ) -> Result<(), StateError> {
        let times_fired = backend.state(ValueStateDescriptor::<usize>::new("times fired"))?;
        while let Some(timer) = self.timers.pop_due_event(EventTime(watermark)) {
            backend.set_current_key(timer.hash_code, &timer.key)?;
            let before = times_fired.value_or_insert_with(backend, || 0)?;
            (self.operator.on_timer)(&mut self.timers, &timer.key, timer.timestamp.0, *before);
            *before += 1;
            self.fired.push((timer.key, timer.timestamp.0, watermark));
        }
        Ok(())
    }
}

fn expected(case: &Value) -> Result<Vec<Fired>, String> {
    let mut fired = Vec::new();
    for row in vectors(case, "output") {
        if row[0] == "out" && row[2] == "timer" {
            let watermark: String = parse(&row[5])?;
            let watermark = watermark.trim_start_matches("wm=").parse::<i64>();
            let watermark = watermark.map_err(|error| error.to_string())?;
            fired.push((parse(&row[1])?, parse(&row[6])?, watermark));
        }
    }
    Ok(fired)
}

fn register(timers: &mut Timers, key: &str, timestamp: i64) {
    let key = key.to_string();
    timers.register_event_time(EventTime(timestamp), key.hash_code(), key, ());
}

fn delete(timers: &mut Timers, key: &str, timestamp: i64) {
    let key = key.to_string();
    timers.delete_event_time(EventTime(timestamp), key.hash_code(), &key, &());
}

/// Rounded as integer division in Java rounds.
fn next_multiple_of_10(timestamp: i64) -> i64 {
    (timestamp / 10 + 1) * 10
}

fn operator(name: &str) -> Option<Operator> {
    let nothing: fn(&mut Timers, &str, i64, usize) = |_, _, _, _| {};
    let operator = match name {
        "register ts+5 twice per element" => Operator {
            on_element: |timers, key, timestamp, _, _| {
                register(timers, key, timestamp + 5);
                register(timers, key, timestamp + 5);
            },
            on_timer: nothing,
        },
        "register next multiple of 10" => Operator {
            on_element: |timers, key, timestamp, _, _| {
                register(timers, key, next_multiple_of_10(timestamp));
            },
            on_timer: nothing,
        },
        "value%3==0 deletes, else registers next multiple of 10" => Operator {
            on_element: |timers, key, timestamp, value, _| {
                if value % 3 == 0 {
                    delete(timers, key, next_multiple_of_10(timestamp));
                } else {
                    register(timers, key, next_multiple_of_10(timestamp));
                }
            },
            on_timer: nothing,
        },
        "register ts-20 (already past)" => Operator {
            on_element: |timers, key, timestamp, _, _| register(timers, key, timestamp - 20),
            on_timer: nothing,
        },
        "first element registers ts; onTimer re-registers +7,+0,+7" => Operator {
            on_element: |timers, key, timestamp, _, is_first| {
                if is_first {
                    register(timers, key, timestamp);
                }
            },
            on_timer: |timers, key, timestamp, before| match before {
                0 | 2 => register(timers, key, timestamp + 7),
                1 => register(timers, key, timestamp),
                _ => {}
            },
        },
        _ => return None,
    };
    Some(operator)
}
