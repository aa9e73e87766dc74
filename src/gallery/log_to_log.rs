//! From the log to the log: how often each key has come so far.
//!
//! Each record of the topic `in` gives one of `out`. So whatever is read twice or written twice
//! shows as a number that comes twice, and whatever is lost as one that is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::two_speed_sum::rate;
use super::{ArgumentError, ArgumentValue, Arguments, GalleryJob};
use crate::api::{DataStream, ExpectedRows, Program, StreamExecutionEnvironment};
use crate::base::SimDuration;
use crate::connector::{LogEnd, LogFeed, LogSink, LogSource};
use crate::host::LogRecord;
use crate::record::{Row, RowKind};

const OUT: [&str; 2] = ["key", "n"];
const PARTITIONS: u16 = 2;

/// What scenarios know of the job.
pub(super) fn jobs() -> [GalleryJob; 2] {
    [log_to_log_job(), log_relay_job()]
}

fn log_to_log_job() -> GalleryJob {
    let records = "how many records come in; record i has the key i modulo `keys`";
    GalleryJob::new("log-to-log", "How often each key has come so far.", log_to_log)
        .optional("records", ArgumentValue::Integer(1_000), records)
        .optional("rate", ArgumentValue::Float(500.0), "how many of them come in a second")
        .optional("keys", ArgumentValue::Integer(10), "how many keys there are")
        .optional(
            "delivery",
            ArgumentValue::Text("exactly-once".to_owned()),
            "what the sink promises: exactly-once, at-least-once or none",
        )
        .optional(
            "transaction-timeout",
            ArgumentValue::Duration(SimDuration::from_secs(60)),
            "after how long the log aborts an open transaction",
        )
        .optional("to", ArgumentValue::Text("out".to_owned()), "the topic that it writes to")
        .sink("out", &OUT)
        .expecting(expected)
}

pub(super) fn count(arguments: &Arguments, name: &str, least: u64) -> Result<u64, ArgumentError> {
    let count = u64::try_from(arguments.integer(name)?).ok().filter(|count| *count >= least);
    count.ok_or_else(|| ArgumentError::new(name, format!("a count is at least {least}")))
}

fn log_to_log(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("log-to-log");
    env.set_parallelism(arguments.parallelism());
    let delivery = arguments.text("delivery")?.parse();
    let delivery = delivery.map_err(|error: String| ArgumentError::new("delivery", error))?;
    let timeout = arguments.duration("transaction-timeout")?;
    if timeout.is_zero() {
        return Err(ArgumentError::new("transaction-timeout", "a transaction needs some time"));
    }
    let sink = LogSink::to(arguments.text("to")?, OUT)
        .partitions(PARTITIONS)
        .delivery(delivery)
        .transaction_timeout(timeout);
    counted(&env, arguments, rate(arguments, "rate")?)?.log_to(sink);
    super::finish(&env)
}

/// The counts of what comes into the topic `in`.
pub(super) fn counted(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
    rate: f64,
) -> Result<DataStream<(u64, u64)>, ArgumentError> {
    let (records, keys) = (count(arguments, "records", 0)?, count(arguments, "keys", 1)?);
    let feed = LogFeed {
        topic: "in".into(),
        partitions: PARTITIONS,
        records,
        rate,
        record: Arc::new(move |place| LogRecord {
            row: Row {
                kind: RowKind::Insert,
                fields: vec![(place % keys).to_string()],
                id: None,
                number: None,
            },
            timestamp: None,
        }),
    };
    let source = LogSource::<(u64,)>::of("in", PARTITIONS).end(LogEnd::Offsets(feed.ends()));
    env.feed_log(feed);
    let records = env.from_log(source).uid("in").map(|(key,)| (key, 1_u64));
    Ok(records.key_by_field(|(key, _)| key).sum(|(_, n)| n).uid("count"))
}

/// What `out` must show: a plain count.
fn expected(arguments: &Arguments) -> Result<ExpectedRows, ArgumentError> {
    counts_of(arguments, arguments.text("to")?)
}

/// The same for any sink.
pub(super) fn counts_of(arguments: &Arguments, sink: &str) -> Result<ExpectedRows, ArgumentError> {
    let (records, keys) = (count(arguments, "records", 0)?, count(arguments, "keys", 1)?);
    let row = |place: u64| vec![(place % keys).to_string(), (place / keys + 1).to_string()];
    Ok(BTreeMap::from([(sink.to_owned(), (0..records).map(row).collect())]))
}

fn log_relay_job() -> GalleryJob {
    let records = "how many records `log-to-log` writes; it ends after so many";
    GalleryJob::new(
        "log-relay",
        "Hands on what `log-to-log` with `to = \"counts\"` has committed.",
        log_relay,
    )
    .optional("records", ArgumentValue::Integer(1_000), records)
    .optional("keys", ArgumentValue::Integer(10), "how many keys it has")
    .optional(
        "delivery",
        ArgumentValue::Text("exactly-once".to_owned()),
        "what the sink promises: exactly-once, at-least-once or none",
    )
    .optional("from", ArgumentValue::Text("counts".to_owned()), "the topic that it reads")
    .optional("to", ArgumentValue::Text("out".to_owned()), "the topic that it writes to")
    .sink("out", &OUT)
    .expecting(expected)
}

fn log_relay(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("log-relay");
    env.set_parallelism(arguments.parallelism());
    let records = count(arguments, "records", 0)?;
    let delivery = arguments.text("delivery")?.parse();
    let delivery = delivery.map_err(|error: String| ArgumentError::new("delivery", error))?;
    let source = LogSource::<(u64, u64)>::of(arguments.text("from")?, PARTITIONS);
    let sink = LogSink::to(arguments.text("to")?, OUT)
        .partitions(PARTITIONS)
        .delivery(delivery)
        .transaction_timeout(SimDuration::from_secs(60));
    env.from_log(source.end(LogEnd::Records(records))).uid("relay").parallelism(1).log_to(sink);
    super::finish(&env)
}
