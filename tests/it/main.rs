//! The integration tests: one binary, one module per subject.

mod golden;
mod graph;
mod replay;
mod scenario;
mod tidy;
mod trace;
