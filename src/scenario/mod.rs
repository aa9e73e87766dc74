//! Scenario files: parse, lower, run.
