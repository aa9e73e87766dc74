//! Sources and sinks.
//!
//! A source reads [`Splits`], which know their records by offset, so that a record's identity is
//! the same at every reading. A sink turns records into [`Row`](crate::record::Row)s and makes
//! them visible outside.

mod csv_file;
mod database;
mod file;
mod json_lines;
mod log;
mod publisher;
mod reading;
mod rows;
mod sink;
mod sink_function;
mod source;
mod split_source;
mod splits;
mod two_phase;

pub use csv_file::{DataError, FileError, read_csv};
pub use database::{
    DatabaseQuery, DatabaseSink, DatabaseTransaction, PendingRows, TableWriter,
    TransactionalDatabase, WriteAheadTable, ask_regularly,
};
pub use file::{FileSink, FileWriter, PendingFiles};
pub use json_lines::read_json_lines;
pub use log::{
    DeliveryGuarantee, FeedGrowth, FeedRecord, LogEnd, LogFeed, LogSink, LogSource,
    LogSourceFactory, LogTransaction, LogWriter, OffsetReset, Producer, TransactionalLog, feed,
};
pub use rows::{RowFormat, SinkRow, from_fields, rows};
pub use sink::{SinkFormat, SinkWriter};
pub use sink_function::{FunctionSink, SinkContext, SinkFunction};
pub use source::{BoundedSource, Reader, SourceSettings};
pub use split_source::{SplitSource, SplitSourceFactory};
pub use splits::{Generator, Lines, Live, Splits, Timed};
pub use two_phase::{CommitOutcome, Done, TwoPhaseCommit, TwoPhaseCommitSink};
