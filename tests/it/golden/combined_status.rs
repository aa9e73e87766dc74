//! Event time of operators with several inputs.

use serde::Deserialize;
use serde_json::Value;
use weir::base::EventTime;
use weir::record::WatermarkStatus;
use weir::time::IndexedCombinedWatermarkStatus;

use super::said::Said;
use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
struct Case {
    inputs: usize,
    /// Input, what arrives there, whether the combined watermark advances, where it is then,
    /// whether the operator is idle then.
    steps: Vec<(usize, Said, bool, EventTime, bool)>,
}

pub fn run(file: &Value) -> Cases {
    let run = |case: &Value| (format!("{} inputs", case["inputs"]), check(case));
    vectors(file, "cases").iter().map(run).collect()
}

fn check(case: &Value) -> Outcome {
    let case: Case = parse(case)?;
    let mut combined = IndexedCombinedWatermarkStatus::new(case.inputs);
    for (number, (input, said, advances, watermark, idle)) in case.steps.into_iter().enumerate() {
        let advanced = match said {
            Said::Watermark(watermark) => combined.update_watermark(input, watermark),
            Said::Status(status) => combined.update_status(input, status),
        };
        let is_idle = combined.status() == WatermarkStatus::Idle;
        let actual = (advanced, combined.combined_watermark(), is_idle);
        expect_eq(&format!("step {number}"), &(advances, watermark, idle), &actual)?;
    }
    Ok(())
}
