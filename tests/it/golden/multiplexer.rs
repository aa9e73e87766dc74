//! Watermarks per split, made into one.

use serde::Deserialize;
use serde_json::Value;
use weir::time::WatermarkOutputMultiplexer;

use super::said::{Heard, Said, say};
use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
struct Case {
    steps: Vec<(Vec<Value>, Vec<Said>)>,
}

pub fn run(file: &Value) -> Cases {
    let cases = vectors(file, "cases").iter().enumerate();
    cases.map(|(place, case)| (format!("sequence {place}"), check(case))).collect()
}

fn check(case: &Value) -> Outcome {
    let case: Case = parse(case)?;
    let mut multiplexer = WatermarkOutputMultiplexer::<String>::default();
    for (number, (operation, expected)) in case.steps.into_iter().enumerate() {
        let mut actual = Heard::default();
        step(&mut multiplexer, &operation, &mut actual)?;
        expect_eq(&format!("step {number} {operation:?}"), &expected, &actual.0)?;
    }
    Ok(())
}

fn step(
    multiplexer: &mut WatermarkOutputMultiplexer<String>,
    operation: &[Value],
    output: &mut Heard,
) -> Outcome {
    let text = |place: usize| parse::<String>(operation.get(place).unwrap_or(&Value::Null));
    let said = || parse::<Said>(operation.get(2).unwrap_or(&Value::Null));
    match text(0)?.as_str() {
        "periodic" => multiplexer.on_periodic_emit(output),
        "register" => multiplexer.register_new_output(text(1)?),
        "unregister" => {
            let there = multiplexer.unregister_output(&text(1)?);
            expect_eq("was registered", &true, &there)?;
        }
        "immediate" => say(said()?, &mut multiplexer.immediate_output(&text(1)?, output)),
        "deferred" => say(said()?, &mut multiplexer.deferred_output(&text(1)?)),
        unknown => return Err(format!("unknown operation {unknown}")),
    }
    Ok(())
}
