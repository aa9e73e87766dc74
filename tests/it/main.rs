//! The integration tests: one binary, one module per subject.
mod trace;

mod dataflow;
mod golden;
mod graph;
mod scenario;

mod runtime;
