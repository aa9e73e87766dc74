//! The simulation's promises, held against small nodes that know nothing but the ports.

mod chatter;
mod disk;
mod faults;
mod harness;
mod promises;
mod runs;
mod wire;
