//! What can be said on the command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use weir::graph::{Format, Layer};
use weir::mutant::Mutant;
use weir::sweep::{Seeds, Shard};
use weir::trace::Level;

use crate::view::{Goal, Theme};

/// A stream engine that runs whole under deterministic simulation.
#[derive(Debug, Parser)]
#[command(name = "weir", version, disable_help_subcommand = true)]
pub struct Cli {
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: When,
    /// Say nothing but errors and what was asked for
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print results as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario and judge what comes of it
    Run(RunArguments),
    /// Show a scenario's job in any of its four layers
    Graph(GraphArguments),
    /// Show what a trace holds
    Trace(TraceArguments),
    /// Derive from a trace alone what holds in it
    Check(CheckArguments),
    /// Run a scenario three times and find the first event that differs
    Verify(VerifyArguments),
    /// Run scenarios with many seeds and faults, or find out which runs notice a mutant
    Sweep(SweepArguments),
    /// Repeat exactly the run that a token is of
    Token(TokenArguments),
    /// Walk through a run, forward and back
    Tui(TuiArguments),
    /// Measure how fast something is
    Bench(BenchArguments),
    /// List scenarios, jobs, faults, mutants and workloads
    List,
}

/// Which scenario, and what is different in it.
#[derive(Args, Clone, Debug)]
pub struct ScenarioArguments {
    /// A file, or the name of an embedded scenario (see `weir list`)
    pub scenario: String,
    /// Another seed than the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Another value than the scenario's: a dotted path and a TOML value, as in cluster.slots=3
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
}

/// See [`Command::Run`].
#[derive(Args, Debug)]
pub struct RunArguments {
    #[command(flatten)]
    pub scenario: ScenarioArguments,
    /// Put a wrong part into the engine (see `weir list`)
    #[arg(long, value_name = "NAME")]
    pub mutant: Option<Mutant>,
    #[command(flatten)]
    pub keep: KeepArguments,
}

/// What is kept of a run.
#[derive(Args, Debug)]
pub struct KeepArguments {
    /// Write the trace there
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// How much of the run is kept: off, control or records [default: control with --trace]
    #[arg(long, value_name = "LEVEL")]
    pub trace_level: Option<Level>,
    /// Write what each sink shows to DIR/SINK.csv
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

/// See [`Command::Token`].
#[derive(Args, Debug)]
pub struct TokenArguments {
    /// What a run or a sweep printed, beginning with weir1-
    pub token: String,
    #[command(flatten)]
    pub keep: KeepArguments,
}

/// See [`Command::Sweep`].
#[derive(Args, Debug)]
pub struct SweepArguments {
    /// A file, or the name of an embedded scenario; without it, the standard set
    pub scenario: Option<String>,
    /// Which seeds; the end is not part of them, unless written A..=B
    #[arg(long, value_name = "A..B", default_value_t)]
    pub seeds: Seeds,
    /// On how many threads [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Only the i-th of n parts, which together are the whole
    #[arg(long, value_name = "i/n", default_value_t)]
    pub shard: Shard,
    /// Which faults are added to each run: none, random, or the [[fault]] tables of a file
    #[arg(long, value_name = "none|random|FILE", default_value = "random")]
    pub faults: String,
    /// Look for the first run that notices this mutant, or each of them
    #[arg(long, value_name = "NAME|all")]
    pub mutant: Option<Mutants>,
    /// Take away the faults that a failure does not need
    #[arg(long)]
    pub shrink: bool,
    /// Write the result there, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Another value than the scenario's: a dotted path and a TOML value, as in cluster.slots=3
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
}

/// Which mutants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutants {
    /// Each of them.
    All,
    /// One.
    One(Mutant),
}

impl FromStr for Mutants {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" { Ok(Self::All) } else { text.parse().map(Self::One) }
    }
}

/// See [`Command::Graph`].
#[derive(Args, Debug)]
pub struct GraphArguments {
    #[command(flatten)]
    pub scenario: ScenarioArguments,
    /// Which layer: stream, job, execution or physical
    #[arg(long, default_value = "job")]
    pub layer: Layer,
    /// How to show it: text, dot, mermaid or json
    #[arg(long, default_value = "text")]
    pub format: Format,
}

/// See [`Command::Check`].
#[derive(Args, Debug)]
pub struct CheckArguments {
    /// The trace
    pub file: PathBuf,
}

/// See [`Command::Trace`].
#[derive(Args, Debug)]
pub struct TraceArguments {
    /// The trace
    pub file: PathBuf,
    /// Show only these events, as in 'kind = rpc-sent and to ~ taskmanager'
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Begin there: a step (4711) or a time (1.2s)
    #[arg(long, value_name = "T")]
    pub from: Option<Goal>,
    /// End there, inclusive
    #[arg(long, value_name = "T")]
    pub to: Option<Goal>,
    /// How to show it
    #[arg(long, default_value = "text")]
    pub format: TraceFormat,
}

/// How to show a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// One line for each event.
    Text,
    /// One JSON object for each event.
    Jsonl,
    /// For Perfetto and chrome://tracing.
    Chrome,
}

/// See [`Command::Verify`].
#[derive(Args, Debug)]
pub struct VerifyArguments {
    #[command(flatten)]
    pub scenario: ScenarioArguments,
}

/// See [`Command::Tui`].
#[derive(Args, Debug)]
pub struct TuiArguments {
    /// A scenario (file or name) or a trace; without it, the embedded scenarios are offered
    pub source: Option<String>,
    /// Another seed than the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Begin there: a step (4711) or a time (1.2s)
    #[arg(long, value_name = "STEP|TIME")]
    pub at: Option<Goal>,
    /// Which colours: default, light, dark, colour-blind or none
    #[arg(long, value_name = "NAME")]
    pub theme: Option<Theme>,
    /// Read the settings there instead of in ~/.config/weir/config.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// See [`Command::Bench`].
#[derive(Args, Debug)]
pub struct BenchArguments {
    /// Which workload (see `weir list`)
    pub workload: String,
    /// How many records
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub records: Option<u64>,
    /// The parallelism of its job
    #[arg(long, value_name = "P", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub parallelism: u32,
    /// How much of the run is kept: off, control or records; the latter are held against off
    /// [default: off]
    #[arg(long, value_name = "LEVEL")]
    pub trace_level: Option<Level>,
}
