//! A source that reads a topic of the log (Flink's `KafkaSource`).

use std::marker::PhantomData;
use std::str::FromStr;

use super::reading::LogReading;
use crate::base::{Name, SimDuration};
use crate::connector::source::Reader;
use crate::host::IsolationLevel;
use crate::operator::{OperatorContext, SourceFactory, SourceReader};
use crate::record::{Data, Outputs};
use crate::time::WatermarkStrategy;

/// What a source does if the records at its position are gone (`auto.offset.reset`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OffsetReset {
    /// It goes on with the first that is left.
    #[default]
    Earliest,
    /// It goes on with what comes from now on.
    Latest,
    /// It fails.
    None,
}

impl FromStr for OffsetReset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            "none" => Ok(Self::None),
            _ => Err("a reset is earliest, latest or none".to_owned()),
        }
    }
}

/// Where a source of the log ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogEnd {
    /// Nowhere.
    #[default]
    Never,
    /// Each partition at its offset (`setBounded`). Partitions for which none is given are not read
    /// when they are added later.
    Offsets(Vec<u64>),
    /// Each subtask after so many records: where marks of transactions lie between them, nobody
    /// knows their offsets beforehand.
    Records(u64),
}

/// What is read, and how.
pub struct LogSource<T> {
    /// The topic.
    pub topic: Name,
    /// How many partitions it has in the beginning.
    pub partitions: u16,
    /// Where it ends.
    pub end: LogEnd,
    /// What it sees of open and aborted transactions.
    pub isolation: IsolationLevel,
    /// What it does if its position is gone.
    pub reset: OffsetReset,
    /// How often it looks for partitions that were added (`partition.discovery.interval.ms`); never
    /// if unset.
    pub discovery: Option<SimDuration>,
    /// What it says of event time, by partition.
    pub strategy: WatermarkStrategy<T>,
    records: PhantomData<fn() -> T>,
}

impl<T> Clone for LogSource<T> {
    fn clone(&self) -> Self {
        Self {
            topic: self.topic.clone(),
            partitions: self.partitions,
            end: self.end.clone(),
            isolation: self.isolation,
            reset: self.reset,
            discovery: self.discovery,
            strategy: self.strategy.clone(),
            records: PhantomData,
        }
    }
}

impl<T: Data> LogSource<T> {
    /// Reads all that is committed in a topic of so many partitions, for ever.
    pub fn of(topic: &str, partitions: u16) -> Self {
        Self {
            topic: topic.into(),
            partitions,
            end: LogEnd::Never,
            isolation: IsolationLevel::default(),
            reset: OffsetReset::default(),
            discovery: None,
            strategy: WatermarkStrategy::no_watermarks(),
            records: PhantomData,
        }
    }

    /// Ends there.
    #[must_use]
    pub fn end(self, end: LogEnd) -> Self {
        Self { end, ..self }
    }

    /// Sees this much of transactions.
    #[must_use]
    pub fn isolation(self, isolation: IsolationLevel) -> Self {
        Self { isolation, ..self }
    }

    /// Does this if its position is gone.
    #[must_use]
    pub fn reset(self, reset: OffsetReset) -> Self {
        Self { reset, ..self }
    }

    /// Looks for partitions that were added that often. It must be longer than nothing.
    #[must_use]
    pub fn discovery(self, interval: SimDuration) -> Self {
        Self { discovery: Some(interval), ..self }
    }

    /// Says this of event time, partition by partition.
    #[must_use]
    pub fn watermarks(self, strategy: WatermarkStrategy<T>) -> Self {
        Self { strategy, ..self }
    }
}

/// The code of such a source.
pub struct LogSourceFactory<T> {
    /// What it reads.
    pub log: LogSource<T>,
    /// Which of the job's sources this is.
    pub source: u16,
}

impl<T: Data> SourceFactory for LogSourceFactory<T> {
    fn is_replayable(&self) -> bool {
        true
    }

    fn build(&self, context: &OperatorContext, outputs: Outputs) -> Box<dyn SourceReader> {
        let restored = context.restored().and_then(|restored| restored.source.as_ref());
        let reading = LogReading::new(context, &self.log, restored);
        let strategy = self.log.strategy.clone();
        Box::new(Reader::new(context, self.source, Box::new(reading), strategy, outputs))
    }
}
