//! Sweeps: a scenario under many seeds, with faults made up for each, held to what it expects and
//! to its own run without faults. And tokens, which say all that a run depends on.
//!
//! | file | what it does |
//! |---|---|
//! | `fault_kind`, `phase` | what strikes, and what the job is doing then |
//! | `plan` | the faults of a run, from its seed |
//! | `endurance` | what makes a scenario outlive faults that pass |
//! | `token`, `base64url` | a run in one word |
//! | `reference`, `violations` | the run without faults; what is wrong with the one with faults |
//! | `coverage` | which kinds of faults struck in which phases |
//! | `trial`, `shrink` | runs one token; finds which of its faults are needed |
//! | `pool` | many trials on a few threads, with the same result for any number |
//! | `subject`, `standard` | the scenarios that are swept |
//! | `seeds`, `shard` | which runs there are |
//! | `runs`, `hunt` | all of it: without mutants, and in search of what notices them |
//! | `report` | what it came to |
//!
//! Invariants: a run of a sweep is the run of a token; what a sweep comes to depends on neither the
//! number of threads nor on time.
//!
//! Previous: [`crate::scenario`], which runs one. Next: `weir sweep` and `weir token`.

mod base64url;
mod coverage;
mod endurance;
mod fault_kind;
mod hunt;
mod phase;
mod plan;
mod pool;
mod reference;
mod report;
mod runs;
mod seeds;
mod shard;
mod shrink;
mod standard;
mod subject;
mod token;
mod trial;
mod violations;

pub use coverage::{Coverage, Unreachable};
pub use endurance::Endurance;
pub use fault_kind::FaultKind;
pub use hunt::hunt;
pub use phase::Phase;
pub use plan::{Stage, plan};
pub use reference::Reference;
pub use report::{Failure, Hunted, SweepReport};
pub use runs::{SweepOptions, Tally, sweep};
pub use seeds::Seeds;
pub use shard::Shard;
pub use standard::{STANDARD, StandardScenario};
pub use subject::{Faults, Subject, SweepError};
pub use token::{Token, TokenError};
pub use trial::Trial;
pub use violations::{Violation, violations};
