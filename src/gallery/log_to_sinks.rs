//! From the log to files, and to a table that rows are only inserted into: the counts of
//! `log-to-log`, for sinks whose second phase is not a transaction of the log.

use super::log_to_log::{Input, count, counted, counts_of};
use super::two_speed_sum::rate;
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob};
use crate::api::{Program, StreamExecutionEnvironment};
use crate::connector::{DatabaseSink, FileSink};
use crate::database::{SqlType, Table};

const OUT: [&str; 2] = ["key", "n"];

/// What scenarios know of the jobs.
pub(super) fn jobs() -> [GalleryJob; 2] {
    let files = "How often each key has come so far, in files that are finished with checkpoints.";
    let table = "How often each key has come so far, written to a table when a checkpoint is \
                 complete.";
    [
        with_input(GalleryJob::new("log-to-files", files, log_to_files)).optional(
            "part-size",
            ArgumentValue::Integer(4_096),
            "how many bytes a part has when it is rolled",
        ),
        with_input(GalleryJob::new("log-to-table", table, log_to_table)),
    ]
}

fn with_input(job: GalleryJob) -> GalleryJob {
    let records = "how many records come in; record i has the key i modulo `keys`";
    job.optional("records", ArgumentValue::Integer(1_000), records)
        .optional("rate", ArgumentValue::Float(500.0), "how many of them come in a second")
        .optional("keys", ArgumentValue::Integer(10), "how many keys there are")
        .sink("out", &OUT)
        .expecting(|arguments| counts_of(arguments, "out"))
}

fn log_to_files(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("log-to-files");
    let part_size = count(arguments, "part-size", 1)?;
    let part_size = usize::try_from(part_size).unwrap_or(usize::MAX);
    counted(&env, arguments, Input::at(rate(arguments, "rate")?))?
        .files_to(FileSink::to("out", OUT).part_size(part_size));
    super::finish(&env)
}

fn log_to_table(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("log-to-table");
    let [key, n] = OUT;
    let table = Table::new("out").column(key, SqlType::Integer).column(n, SqlType::Integer);
    counted(&env, arguments, Input::at(rate(arguments, "rate")?))?
        .write_ahead_to(DatabaseSink::to(table));
    super::finish(&env)
}
