//! Sources that are made up, and sources of one's own.

use std::sync::Arc;

use super::{DataStream, SourceOptions, StreamExecutionEnvironment};
use crate::base::{Seed, StreamRng};
use crate::connector::{SplitSource, SplitSourceFactory};
use crate::record::Data;
use crate::time::WatermarkStrategy;

impl StreamExecutionEnvironment {
    /// A source of `count` records that are made up at random. The one at offset `i` is
    /// `function(i, random)`, where `random` follows from the seed, the name and `i` alone: whoever
    /// reads it again, after a failure or with another parallelism, reads the same record. The rate
    /// is one of the options.
    ///
    /// ```
    /// use rand::RngExt;
    /// use weir::api::{SourceOptions, StreamExecutionEnvironment};
    /// use weir::base::Seed;
    /// use weir::cluster::{self, ClusterOptions};
    ///
    /// let roll = |seed, splits| {
    ///     let env = StreamExecutionEnvironment::new("rolls");
    ///     let options = SourceOptions { splits: Some(splits), ..SourceOptions::at_rate(100.0) };
    ///     env.from_seeded_generator("dice", 50, seed, options, |roll, random| {
    ///         (roll, random.random_range(1..=6_u8))
    ///     })
    ///     .collect("rolls");
    ///     let report = cluster::execute(ClusterOptions::new(1, 1), env.build()?)?;
    ///     assert!(report.virtual_time.as_millis() >= 490);
    ///     Ok::<_, Box<dyn std::error::Error>>(report.collected::<(u64, u8)>("rolls")?)
    /// };
    /// assert_eq!(roll(Seed(7), 1)?, roll(Seed(7), 4)?);
    /// assert_ne!(roll(Seed(7), 1)?, roll(Seed(8), 1)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_seeded_generator<T: Data>(
        &self,
        name: &str,
        count: u64,
        seed: Seed,
        options: SourceOptions,
        function: impl Fn(u64, &mut StreamRng) -> T + Send + Sync + 'static,
    ) -> DataStream<T> {
        let streams = seed.numbered(name);
        let record = move |offset| function(offset, &mut streams.stream(offset));
        self.from_generator(name, count, options, record)
    }

    /// A source of one's own (Flink's `fromSource`), with what it says of event time, split by split.
    /// Split `n` is read by the subtask `n` modulo the parallelism; how many there are is for the
    /// source to say, and not for the options.
    ///
    /// ```
    /// use weir::api::{SourceOptions, StreamExecutionEnvironment};
    /// use weir::cluster::{self, ClusterOptions};
    /// use weir::connector::SplitSource;
    /// use weir::record::Failure;
    /// use weir::time::WatermarkStrategy;
    ///
    /// /// The numbers up to a last one: a split for each last digit.
    /// struct Digits {
    ///     last: u64,
    /// }
    ///
    /// impl SplitSource for Digits {
    ///     type Record = u64;
    ///     type Split = u64;
    ///     type Reader = Box<dyn Iterator<Item = Result<u64, Failure>>>;
    ///
    ///     fn splits(&self) -> Vec<u64> {
    ///         (0..10).collect()
    ///     }
    ///
    ///     fn reader(&self, digit: u64, position: u64) -> Result<Self::Reader, Failure> {
    ///         let from = digit + 10 * position;
    ///         Ok(Box::new((from..=self.last).step_by(10).map(Ok)))
    ///     }
    /// }
    ///
    /// let env = StreamExecutionEnvironment::new("digits");
    /// let strategy = WatermarkStrategy::no_watermarks();
    /// env.add_source("digits", Digits { last: 41 }, SourceOptions::default(), strategy)
    ///     .write_to("numbers", ["number"]);
    /// let report = cluster::execute(ClusterOptions::new(1, 1), env.build()?)?;
    /// let rows = &report.sinks["numbers"].rows;
    /// let fields: Vec<&str> = rows.iter().map(|row| row.fields[0].as_str()).take(6).collect();
    /// assert_eq!(fields, ["0", "10", "20", "30", "40", "1"]);
    /// assert_eq!(rows.len(), 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_source<S: SplitSource>(
        &self,
        name: &str,
        source: S,
        options: SourceOptions,
        strategy: WatermarkStrategy<S::Record>,
    ) -> DataStream<S::Record> {
        self.source(name, options.rate, strategy, |settings| {
            let (source, side_by_side) = (Arc::new(source), options.side_by_side);
            Arc::new(SplitSourceFactory { source, side_by_side, settings })
        })
    }
}
