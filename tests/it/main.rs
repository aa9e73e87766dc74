//! The integration tests: one binary, one module per subject.

mod broker;
mod check;
mod checkpoint;
mod database;
mod dataflow;
mod delivery;
mod event_time;
mod gallery;
mod golden;
mod graph;
mod guarantees;
mod history;
mod page;
mod parameters;
mod record;
mod replay;
mod runtime;
mod scenario;
mod sim;
mod state;
mod sweep;
mod tidy;
mod time;
mod trace;
mod transactions;
mod window;
