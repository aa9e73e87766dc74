//! The integration tests: one binary, one module per subject.

mod scenario;
mod tidy;
mod trace;
