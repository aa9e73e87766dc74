//! Reading from and writing to the transactional log, as Flink's `KafkaSource` and `KafkaSink` do.
//!
//! Previous: [`crate::api`]. Next: the node's way to the log ([`crate::host::LogAccess`]).

mod discovery;
mod feed;
mod producer;
mod reading;
mod sink;
mod source;
mod transactional;

pub use feed::{FeedGrowth, FeedRecord, LogFeed, feed};
pub use producer::Producer;
pub use sink::{DeliveryGuarantee, LogSink, LogWriter};
pub use source::{LogEnd, LogSource, LogSourceFactory, OffsetReset};
pub use transactional::{LogTransaction, TransactionalLog};

use crate::host::LogAccess;
use crate::operator::OperatorContext;
use crate::record::Failure;
use std::rc::Rc;

/// The way to the log, which a scenario must have.
fn access(context: &OperatorContext) -> Result<Rc<dyn LogAccess>, Failure> {
    context.services.log.clone().ok_or_else(|| {
        let subtask = &context.subtask;
        Failure(format!("{subtask} uses the log, but the cluster has no brokers"))
    })
}
