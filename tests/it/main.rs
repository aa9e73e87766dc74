//! The integration tests: one binary, one module per subject.

mod golden;
mod graph;
mod scenario;
mod tidy;
mod trace;
