//! Many pieces of work on a few threads.
//!
//! Invariant: the result is that of one thread that does the pieces in order, and stops behind the
//! first that is enough.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the pieces of work 0 to `count` on `workers` threads. Those behind the first whose result
/// is `enough` are left out. Nothing if `stop` was set before all was done.
pub(super) fn in_order<T: Send>(
    count: usize,
    workers: usize,
    stop: &AtomicBool,
    enough: impl Fn(&T) -> bool + Sync,
    work: impl Fn(usize) -> T + Sync,
) -> Option<Vec<T>> {
    let next = AtomicUsize::new(0);
    let end = AtomicUsize::new(count);
    let results: Mutex<Vec<(usize, T)>> = Mutex::default();
    let worker = || {
        while !stop.load(Ordering::Relaxed) {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= end.load(Ordering::Relaxed) {
                return;
            }
            let result = work(piece);
            if enough(&result) {
                end.fetch_min(piece + 1, Ordering::Relaxed);
            }
            results.lock().unwrap_or_else(PoisonError::into_inner).push((piece, result));
        }
    };
    thread::scope(|scope| {
        for number in 1..workers.min(count) {
            let name = format!("worker {number}");
            // One worker fewer is slower and nothing else.
            let _ = thread::Builder::new().name(name).spawn_scoped(scope, worker);
        }
        worker();
    });
    if stop.load(Ordering::Relaxed) {
        return None;
    }
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(piece, _)| *piece);
    results.truncate(end.into_inner());
    Some(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_workers_comes_to_the_same() {
        for workers in [1, 2, 7] {
            let never = AtomicBool::new(false);
            let squares = in_order(50, workers, &never, |_| false, |piece| piece * piece);
            assert_eq!(squares, Some((0..50).map(|piece| piece * piece).collect()));
            let until =
                in_order(50, workers, &never, |square| *square >= 100, |piece| piece * piece);
            assert_eq!(until.map(|squares| squares.len()), Some(11));
        }
    }

    #[test]
    fn a_pool_that_is_stopped_has_no_result() {
        let stop = AtomicBool::new(false);
        let work = |piece| stop.store(piece == 3, Ordering::Relaxed);
        assert_eq!(in_order(10, 1, &stop, |()| false, work), None);
        assert_eq!(in_order(0, 4, &AtomicBool::new(false), |()| false, |_| ()), Some(vec![]));
    }
}
