//! Scenario files: parse, lower, run.
//!
//! A scenario is a TOML file that names a job of the gallery and the world it runs in.
//! [`load`] finds it (a path, or the name of an embedded one), [`parse`] checks all that can be
//! checked without the job, [`lower`] turns it into what a cluster is given, [`run`] runs it and
//! judges what came of it.
//!
//! Invariants: whatever the text, parsing ends in a scenario or in exactly one
//! [`ScenarioError`] that points at a place; nothing a scenario says is ignored; a quantity has
//! its unit.
//!
//! Next: [`crate::cluster`], which runs what a scenario is lowered to.

mod again;
mod document;
mod error;
mod faults;
mod judge;
mod library;
mod lower;
mod outcome;
mod parse;
mod reader;
mod run;
mod section;
mod shown;
mod source;
mod suggest;
mod units;

pub use again::shell;
pub use error::ScenarioError;
pub use faults::parse_faults;
pub use judge::{Expectation, Expectations, Judged, Judgement, judge, status_name};
pub use library::{Library, embedded, load, load_with};
pub use lower::{Lowered, Overrides, lower};
pub use outcome::Outcome;
pub use parse::{Scenario, parse, parse_with};
pub use run::{RunError, run, run_lowered};
pub use section::cluster::ClusterSection;
pub use section::config::{CONFIG_KEYS, ConfigKey, ConfigSection};
pub use section::expect::{ExpectSection, ExpectedEnd};
pub use section::fault::{FAULT_KINDS, FaultKind};
pub use section::job::JobSection;
pub use shown::escape;
pub use source::{At, Located, Source};
