//! Windows in flight and their state windows. Which state survives a merge of several is compared
//! exactly, since the order of Java's hash set is reproduced.

use serde::Deserialize;
use serde_json::Value;
use weir::base::EventTime;
use weir::window::{MergingWindowSet, TimeWindow, Window, WindowShape};

use super::{Cases, Outcome, expect_eq, parse, vectors};

type Pair = (i64, i64);

#[derive(Deserialize)]
struct Case {
    gap: i64,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "camelCase")]
enum Step {
    #[serde(rename_all = "camelCase")]
    Add {
        ts: i64,
        w: Pair,
        result: Pair,
        state_window: Pair,
        merges: Vec<MergeCase>,
        mapping: Vec<(i64, i64, i64, i64)>,
    },
    Retire {
        w: Pair,
        mapping: Vec<(i64, i64, i64, i64)>,
    },
    PersistAndReload {
        mapping: Vec<(i64, i64, i64, i64)>,
    },
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
struct MergeCase {
    merge_result: Pair,
    merged_windows: Vec<Pair>,
    state_window_result: Pair,
    merged_state_windows: Vec<Pair>,
}

pub fn run(file: &Value) -> Cases {
    let cases = vectors(file, "cases").iter().enumerate();
    cases.map(|(place, case)| (format!("sequence {place}"), sequence(case))).collect()
}

fn pair(window: TimeWindow) -> Pair {
    (window.start.0, window.end.0)
}

fn pairs(windows: &[TimeWindow]) -> Vec<Pair> {
    windows.iter().copied().map(pair).collect()
}

fn sequence(case: &Value) -> Outcome {
    let Case { gap, steps } = parse(case)?;
    let mut set = MergingWindowSet::default();
    for (number, step) in steps.into_iter().enumerate() {
        let expected = match step {
            Step::Add { ts, w, result, state_window, merges, mapping } => {
                let mut windows = Vec::new();
                WindowShape::Session { gap }.place(EventTime(ts), &mut windows);
                let window = windows.into_iter().find_map(Window::time).ok_or("no window")?;
                expect_eq(&format!("step {number}: window"), &w, &pair(window))?;
                let added = set.add_window(window);
                expect_eq(&format!("step {number}: result"), &result, &pair(added.window))?;
                let actual: Vec<MergeCase> = added
                    .merge
                    .iter()
                    .map(|merge| MergeCase {
                        merge_result: pair(merge.result),
                        merged_windows: sorted(pairs(&merge.merged)),
                        state_window_result: pair(merge.state_window),
                        merged_state_windows: sorted(pairs(&merge.merged_state_windows)),
                    })
                    .collect();
                expect_eq(&format!("step {number}: merges"), &merges, &actual)?;
                let state = set.state_window(added.window).map(pair);
                expect_eq(&format!("step {number}: state window"), &Some(state_window), &state)?;
                mapping
            }
            Step::Retire { w, mapping } => {
                set.retire_window(TimeWindow::new(w.0, w.1));
                mapping
            }
            Step::PersistAndReload { mapping } => {
                let text = serde_json::to_string(&set).map_err(|error| error.to_string())?;
                set = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                mapping
            }
        };
        let actual: Vec<_> = set
            .in_flight()
            .iter()
            .map(|found| {
                let (window, state) = (pair(found.window), pair(found.state_window));
                (window.0, window.1, state.0, state.1)
            })
            .collect();
        expect_eq(&format!("step {number}: mapping"), &expected, &actual)?;
    }
    Ok(())
}

fn sorted(mut windows: Vec<Pair>) -> Vec<Pair> {
    windows.sort_unstable();
    windows
}
