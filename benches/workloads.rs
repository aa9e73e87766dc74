//! Every workload of `weir bench`, at a smaller size, with criterion's statistics.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use weir::trace::Level;
use weir::workload::{Beside, Size, WORKLOADS};

/// Small enough for criterion's repetitions, large enough that starting a simulation is a small
/// part.
fn size_of(workload: &str) -> u64 {
    match workload {
        "word-count" => 500_000,
        "keyed-sum" | "million-keys" => 2_000_000,
        "tumbling-count-lsm" | "million-keys-lsm" | "timers" => 200_000,
        "tumbling-count" | "sliding-count" | "session-count" => 1_000_000,
        "small-simulations" => 20,
        "wire" | "trace-events" => 5_000,
        _ => 20_000,
    }
}

fn workloads(criterion: &mut Criterion) {
    for workload in WORKLOADS {
        let size = Size { records: Some(size_of(workload.name)), parallelism: 1 };
        let prepared = (workload.prepare)(size);
        let mut group = criterion.benchmark_group(workload.name);
        group.sample_size(10);
        let levels: &[Level] = match workload.beside {
            Beside::Levels => &[Level::Off, Level::Control, Level::Records],
            Beside::Other(_) | Beside::Nothing => &[Level::Off],
        };
        for &level in levels {
            group.throughput(Throughput::Elements(prepared.engine(level).records));
            let name = if levels.len() == 1 { "engine".to_string() } else { level.to_string() };
            group.bench_function(name, |bencher| bencher.iter(|| prepared.engine(level)));
        }
        if let Beside::Other(name) = workload.beside {
            group.bench_function(name, |bencher| bencher.iter(|| prepared.hand_written()));
        }
        group.finish();
    }
}

criterion_group!(benches, workloads);
criterion_main!(benches);
