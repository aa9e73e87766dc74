//! Windows of so many records: `countWindow`.
//!
//! As in Flink they are global windows. A tumbling one is purged whenever it is full; a sliding one
//! is evaluated after every so many records and forgets all but the last ones.

use super::{Evicting, Eviction, EvictionOrder, Evictor, Trigger, WindowAssigner, WindowSpec};

/// Windows of `size` records, one after the other.
pub fn tumbling<T: Clone>(size: u64) -> WindowSpec<T> {
    let trigger = Trigger::Count(size).purging();
    WindowSpec { trigger, ..WindowSpec::new(WindowAssigner::global()) }
}

/// Windows over the last `size` records, one after every `slide` of them.
pub fn sliding<T: Clone, P>(
    size: usize,
    slide: u64,
    process: P,
) -> (WindowSpec<T>, Evicting<T, P>) {
    let trigger = Trigger::Count(slide);
    let spec = WindowSpec { trigger, ..WindowSpec::new(WindowAssigner::global()) };
    let evictor = Evictor::new(Eviction::Count(size), EvictionOrder::Before);
    (spec, Evicting { evictor, process })
}
