//! Whether and when a job starts again after a failure.

use serde::Deserialize;
use serde_json::Value;
use weir::failover::{RestartStrategy, Restarts};

use super::{Cases, Outcome, expect_eq, parse, vectors};

#[derive(Deserialize)]
struct Case {
    config: Config,
    steps: Vec<(i64, bool, bool, i64)>,
}

#[derive(Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Config {
    Fixed {
        max_attempts: u32,
        delay_ms: i64,
    },
    Rate {
        max_failures_per_interval: u32,
        interval_ms: i64,
        delay_ms: i64,
    },
    Exponential {
        initial_ms: i64,
        max_ms: i64,
        multiplier: f64,
        reset_threshold_ms: i64,
        attempts_before_reset: u32,
    },
}

impl From<Config> for RestartStrategy {
    fn from(config: Config) -> Self {
        match config {
            Config::Fixed { max_attempts, delay_ms } => {
                Self::FixedDelay { attempts: max_attempts, delay_ms }
            }
            Config::Rate { max_failures_per_interval, interval_ms, delay_ms } => {
                Self::FailureRate { max_failures_per_interval, interval_ms, delay_ms }
            }
            Config::Exponential {
                initial_ms,
                max_ms,
                multiplier,
                reset_threshold_ms,
                attempts_before_reset,
            } => Self::ExponentialDelay {
                initial_backoff_ms: initial_ms,
                max_backoff_ms: max_ms,
                backoff_multiplier: multiplier,
                reset_backoff_threshold_ms: reset_threshold_ms,
                attempts_before_reset,
            },
        }
    }
}

pub fn run(file: &Value) -> Cases {
    let run = |case: &Value| {
        let outcome = if case.get("args").is_some() { check_refused(case) } else { check(case) };
        (case["strategy"].to_string(), outcome)
    };
    vectors(file, "cases").iter().map(run).collect()
}

fn check(case: &Value) -> Outcome {
    let case: Case = parse(case)?;
    let mut restarts = Restarts::new(case.config.into()).map_err(|error| error.to_string())?;
    for (number, (now, begins, can_restart, backoff)) in case.steps.into_iter().enumerate() {
        let begun = restarts.notify_failure(now);
        let actual = (begun, restarts.can_restart(now), restarts.backoff_time(now));
        expect_eq(&format!("step {number}"), &(begins, can_restart, backoff), &actual)?;
    }
    Ok(())
}

/// A strategy that cannot be: `[name, …]`, with the numbers in the order of Flink's constructor.
fn check_refused(case: &Value) -> Outcome {
    let unknown = || format!("not of the known format: {case}");
    let args = case["args"].as_str().ok_or_else(unknown)?;
    let mut args = args.trim_matches(['[', ']']).split(", ");
    let name = args.next().ok_or_else(unknown)?;
    let numbers = args.map(str::parse).collect::<Result<Vec<f64>, _>>().map_err(|_| unknown())?;
    let strategy = match (name, &*numbers) {
        ("fixed", [attempts, delay]) => {
            RestartStrategy::FixedDelay { attempts: *attempts as u32, delay_ms: *delay as i64 }
        }
        ("rate", [failures, interval, delay]) => RestartStrategy::FailureRate {
            max_failures_per_interval: *failures as u32,
            interval_ms: *interval as i64,
            delay_ms: *delay as i64,
        },
        ("exp", [initial, max, multiplier, reset, _, attempts]) => {
            RestartStrategy::ExponentialDelay {
                initial_backoff_ms: *initial as i64,
                max_backoff_ms: *max as i64,
                backoff_multiplier: *multiplier,
                reset_backoff_threshold_ms: *reset as i64,
                attempts_before_reset: *attempts as u32,
            }
        }
        _ => return Err(unknown()),
    };
    let expected = case["error"].as_str().ok_or_else(unknown)?;
    let error = Restarts::new(strategy).err().map(|error| error.to_string());
    let expected = expected.split_once(": ").map_or(expected, |(_, text)| text);
    expect_eq("the error", &Some(expected.to_string()), &error)
}
