//! Slices of SQL's windows.

use serde::Deserialize;
use serde_json::Value;
use weir::base::EventTime;
use weir::window::slices::{SliceAssigner, SlicedWindow};

use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assigner {
    kind: String,
    size: i64,
    slide_or_step: i64,
    offset: i64,
    slice_end_interval: i64,
    cases: Vec<SliceCase>,
    windows: Vec<WindowCase>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SliceCase {
    ts: i64,
    slice_end: i64,
    last_window_end: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WindowCase {
    window_end: i64,
    window_start: i64,
    expired_slices: Vec<i64>,
}

pub fn run(file: &Value) -> Cases {
    let assigners = vectors(file, "assigners").iter().enumerate();
    assigners.map(|(place, case)| (format!("{} {place}", case["kind"]), assigner(case))).collect()
}

fn assigner(case: &Value) -> Outcome {
    let case: Assigner = parse(case)?;
    let size = case.size;
    let window = match case.kind.as_str() {
        "tumble" => SlicedWindow::Tumble { size },
        "hop" => SlicedWindow::Hop { size, slide: case.slide_or_step },
        "cumulate" => SlicedWindow::Cumulate { size, step: case.slide_or_step },
        kind => return Err(format!("not of the known format: kind {kind:?}")),
    };
    let slices = SliceAssigner::new(window, case.offset).map_err(|error| error.to_string())?;
    expect_eq("slice end interval", &case.slice_end_interval, &slices.slice_end_interval())?;
    for slice in case.cases {
        let end = slices.assign_slice_end(EventTime(slice.ts));
        expect_eq(&format!("slice of {}", slice.ts), &slice.slice_end, &end.0)?;
        let last = slices.last_window_end(end).0;
        expect_eq(&format!("last window of {}", slice.ts), &slice.last_window_end, &last)?;
    }
    for window in case.windows {
        let end = EventTime(window.window_end);
        let what = format!("window that ends at {}", end.0);
        expect_eq(&what, &window.window_start, &slices.window_start(end).0)?;
        let expired: Vec<i64> = slices.expired_slices(end).into_iter().map(|end| end.0).collect();
        expect_eq(&format!("expired with the {what}"), &window.expired_slices, &expired)?;
    }
    Ok(())
}
