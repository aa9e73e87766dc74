//! Named workloads for `weir bench` and `cargo bench`, each beside a hand-written loop that does
//! the same work on the same input where there is one.
//!
//! Whoever measures holds the clock: what is timed is one call of [`Prepared::engine`] or
//! [`Prepared::hand_written`].

mod checkpointed;
mod clusters;
mod interleaved;
mod keyed_sum;
mod million_keys;
mod timers;
mod trace_events;
mod windowed;
mod wire;
mod word_count;

use crate::trace::Level;

/// How big a workload is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many records, or whatever the workload counts; its own default if unset.
    pub records: Option<u64>,
    /// The parallelism of its job.
    pub parallelism: u32,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processed {
    /// How many records, or whatever the workload counts.
    pub records: u64,
    /// How many bytes of input, where the workload has bytes.
    pub bytes: Option<u64>,
}

/// A workload whose input is ready.
pub trait Prepared {
    /// Does the work with the engine, which keeps a trace of this level.
    fn engine(&self, level: Level) -> Processed;
    /// Does what it is held against, where that says something.
    fn hand_written(&self) -> Option<Processed>;
}

/// What a workload is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// What [`Prepared::hand_written`] does, called so.
    Other(&'static str),
    /// Itself at the other trace levels: that is what it measures.
    Levels,
    /// Nothing.
    Nothing,
}

/// A workload.
#[derive(Clone, Copy)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// What it measures, in a sentence.
    pub about: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// What it is held against.
    pub beside: Beside,
    /// Makes its input ready.
    pub prepare: fn(Size) -> Box<dyn Prepared>,
}

/// All workloads.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "word-count",
        about: "words of a generated text, counted; the loop owns each word",
        unit: "words",
        beside: Beside::Other("by hand"),
        prepare: word_count::prepare,
    },
    Workload {
        name: "keyed-sum",
        about: "longs summed under 1000 keys; the loop adds into an array",
        unit: "records",
        beside: Beside::Other("by hand"),
        prepare: keyed_sum::prepare,
    },
    Workload {
        name: "tumbling-count",
        about: "records counted under 1000 keys in windows of 10 s, 100,000 records each; the loop \
                counts into an array",
        unit: "records",
        beside: Beside::Other("by hand"),
        prepare: windowed::prepare_tumbling,
    },
    Workload {
        name: "tumbling-count-lsm",
        about: "the same with its state serialized in the `lsm` backend",
        unit: "records",
        beside: Beside::Other("by hand"),
        prepare: windowed::prepare_tumbling_lsm,
    },
    Workload {
        name: "sliding-count",
        about: "records counted in windows of 10 s that begin every second; the loop counts into ten \
                arrays",
        unit: "records",
        beside: Beside::Other("by hand"),
        prepare: windowed::prepare_sliding,
    },
    Workload {
        name: "session-count",
        about: "the same in sessions of 10 s with pauses of 5 s; the loop keeps one session a key",
        unit: "records",
        beside: Beside::Other("by hand"),
        prepare: windowed::prepare_session,
    },
    Workload {
        name: "million-keys",
        about: "longs summed under a million keys in random order; the loop uses a hash map",
        unit: "records",
        beside: Beside::Other("by hand"),
        prepare: million_keys::prepare,
    },
    Workload {
        name: "million-keys-lsm",
        about: "the same with its state serialized in the `lsm` backend",
        unit: "records",
        beside: Beside::Other("by hand"),
        prepare: million_keys::prepare_lsm,
    },
    Workload {
        name: "timers",
        about: "event-time timers of 100,000 keys registered in random order and fired; the loop \
                uses a binary heap",
        unit: "timers",
        beside: Beside::Other("by hand"),
        prepare: timers::prepare,
    },
    Workload {
        name: "checkpointed-count",
        about: "`tumbling-count` with a checkpoint every 500,000 records; beside the same without \
                checkpoints",
        unit: "records",
        beside: Beside::Other("without"),
        prepare: checkpointed::prepare,
    },
    Workload {
        name: "checkpointed-million",
        about: "the same with a million keys",
        unit: "records",
        beside: Beside::Other("without"),
        prepare: checkpointed::prepare_million,
    },
    Workload {
        name: "small-simulations",
        about: "whole simulations of six nodes that count the words of 100 lines; beside bare \
                madsim runs of six nodes",
        unit: "simulations",
        beside: Beside::Other("bare"),
        prepare: clusters::prepare_small,
    },
    Workload {
        name: "idle-cluster",
        about: "virtual seconds of a six-node cluster with nothing but heartbeats",
        unit: "virtual seconds",
        beside: Beside::Nothing,
        prepare: clusters::prepare_idle,
    },
    Workload {
        name: "wire",
        about: "batches of 1024 longs from one bare node to another, with credit; the loop hands \
                them over through a queue",
        unit: "batches",
        beside: Beside::Other("by hand"),
        prepare: wire::prepare,
    },
    Workload {
        name: "trace-events",
        about: "events of a job with windows and a checkpoint every 50 ms: at level off as they are \
                digested, at the others as they are kept",
        unit: "events",
        beside: Beside::Levels,
        prepare: trace_events::prepare,
    },
];
