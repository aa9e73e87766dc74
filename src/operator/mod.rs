//! What is done to records.

mod code;

pub use code::{JobCode, OperatorFactory};

/// What an operator may know of where it runs.
pub struct OperatorContext {}
