//! The world at any step, folded from the trace.
//!
//! [`World`] is a pure fold: what it holds follows from the trace's header, the events applied to it
//! and nothing else, so that stepping, stepping back and seeking to one place give equal worlds. Each area
//! of events has its own sub-fold; none of them refuses an event, since a trace may begin or
//! end anywhere, may come from a broken run, and is then most in need of being looked at.
//! [`Timeline`] holds a trace with a position in it, and key frames that make going back cheap.
//! [`space_time`] shows a part of it as a diagram of lanes and arrows.
//!
//! Neighbours: the trace feeds this, the terminal's screens draw it.

mod barriers;
mod channels;
mod checkpoints;
mod event_time;
mod faults;
mod files;
mod jobs;
mod log;
mod messages;
mod nodes;
mod place;
mod plan;
mod positions;
mod recovery;
mod resources;
mod sinks;
mod snapshots;
pub mod space_time;
mod state;
mod tables;
mod tasks;
mod timeline;
mod transactions;
mod windows;
mod world;

pub use channels::{Channel, ChannelKey, Channels, InFlight, Load};
pub use checkpoints::{Checkpoint, CheckpointState, Checkpoints, Refusal};
pub use event_time::{Input, Late, Progress, Standing, TaskEventTime};
pub use faults::{Fault, Faults, Note};
pub use files::{FileRefusal, Files, FinishedPart};
pub use jobs::{Job, Jobs};
pub use log::{Log, LogPartition, Marker, OffsetRange, OpenTransaction, Producer};
pub use messages::{Message, Messages};
pub use nodes::{Life, Node, Nodes};
pub use place::Place;
pub use plan::{PlanError, subtask_name};
pub use positions::{Positions, ReadUpTo};
pub use recovery::{Restarts, Scheduled};
pub use resources::{Resources, Slot, TaskExecutor};
pub use sinks::{Sink, Sinks};
pub use snapshots::{Since, SnapshotProgress, Snapshotting, SubtaskSnapshot};
pub use state::{Entry, EntryKey, Gone, OpenBackend, OperatorState, States, Timer};
pub use tables::{Answer, Database, DatabaseRefusal, Prepared, Table};
pub use tasks::{Task, TaskTimes};
pub use timeline::{Mark, MarkKind, Timeline};
pub use transactions::{Transaction, TransactionPhase, Transactions};
pub use windows::{OpenWindow, WindowKey, Windows};
pub use world::{Seen, World};
