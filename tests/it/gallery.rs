//! Every embedded scenario holds what it expects, replays exactly, and has the digest that is
//! kept here: the same in every build profile and on every machine.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use weir::base::Seed;
use weir::cluster::Onlooker;
use weir::gallery;
use weir::scenario::{self, Outcome, Overrides, Scenario};
use weir::trace::Level;

/// Runs `work` for every item on two threads.
fn each<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let worker = || {
            while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                work(item);
            }
        };
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}
