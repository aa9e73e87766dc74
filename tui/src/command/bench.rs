//! `weir bench`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weir::trace::Level;
use weir::workload::{Beside, Prepared, Processed, Size, WORKLOADS, Workload};

use super::arguments::BenchArguments;
use super::{Console, Failure};

/// The best of this many is told: whatever else a machine does only makes a measurement worse.
const ROUNDS: usize = 7;

/// Measures a workload, and beside it what it is held against: in turn, since a machine's speed
/// drifts. For the same reason their ratio is the median of the rounds' own.
pub fn bench(arguments: &BenchArguments, console: &mut Console) -> Result<u8, Failure> {
    let workload = find(&arguments.workload)?;
    let size = Size { records: arguments.records, parallelism: arguments.parallelism };
    match (workload.beside, arguments.trace_level) {
        (Beside::Levels, None) => compare_levels(workload, size, console),
        (Beside::Levels, Some(_)) => Err(Failure::Usage(format!(
            "`{}` is measured at every trace level: leave --trace-level out",
            workload.name
        ))),
        (Beside::Other(_) | Beside::Nothing, level) => {
            compare(workload, size, level.unwrap_or(Level::Off), console)
        }
    }
}

/// Measures a workload beside what it is held against; at a level other than off, beside itself at
/// level off.
fn compare(
    workload: &Workload,
    size: Size,
    level: Level,
    console: &mut Console,
) -> Result<u8, Failure> {
    let prepared = (workload.prepare)(size);
    let (mut engine, mut beside, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        engine.push(timed(|| prepared.engine(level)));
        beside.extend(timed_beside(&*prepared, level));
        memory.push(Memory::now());
    }
    let what = match (level, workload.beside) {
        (Level::Off, Beside::Other(what)) => what,
        (Level::Off, Beside::Levels | Beside::Nothing) => "nothing",
        (Level::Control | Level::Records, _) => "off",
    };
    let ratio = median(ratios(&engine, &beside));
    let memory = Grown::over(&memory);
    let (processed, took) = best(&engine).expect("there are rounds");
    let beside = best(&beside).map(|(processed, took)| rate(processed, took));
    let per_second = rate(processed, took);
    if console.json() {
        console.document(&json!({
            "workload": workload.name,
            "level": level,
            "records": processed.records,
            "bytes": processed.bytes,
            "seconds": took.as_secs_f64(),
            "per_second": per_second,
            "beside": what,
            "loop_per_second": beside,
            "ratio": ratio,
            "memory": memory.as_ref().map(Grown::to_json),
        }))?;
        return Ok(0);
    }
    let unit = workload.unit;
    console.line(format!("{}: {}", workload.name, workload.about))?;
    let name = if level == Level::Off { "engine".to_owned() } else { level.to_string() };
    console.line(format!("{name:<9} {}", told(processed, took, unit)))?;
    if let Some(bytes) = processed.bytes {
        let megabytes = bytes as f64 / 1e6 / took.as_secs_f64();
        console.line(format!("          {megabytes:>16.1} MB/s"))?;
    }
    if let (Some(beside), Some(ratio)) = (beside, ratio) {
        console.line(format!("{what:<9} {:>16} {unit}/s", grouped(beside)))?;
        console.line(format!("ratio     {ratio:>16.3}"))?;
    }
    if let Some(memory) = memory {
        console.line(memory.to_string())?;
    }
    Ok(0)
}

/// Measures a workload at every level, beside itself at level off.
fn compare_levels(workload: &Workload, size: Size, console: &mut Console) -> Result<u8, Failure> {
    let prepared = (workload.prepare)(size);
    let levels = [Level::Off, Level::Control, Level::Records];
    let mut rounds = levels.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (level, rounds) in levels.into_iter().zip(&mut rounds) {
            rounds.push(timed(|| prepared.engine(level)));
        }
    }
    // The levels differ in what they count, but the work is the same: what is compared is time.
    let off = &rounds[0];
    let speeds = rounds.iter().map(|rounds| {
        let of_round = |(off, level): (&Timed, &Timed)| seconds(off.1) / seconds(level.1);
        median(off.iter().zip(rounds).map(of_round).collect()).expect("there are rounds")
    });
    let told_of = levels.into_iter().zip(&rounds).zip(speeds).map(|((level, rounds), speed)| {
        let (processed, took) = best(rounds).expect("there are rounds");
        (level, processed, took, speed)
    });
    if console.json() {
        let of_level = |(level, processed, took, speed): (Level, Processed, Duration, f64)| {
            json!({
                "level": level,
                "records": processed.records,
                "seconds": took.as_secs_f64(),
                "per_second": rate(processed, took),
                "ratio": speed,
            })
        };
        let levels: Vec<Value> = told_of.map(of_level).collect();
        console.document(&json!({ "workload": workload.name, "levels": levels }))?;
        return Ok(0);
    }
    console.line(format!("{}: {}", workload.name, workload.about))?;
    for (level, processed, took, speed) in told_of {
        let told = told(processed, took, workload.unit);
        console.line(format!("{:<9} {told}  {speed:.3} of the speed of off", level.to_string()))?;
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
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

fn timed_beside(prepared: &dyn Prepared, level: Level) -> Option<Timed> {
    match level {
        Level::Off => {
            let (processed, took) = timed(|| prepared.hand_written());
            Some((processed?, took))
        }
        Level::Control | Level::Records => Some(timed(|| prepared.engine(Level::Off))),
    }
}

fn best(rounds: &[Timed]) -> Option<Timed> {
    rounds.iter().copied().min_by_key(|&(_, took)| took)
}

fn ratios(engine: &[Timed], beside: &[Timed]) -> Vec<f64> {
    let of_round =
        |(engine, beside): (&Timed, &Timed)| rate(engine.0, engine.1) / rate(beside.0, beside.1);
    engine.iter().zip(beside).map(of_round).collect()
}

fn median(mut ratios: Vec<f64>) -> Option<f64> {
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

fn seconds(took: Duration) -> f64 {
    took.as_secs_f64().max(1e-9)
}

fn rate(processed: Processed, took: Duration) -> f64 {
    processed.records as f64 / seconds(took)
}

fn told(processed: Processed, took: Duration, unit: &str) -> String {
    let (per_second, records) = (rate(processed, took), processed.records as f64);
    let (per_second, records) = (grouped(per_second), grouped(records));
    format!("{per_second:>16} {unit}/s  ({records} {unit} in {:.3} s)", took.as_secs_f64())
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

/// The memory of this process, in bytes.
#[derive(Clone, Copy)]
struct Memory {
    resident: u64,
    peak: u64,
}

impl Memory {
    /// As it is now, where the system says it as Linux does.
    fn now() -> Option<Self> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let bytes = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kilobytes: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
            Some(kilobytes * 1024)
        };
        Some(Self { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
    }
}

/// How memory has grown over the rounds, which all do the same.
struct Grown {
    first: Memory,
    last: Memory,
}

impl Grown {
    fn over(rounds: &[Option<Memory>]) -> Option<Self> {
        Some(Self { first: (*rounds.first()?)?, last: (*rounds.last()?)? })
    }

    fn to_json(&self) -> Value {
        json!({
            "peak": self.last.peak,
            "after_first_round": self.first.resident,
            "after_last_round": self.last.resident,
        })
    }
}

impl std::fmt::Display for Grown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        write!(
            f,
            "memory    {:>16.1} MB at the most; {:.1} after the first round, {:.1} after the last",
            megabytes(self.last.peak),
            megabytes(self.first.resident),
            megabytes(self.last.resident)
        )
    }
}
