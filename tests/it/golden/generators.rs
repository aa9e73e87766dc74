//! Bounded out-of-orderness, with and without idleness, under a manual clock.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use weir::base::{EventTime, SimTime};
use weir::time::WatermarkStrategy;

use super::said::{Heard, Said};
use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    bound_ms: u64,
    idle_timeout_ms: u64,
    steps: Vec<(Step, i64, Vec<Said>)>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    Event,
    Advance,
    Periodic,
}

pub fn run(file: &Value) -> Cases {
    let run = |case: &Value| {
        (format!("bound {} idle {}", case["boundMs"], case["idleTimeoutMs"]), check(case))
    };
    vectors(file, "cases").iter().map(run).collect()
}

fn check(case: &Value) -> Outcome {
    let case: Case = parse(case)?;
    let bound = Duration::from_millis(case.bound_ms);
    let mut strategy = WatermarkStrategy::<()>::for_bounded_out_of_orderness(bound);
    if case.idle_timeout_ms > 0 {
        strategy = strategy.with_idleness(Duration::from_millis(case.idle_timeout_ms));
    }
    let mut generator = strategy.create_watermark_generator();
    let mut now = SimTime::ZERO;
    for (number, (step, argument, expected)) in case.steps.into_iter().enumerate() {
        let mut actual = Heard::default();
        match step {
            Step::Event => generator.on_event(&(), EventTime(argument), &mut actual),
            Step::Advance => now += Duration::from_millis(argument.unsigned_abs()),
            Step::Periodic => generator.on_periodic_emit(now, &mut actual),
        }
        expect_eq(&format!("step {number}"), &expected, &actual.0)?;
    }
    Ok(())
}
