//! The valve of an input gate.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use weir::time::{MinimumWatermark, StatusWatermarkValve};

use super::said::Said;
use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
struct Case {
    channels: usize,
    steps: Vec<(usize, Said, Vec<Said>)>,
}

pub fn run(file: &Value) -> Cases {
    let run = |case: &Value| (format!("{} channels", case["channels"]), check(case));
    vectors(file, "cases").iter().map(run).collect()
}

fn check(case: &Value) -> Outcome {
    let case: Case = parse(case)?;
    let mut valve = StatusWatermarkValve::new(case.channels, Arc::new(MinimumWatermark));
    for (number, (channel, input, expected)) in case.steps.into_iter().enumerate() {
        let actual: Vec<Said> = match input {
            Said::Watermark(watermark) => {
                let output = valve.input_watermark(watermark, channel);
                output.into_iter().map(Said::Watermark).collect()
            }
            Said::Status(status) => {
                let output = valve.input_watermark_status(status, channel);
                let watermark = output.watermark.map(Said::Watermark).into_iter();
                watermark.chain(output.status.map(Said::Status)).collect()
            }
        };
        expect_eq(&format!("step {number}"), &expected, &actual)?;
    }
    Ok(())
}
