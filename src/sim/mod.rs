//! The world: nodes, wire, disks, clocks, faults; it implements the ports of `host`.
//!
//! | module | what it is |
//! |---|---|
//! | `run` | runs one simulation on a thread of its own, on the madsim executor |
//! | `world` | the state of one simulation: time, recording, limits |
//! | `driver`, `queue` | the one task that lets things happen, and what is due when |
//! | `node` | lives of nodes: start, kill, pause, resume |
//! | `ports`, `sleep` | what one life of a node may do |
//! | `wire`, `link` | ports and resets; latency, loss, bandwidth, cuts |
//! | `disk`, `clock` | what a crash leaves; what a node takes the time to be |
//! | `triggers`, `inject` | when faults strike, and what they do |
//! | `failing`, `poison` | tasks that a fault may make fail; records that it makes them fail on |
//! | `expiring` | services whose open transactions a fault may end |
//!
//! Promises, each held by a property test: messages of a lane keep their order; none is early;
//! what was synced survives a crash; a dead life changes nothing; blocking the recorder changes
//! nothing; a run with one more fault equals the run without it up to that moment.

mod clock;
mod disk;
mod draw;
mod driver;
mod error;
mod expiring;
mod failing;
mod inject;
mod link;
mod node;
mod options;
mod poison;
mod ports;
mod queue;
mod recording;
mod run;
mod scratch;
mod sleep;
mod triggers;
mod wire;
mod words;
mod world;

pub use error::SimError;
pub use options::{
    DiskOptions, DiskTrouble, FaultAction, FaultOptions, Limits, LinkOptions, NetworkOptions,
    NodeOptions, NoteOptions, SimOptions, When,
};
pub use recording::{Progress, Recording, Watch};
pub use run::{Boot, SimOutcome, Stop, run};
pub use world::End;
