//! The log as source and sink.

use std::sync::Arc;

use super::{DataStream, SinkDeclaration, StreamExecutionEnvironment};
use crate::connector::{
    DeliveryGuarantee, LogFeed, LogSink, LogSource, LogSourceFactory, LogWriter, TransactionalLog,
    TwoPhaseCommitSink,
};
use crate::graph::StreamNodeKind;
use crate::operator::{OperatorContext, OperatorKind};
use crate::record::{Data, Output, Outputs, erase};

/// A topic that a program uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTopic {
    /// Its name.
    pub name: String,
    /// How many partitions it has.
    pub partitions: u16,
    /// Whether the program, or somebody outside for it, appends to it.
    pub is_written: bool,
}

impl StreamExecutionEnvironment {
    /// A source of the records of a topic; its partitions are divided over the subtasks.
    pub fn from_log<T: Data>(&self, source: LogSource<T>) -> DataStream<T> {
        let mut builder = self.builder.borrow_mut();
        if let Err(error) = source.strategy.validate() {
            builder.fail(error.into());
        }
        builder.add_topic(&source.topic, source.partitions, false);
        let name = format!("Source: {}", source.topic);
        let number = builder.next_source();
        let kind = OperatorKind::Source(Arc::new(LogSourceFactory { log: source, source: number }));
        let node = builder.add_node(&name, StreamNodeKind::Source, kind);
        drop(builder);
        DataStream::of_node(self.builder.clone(), node)
    }

    /// Has somebody outside append records to a topic while the program runs.
    pub fn feed_log(&self, feed: LogFeed) -> &Self {
        let mut builder = self.builder.borrow_mut();
        builder.add_topic(&feed.topic, feed.partitions, true);
        builder.add_feed(feed);
        drop(builder);
        self
    }
}

impl<T: Data> DataStream<T> {
    /// Appends every record to a topic of the log.
    pub fn log_to(&self, sink: LogSink) -> Self {
        let declared = sink.clone();
        let build = move |context: &OperatorContext, _: Outputs| {
            let output: Box<dyn Output<T>> = match sink.delivery {
                DeliveryGuarantee::ExactlyOnce => {
                    let log = |changed| TransactionalLog::open(context, &sink, changed);
                    Box::new(TwoPhaseCommitSink::<T, _>::open(context, &sink.format(), log)?)
                }
                DeliveryGuarantee::AtLeastOnce | DeliveryGuarantee::None => {
                    Box::new(LogWriter::<T>::open(context, sink.clone())?)
                }
            };
            Ok(erase(output))
        };
        self.builder.borrow_mut().add_topic(&declared.topic, declared.partitions, true);
        let name = declared.topic.to_string();
        let declaration =
            SinkDeclaration { name: name.clone(), columns: declared.columns, key_columns: None };
        self.outside_sink(&name, Some(declaration), build)
    }
}
