//! Memory does not grow from one simulation to the next.
//!
//! This is a binary of its own, beside the one of all other tests, since what it asks the allocator
//! is about the whole process: nothing else may run in it.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use weir::trace::Level;
use weir::workload::{Size, WORKLOADS};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What may be left of each run: nothing, but the allocator is asked in the middle of a process.
const LEFT: i64 = 64;

/// Runs so many small simulations, each with another seed.
fn simulate(count: u64) {
    let workload = WORKLOADS.iter().find(|workload| workload.name == "small-simulations");
    let size = Size { records: Some(count), parallelism: 1 };
    let prepared = (workload.expect("it is a workload").prepare)(size);
    assert_eq!(prepared.engine(Level::Off).records, count);
}

#[test]
fn memory_is_the_same_after_50_and_after_300_simulations() {
    // Whatever is made once is made by then.
    simulate(50);
    let region = Region::new(ALLOCATOR);
    simulate(250);
    let change = region.change();
    let grown = change.bytes_allocated as i64 - change.bytes_deallocated as i64;
    assert!(grown < 250 * LEFT, "{} bytes are left of each of 250 simulations", grown / 250);
}
