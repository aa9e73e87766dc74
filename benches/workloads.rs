//! Every workload of `weir bench`, at a smaller size, with criterion's statistics.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use weir::workload::{Size, WORKLOADS};

/// Small enough for criterion's repetitions, large enough that starting a simulation is a small
/// part.
fn size_of(workload: &str) -> u64 {
    match workload {
        "word-count" => 500_000,
        "keyed-sum" | "million-keys" => 2_000_000,
        "tumbling-count-lsm" | "million-keys-lsm" | "timers" => 200_000,
        "tumbling-count" | "sliding-count" | "session-count" => 1_000_000,
        "small-simulations" => 20,
        _ => 20_000,
    }
}

fn workloads(criterion: &mut Criterion) {
    for workload in WORKLOADS {
        let size = Size { records: Some(size_of(workload.name)), parallelism: 1 };
        let prepared = (workload.prepare)(size);
        let mut group = criterion.benchmark_group(workload.name);
        group.sample_size(10);
        group.throughput(Throughput::Elements(prepared.engine().records));
        group.bench_function("engine", |bencher| bencher.iter(|| prepared.engine()));
        if prepared.hand_written().is_some() {
            group.bench_function("by hand", |bencher| bencher.iter(|| prepared.hand_written()));
        }
        group.finish();
    }
}

criterion_group!(benches, workloads);
criterion_main!(benches);
