//! `weir bench`.

use std::time::{Duration, Instant};

use serde_json::json;
use weir::workload::{Processed, Size, WORKLOADS, Workload};

use super::arguments::BenchArguments;
use super::{Console, Failure};

/// The best of this many is told: whatever else a machine does only makes a measurement worse.
const ROUNDS: usize = 7;

/// Measures a workload, and beside it what it is held against: in turn, since a machine's speed
/// drifts. For the same reason their ratio is the median of the rounds' own.
pub fn bench(arguments: &BenchArguments, console: &mut Console) -> Result<u8, Failure> {
    let workload = find(&arguments.workload)?;
    let size = Size { records: arguments.records, parallelism: arguments.parallelism };
    let prepared = (workload.prepare)(size);
    let rounds = (0..ROUNDS).map(|_| {
        let engine = timed(|| Some(prepared.engine())).expect("an engine always answers");
        (engine, timed(|| prepared.hand_written()))
    });
    let (engine, by_hand): (Vec<_>, Vec<_>) = rounds.unzip();
    let of_round = |(engine, by_hand): (&Timed, &Option<Timed>)| {
        by_hand.map(|by_hand| rate(engine.0, engine.1) / rate(by_hand.0, by_hand.1))
    };
    let ratio = median(engine.iter().zip(&by_hand).filter_map(of_round).collect());
    let (processed, took) = best(engine).expect("there are rounds");
    let by_hand = best(by_hand.into_iter().flatten());
    let per_second = rate(processed, took);
    let loop_per_second = by_hand.map(|(processed, took)| rate(processed, took));
    if console.json() {
        console.document(&json!({
            "workload": workload.name,
            "records": processed.records,
            "bytes": processed.bytes,
            "seconds": took.as_secs_f64(),
            "per_second": per_second,
            "loop_per_second": loop_per_second,
            "ratio": ratio,
        }))?;
        return Ok(0);
    }
    let unit = workload.unit;
    console.line(format!("{}: {}", workload.name, workload.about))?;
    console.line(format!(
        "engine    {:>16} {unit}/s  ({} {unit} in {:.3} s)",
        grouped(per_second),
        grouped(processed.records as f64),
        took.as_secs_f64()
    ))?;
    if let Some(bytes) = processed.bytes {
        let megabytes = bytes as f64 / 1e6 / took.as_secs_f64();
        console.line(format!("          {megabytes:>16.1} MB/s"))?;
    }
    if let (Some(by_hand), Some(ratio)) = (loop_per_second, ratio) {
        let beside = workload.beside;
        console.line(format!("{beside:<9} {:>16} {unit}/s", grouped(by_hand)))?;
        console.line(format!("ratio     {ratio:>16.3}"))?;
    }
    Ok(0)
}

fn find(name: &str) -> Result<&'static Workload, Failure> {
    WORKLOADS.iter().find(|workload| workload.name == name).ok_or_else(|| {
        let names: Vec<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
        Failure::Usage(format!(
            "there is no workload `{}`; there are {}",
            weir::scenario::escape(name),
            names.join(", ")
        ))
    })
}

type Timed = (Processed, Duration);

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn timed(work: impl Fn() -> Option<Processed>) -> Option<Timed> {
    let start = Instant::now();
    let processed = work()?;
    Some((processed, start.elapsed()))
}

fn best(rounds: impl IntoIterator<Item = Timed>) -> Option<Timed> {
    rounds.into_iter().min_by_key(|&(_, took)| took)
}

fn median(mut ratios: Vec<f64>) -> Option<f64> {
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

fn rate(processed: Processed, took: Duration) -> f64 {
    processed.records as f64 / took.as_secs_f64().max(1e-9)
}

fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
