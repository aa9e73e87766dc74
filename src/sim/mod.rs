//! The world: nodes, wire, disks, clocks, faults; it implements the ports of `host`.

mod options;

pub use options::{
    DiskOptions, DiskTrouble, FaultAction, FaultOptions, Limits, LinkOptions, NetworkOptions,
    NodeOptions, NoteOptions, SimOptions, When,
};
