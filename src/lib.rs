//! Weir: a Flink-like stream engine that runs whole under deterministic simulation.
//!
//! Modules, from the ground up (the allowed dependencies are the table in
//! `docs/architecture.md`, and a test holds the code to it):
//!
//! | module | what it is |
//! |---|---|
//! | [`base`] | identifiers, simulated time, seeds and named random streams |
//! | [`host`] | the ports through which the engine reaches its world |
//! | [`record`] | what flows: batches, elements, values, keys and key groups |
//! | [`trace`] | the spine: every step of a run as an event |
//! | [`sim`] | the world itself: nodes, wire, disks, clocks, faults |
//! | [`broker`] | what a broker of the transactional log knows and decides |
//! | [`database`] | what the database knows and decides, and its tables |
//! | [`function`] | where user functions run, and their accumulators |
//! | [`state`] | keyed and operator state, in memory or in a tree on disk |
//! | [`time`] | watermarks, their merge, timers |
//! | [`window`] | assigners, triggers, evictors, merging, window operators, joins |
//! | [`checkpoint`] | who waits for which barrier |
//! | [`failover`] | whether and when a job starts again |
//! | [`operator`] | what is done to records |
//! | [`connector`] | sources and sinks |
//! | [`graph`] | stream graph, job graph, execution graph, physical plan |
//! | [`api`] | the typed `DataStream` programs are written in |
//! | [`network`] | partitioners, result partitions, credits, input gates |
//! | [`task`] | the loop that runs one subtask |
//! | [`runtime`] | Dispatcher, ResourceManager, JobMaster, TaskExecutor, client |
//! | [`mutant`] | named wrong parts for the seams |
//! | [`cluster`] | assembles a cluster in the simulation and runs jobs on it |
//! | [`replay`] | the world at any step, folded from the trace |
//! | [`gallery`] | the jobs that scenarios name |
//! | [`scenario`] | scenario files: parse, lower, run |
//! | [`sweep`] | many seeds with faults made up for each, and tokens that repeat a run |
#![cfg_attr(not(madsim), allow(unused))]

#[cfg(not(madsim))]
compile_error!(
    "weir needs `--cfg madsim`. In its checkout `.cargo/config.toml` sets it; if the environment \
     variable RUSTFLAGS is set it overrides that file, so add `--cfg madsim` to RUSTFLAGS (and to \
     RUSTDOCFLAGS). A crate that depends on weir needs the same two lines in its own \
     `.cargo/config.toml`: [build] rustflags = [\"--cfg\", \"madsim\"], \
     rustdocflags = [\"--cfg\", \"madsim\"]."
);

pub mod api;
pub mod base;
pub mod broker;
pub mod check;
pub mod checkpoint;
pub mod cluster;
pub mod connector;
pub mod database;
pub mod failover;
pub mod function;
pub mod gallery;
pub mod graph;
pub mod host;
pub mod mutant;
pub mod network;
pub mod operator;
pub mod record;
pub mod replay;
pub mod runtime;
pub mod scenario;
pub mod sim;
pub mod state;
pub mod sweep;
pub mod task;
pub mod time;
pub mod trace;
pub mod window;
pub mod workload;

/// The README's examples are doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// So are those of the page that shows the API.
#[cfg(doctest)]
#[doc = include_str!("../docs/datastream.md")]
pub struct DataStreamPage;
