//! The jobs that scenarios name, each a page of readable user code, and the registry in which
//! they are found. A user's own jobs live in a registry of the same type.

mod bank_transfers;
mod clicks;
mod clocks;
mod controlled_filter;
mod data_file;
mod deduplicate;
mod early_results;
mod every_nth;
mod failed_logins;
mod flight_delays;
mod flights;
mod fraud_rules;
mod hottest_routes;
mod keyed_totals;
mod late_data;
mod live_feed;
mod log_to_log;
mod log_to_sinks;
mod numbers;
mod order_timeouts;
mod partitions;
mod payments;
mod payments_and_receipts;
mod payments_joined;
mod registry;
mod reports;
mod running_top;
mod skewed_counts;
mod split_watermarks;
mod temperatures;
mod time_sources;
mod timed_table;
mod two_speed_sum;
mod user_sessions;
mod utc;
mod watermark_strategies;
mod windowed_counts;
mod words;

pub use registry::{
    Argument, ArgumentError, ArgumentKind, ArgumentValue, Arguments, BuildProgram, ExpectRows,
    GalleryJob, Registry, ResourceError, Resources, SinkColumns,
};

use std::collections::BTreeMap;

use crate::api::{ExpectedRows, Program, StreamExecutionEnvironment};
use crate::base::SimDuration;

/// All jobs of the gallery.
pub fn registry() -> Registry {
    let jobs = event_time_jobs().into_iter().chain(state_jobs()).chain(checkpoint_jobs());
    jobs.fold(timeless_jobs(), Registry::with)
}

/// Jobs about event time and windows.
fn event_time_jobs() -> Vec<GalleryJob> {
    let mut jobs = vec![
        flight_delays::job(),
        split_watermarks::job(),
        partitions::job(),
        watermark_strategies::job(),
        late_data::job(),
        early_results::job(),
        clocks::job(),
    ];
    jobs.extend(clicks::jobs());
    jobs
}

/// Jobs about state and timers, and about two streams that meet.
fn state_jobs() -> Vec<GalleryJob> {
    let mut jobs = vec![
        hottest_routes::job(),
        payments_joined::job(),
        payments_and_receipts::job(),
        keyed_totals::job(),
        failed_logins::job(),
        order_timeouts::job(),
        fraud_rules::job(),
        controlled_filter::job(),
        deduplicate::job(),
        running_top::job(),
        user_sessions::job(),
    ];
    jobs.extend(temperatures::jobs());
    jobs
}

/// Jobs whose results show what a failure has cost.
fn checkpoint_jobs() -> Vec<GalleryJob> {
    let mut jobs = vec![two_speed_sum::job(), windowed_counts::job(), live_feed::job()];
    jobs.extend(log_to_log::jobs());
    jobs.extend(log_to_sinks::jobs());
    jobs.push(bank_transfers::job());
    jobs
}

/// Jobs in which time plays no part.
fn timeless_jobs() -> Registry {
    Registry::default()
        .with(flights::with_input(
            GalleryJob::new(
                "word-count",
                "How often each word of a text occurs.",
                words::word_count,
            )
            .sink("counts", &["word", "count"])
            .expecting(words::expected_counts),
            "a text file",
        ))
        .with(flights::with_input(
            GalleryJob::new(
                "flights-per-carrier",
                "How many flights each airline had.",
                flights::flights_per_carrier,
            )
            .sink("counts", &["carrier", "flights"])
            .expecting(flights::expected_flights),
            "departures as CSV",
        ))
        .with(flights::with_input(
            GalleryJob::new(
                "longest-delay",
                "The longest delay at each airport of departure.",
                flights::longest_delay,
            )
            .sink("longest", &["origin", "delay_min", "carrier", "flight", "dest"]),
            "departures as CSV",
        ))
        .with(
            counted(
                "diamond",
                "A stream parts into two branches that meet again.",
                numbers::diamond,
            )
            .sink("merged", &["branch", "number", "result"])
            .expecting(numbers::expected_of_diamond),
        )
        .with(
            counted(
                "partitioners",
                "The same numbers through every partitioner, counted where they arrive.",
                numbers::partitioners,
            )
            .sink("received", &["partitioner", "subtask", "records"]),
        )
        .with(
            counted(
                "slot-sharing",
                "A heavy operator that may have slots of its own.",
                numbers::slot_sharing,
            )
            .optional(
                "isolate",
                ArgumentValue::Boolean(true),
                "whether the heavy operator is in a slot sharing group of its own",
            )
            .sink("results", &["number", "steps"]),
        )
        .with(
            counted(
                "failing-function",
                "A function that panics at one of the numbers.",
                numbers::failing_function,
            )
            .argument("fail-at", ArgumentKind::Integer, "the number at which it panics")
            .sink("results", &["number", "square"]),
        )
        .with(
            counted(
                "slow-operator",
                "An operator that needs its time for every record.",
                numbers::slow_operator,
            )
            .argument("cost", ArgumentKind::Duration, "what a record costs it")
            .sink("results", &["number", "square"]),
        )
        .with(skewed_counts::job())
        .with(time_sources::aligned_sources_job())
}

type Build = fn(&Arguments) -> Result<Program, ArgumentError>;

/// A job over the numbers below `count`.
fn counted(name: &str, about: &str, build: Build) -> GalleryJob {
    GalleryJob::new(name, about, build).argument(
        "count",
        ArgumentKind::Integer,
        "how many numbers there are",
    )
}

/// The size of windows that the argument `name` gives: event time is counted in milliseconds.
fn window_size(arguments: &Arguments, name: &str) -> Result<SimDuration, ArgumentError> {
    let size = arguments.duration(name)?;
    if size < SimDuration::from_millis(1) {
        return Err(ArgumentError::new(name, "a window lasts at least 1 ms"));
    }
    Ok(size)
}

/// The rows of a table of two columns, as what the sink `name` must show in the end.
fn table<K: ToString, V: ToString>(name: &str, rows: BTreeMap<K, V>) -> ExpectedRows {
    let row = |(key, value): (K, V)| vec![key.to_string(), value.to_string()];
    ExpectedRows::from([(name.to_owned(), rows.into_iter().map(row).collect())])
}

/// The finished program, or why there is none.
fn finish(env: &StreamExecutionEnvironment) -> Result<Program, ArgumentError> {
    env.build().map_err(|error| ArgumentError { argument: None, message: error.to_string() })
}
