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
use crate::connector::{FeedGrowth, LogEnd, LogFeed, LogSink, LogSource, OffsetReset};
use crate::host::LogRecord;
use crate::record::{Row, RowKind};

const OUT: [&str; 2] = ["key", "n"];
const PARTITIONS: u16 = 2;
/// How many partitions the topic `in` has when some were added.
const GROWN: u16 = 4;
/// How often the source looks for them.
const DISCOVERY: SimDuration = SimDuration::from_millis(500);

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
        .optional(
            "reset",
            ArgumentValue::Text("earliest".to_owned()),
            "what the source does if its position is gone: earliest, latest or none",
        )
        .optional(
            "grow-after",
            ArgumentValue::Integer(0),
            "after how many records `in` has 4 partitions instead of 2; 0 is never",
        )
        .sink("out", &OUT)
        .expecting(expected)
}

/// How the topic `in` is fed and read.
pub(super) struct Input {
    rate: f64,
    reset: OffsetReset,
    grows: Option<FeedGrowth>,
}

impl Input {
    /// So many records in a second, in the partitions that there are.
    pub(super) fn at(rate: f64) -> Self {
        Self { rate, reset: OffsetReset::default(), grows: None }
    }
}

fn growth(arguments: &Arguments) -> Result<Option<FeedGrowth>, ArgumentError> {
    let (after, records) = (count(arguments, "grow-after", 0)?, count(arguments, "records", 0)?);
    match after {
        0 => Ok(None),
        after if after < records => Ok(Some(FeedGrowth { after, partitions: GROWN })),
        _ => Err(ArgumentError::new("grow-after", "there are no records behind that")),
    }
}

pub(super) fn count(arguments: &Arguments, name: &str, least: u64) -> Result<u64, ArgumentError> {
    let count = u64::try_from(arguments.integer(name)?).ok().filter(|count| *count >= least);
    count.ok_or_else(|| ArgumentError::new(name, format!("a count is at least {least}")))
}

fn log_to_log(arguments: &Arguments) -> Result<Program, ArgumentError> {
    let env = StreamExecutionEnvironment::new("log-to-log");
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
    let reset = arguments.text("reset")?.parse();
    let reset = reset.map_err(|error: String| ArgumentError::new("reset", error))?;
    let input = Input { rate: rate(arguments, "rate")?, reset, grows: growth(arguments)? };
    counted(&env, arguments, input)?.log_to(sink);
    super::finish(&env)
}

/// The counts of what comes into the topic `in`.
pub(super) fn counted(
    env: &StreamExecutionEnvironment,
    arguments: &Arguments,
    Input { rate, reset, grows }: Input,
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
        grows,
    };
    let end = LogEnd::Offsets(feed.ends());
    let source = LogSource::<(u64,)>::of("in", PARTITIONS).end(end).reset(reset);
    let source = if grows.is_some() { source.discovery(DISCOVERY) } else { source };
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
