//! The typed `DataStream` that programs are written in.

mod program;

pub use program::{Program, SinkDeclaration};
