//! Where windows lie, what assigners refuse, and which windows merge.

use serde::Deserialize;
use serde_json::Value;
use weir::base::EventTime;
use weir::window::{
    TimeDomain, TimeWindow, Window, WindowAssigner, WindowError, WindowShape, merge_windows,
};

use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
struct ShapeCase<C> {
    size: i64,
    #[serde(default)]
    slide: i64,
    offset: i64,
    cases: Vec<C>,
}

#[derive(Deserialize)]
struct SlidingCase {
    ts: i64,
    w: Vec<(i64, i64)>,
}

#[derive(Deserialize)]
struct SessionCase {
    gap: i64,
    cases: Vec<(i64, i64, i64)>,
}

#[derive(Deserialize)]
struct ErrorCase {
    kind: String,
    args: Vec<i64>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct MergeCase {
    r#in: Vec<(i64, i64)>,
    merges: Vec<Merged>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Merged {
    result: (i64, i64),
    merged: Vec<(i64, i64)>,
}

/// Checks one vector of a list.
type Check = fn(&Value) -> Outcome;

pub fn run(file: &Value) -> Cases {
    let lists: [(&str, Check); 6] = [
        ("windowStart", window_start),
        ("tumbling", tumbling),
        ("sliding", sliding),
        ("session", session),
        ("errors", errors),
        ("mergeWindows", merges),
    ];
    let mut cases = Cases::new();
    for (list, check) in lists {
        for (place, case) in vectors(file, list).iter().enumerate() {
            cases.push((format!("{list} {place}"), check(case)));
        }
    }
    cases
}

fn window_start(case: &Value) -> Outcome {
    let (timestamp, offset, size, start): (i64, i64, i64, i64) = parse(case)?;
    let actual = TimeWindow::window_start_with_offset(timestamp, offset, size);
    expect_eq("start", &start, &actual)
}

/// The windows of a record of this time, as jobs get them.
fn assign(shape: WindowShape, timestamp: i64) -> Result<Vec<(i64, i64)>, WindowError> {
    let assigner = WindowAssigner::<()>::shape(TimeDomain::EventTime, shape)?;
    let mut windows = Vec::new();
    assigner.assign_windows(&(), EventTime(timestamp), EventTime(0), &mut windows)?;
    Ok(windows.into_iter().filter_map(Window::time).map(pair).collect())
}

fn pair(window: TimeWindow) -> (i64, i64) {
    (window.start.0, window.end.0)
}

fn check_windows(shape: WindowShape, timestamp: i64, expected: &[(i64, i64)]) -> Outcome {
    let windows = assign(shape, timestamp).map_err(|error| error.to_string())?;
    expect_eq(&format!("windows of {timestamp}"), &expected.to_vec(), &windows)
}

fn tumbling(case: &Value) -> Outcome {
    let ShapeCase::<(i64, i64, i64)> { size, offset, cases, .. } = parse(case)?;
    cases.into_iter().try_for_each(|(timestamp, start, end)| {
        check_windows(WindowShape::Tumbling { size, offset }, timestamp, &[(start, end)])
    })
}

fn sliding(case: &Value) -> Outcome {
    let ShapeCase::<SlidingCase> { size, slide, offset, cases } = parse(case)?;
    cases.into_iter().try_for_each(|case| {
        check_windows(WindowShape::Sliding { size, slide, offset }, case.ts, &case.w)
    })
}

fn session(case: &Value) -> Outcome {
    let SessionCase { gap, cases } = parse(case)?;
    cases.into_iter().try_for_each(|(timestamp, start, end)| {
        check_windows(WindowShape::Session { gap }, timestamp, &[(start, end)])
    })
}

fn errors(case: &Value) -> Outcome {
    let ErrorCase { kind, args, error } = parse(case)?;
    let argument = |place: usize| args.get(place).copied().unwrap_or(0);
    let shape = if kind.starts_with("tumbling") {
        WindowShape::Tumbling { size: argument(0), offset: argument(1) }
    } else if kind.starts_with("sliding") {
        WindowShape::Sliding { size: argument(0), slide: argument(1), offset: argument(2) }
    } else if kind.starts_with("session") {
        WindowShape::Session { gap: argument(0) }
    } else {
        return Err(format!("not of the known format: kind {kind:?}"));
    };
    let domain =
        if kind.contains("rocessing") { TimeDomain::ProcessingTime } else { TimeDomain::EventTime };
    let refused = if kind.to_lowercase().contains("assign") {
        assign(shape, EventTime::NONE.0).err()
    } else {
        WindowAssigner::<()>::shape(domain, shape).err()
    };
    // Flink's text begins with the class of its exception.
    let expected = error.map(|error| match error.split_once(": ") {
        Some((_, message)) => message.to_string(),
        None => error,
    });
    expect_eq("error", &expected, &refused.map(|error| error.to_string()))
}

fn merges(case: &Value) -> Outcome {
    let MergeCase { r#in, merges } = parse(case)?;
    let windows: Vec<_> = r#in.iter().map(|&(start, end)| TimeWindow::new(start, end)).collect();
    let actual: Vec<Merged> = merge_windows(&windows)
        .into_iter()
        .map(|(result, merged)| Merged {
            result: pair(result),
            merged: merged.into_iter().map(pair).collect(),
        })
        .collect();
    expect_eq("merges", &merges, &actual)
}
