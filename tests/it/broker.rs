//! Brokers of the transactional log: what they answer, what they show, and what a crash leaves.

mod disk;
mod laws;
mod partition;
mod protocol;
mod script;
mod topics;
mod world;

use std::sync::Arc;

use weir::host::{LogRecord, TopicPartition};
use weir::record::{Row, RowKind};

pub(crate) use disk::TestDisk;

/// The one topic of these tests.
const TOPIC: &str = "out";

fn partition(partition: u16) -> TopicPartition {
    TopicPartition { topic: TOPIC.into(), partition }
}

fn records(texts: &[String]) -> Arc<[LogRecord]> {
    let record = |text: &String| LogRecord {
        row: Row { kind: RowKind::Insert, fields: vec![text.clone()], id: None, number: None },
        timestamp: None,
    };
    texts.iter().map(record).collect()
}

fn text(record: &LogRecord) -> String {
    record.row.fields[0].clone()
}
