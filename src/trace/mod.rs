//! The trace: every step of a run, and the only thing that the checkers and the terminal see.
//!
//! The engine records [`Event`]s; a [`Recorder`] numbers, encodes and chains them. Control events
//! have a [`crate::base::Step`] and count towards the digest at every [`Level`]; record events
//! (level `records`) hang below the last control event as `step.sub`. A [`TraceFile`] gives them
//! back as [`Recorded`], an [`EventLog`] keeps them packed to be read anywhere; [`kinds()`] says which there are. [`Pattern`]s and [`Filter`]s choose
//! among them; [`render_line`], [`write_jsonl`] and [`chrome()`] show them.
//!
//! `docs/trace-format.md` describes the files, `docs/trace.schema.json` the JSON.

mod chrome;
mod error;
mod event;
mod event_log;
mod file;
mod filter;
mod format;
mod header;
mod json;
mod json_text;
mod jsonl;
mod kinds;
mod level;
mod pattern;
mod recorded;
mod recorder;
mod render;
mod schema;

pub use chrome::chrome;
pub use error::TraceError;
pub use event::{
    Accumulated, ChannelCut, ChannelRange, CheckpointEvent, DatabaseEvent, Event, ExchangeEvent,
    ExecutionState, FaultEvent, FiringTime, JobEvent, JobStatus, LateOutcome, LogEvent, NodeEvent,
    RecordEvent, RecoveryEvent, ResourceEvent, RowRange, RpcEvent, SinkEvent, Span, SplitPosition,
    StateDigest, StateEvent, StorageEvent, StoredFile, TaskEvent, TimeEvent, TimerEvent,
    TransactionEvent, TransactionResult, WindowEvent,
};
pub use event_log::{EventLog, EventRef, Events};
pub use file::{Iter, TraceFile};
pub use filter::{Filter, FilterError};
pub use header::{FORMAT_VERSION, Header, Trailer};
pub use json::ENVELOPE;
pub use jsonl::{write_jsonl, write_jsonl_event, write_jsonl_header};
pub use kinds::{FieldInfo, FieldType, KindInfo, kind_named, kinds};
pub use level::Level;
pub use pattern::Pattern;
pub use recorded::Recorded;
pub use recorder::{Finished, Observer, Recorder};
pub use render::{LineParts, Tone, escape, legend, moment, moment_within, parts, render_line};
pub use schema::line_schema;
