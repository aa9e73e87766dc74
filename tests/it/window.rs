//! Windows beside Flink's vectors: what those do not reach (processing time, user-defined parts,
//! joins, snapshots), and random streams against a naive model.

mod custom;
mod interval;
mod join;
pub mod model;
mod random;
mod scripts;
