//! The integration tests: one binary, one module per subject.
mod trace;

mod dataflow;
mod scenario;
mod golden;
mod graph;

mod runtime;
