//! The integration tests: one binary, one module per subject.

mod replay;
mod scenario;
mod trace;
