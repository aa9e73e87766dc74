//! Where a program begins.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::builder::Builder;
use super::{DataStream, Program, ProgramError, TimeCharacteristic};
use crate::base::SimDuration;
use crate::connector::{
    BoundedSource, DataError, FileError, Generator, Lines, Live, SourceSettings, Splits, Timed,
    read_csv, read_json_lines,
};
use crate::graph::StreamNodeKind;
use crate::operator::{OperatorKind, SourceFactory};
use crate::record::Data;
use crate::time::WatermarkStrategy;

/// How a source is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceOptions {
    /// Records per second of simulated time; as fast as they can be processed if unset.
    pub rate: Option<f64>,
    /// Into how many splits the records are divided: one for each subtask if unset. A split is
    /// read by one subtask, after those before it that the subtask has.
    pub splits: Option<u16>,
    /// Whether a subtask reads its splits side by side, as the partitions of a log, and not one
    /// after the other, as files.
    pub side_by_side: bool,
}

impl Default for SourceOptions {
    fn default() -> Self {
        Self { rate: None, splits: Some(1), side_by_side: false }
    }
}

impl SourceOptions {
    /// One split, read at `rate` records per second of simulated time.
    pub fn at_rate(rate: f64) -> Self {
        Self { rate: Some(rate), ..Self::default() }
    }
}

/// Where a program begins: makes sources, holds what all operators have in common, and ends in
/// a [`Program`].
#[derive(Clone)]
pub struct StreamExecutionEnvironment {
    pub(super) builder: Rc<RefCell<Builder>>,
}

impl StreamExecutionEnvironment {
    /// An empty program.
    pub fn new(name: &str) -> Self {
        Self { builder: Rc::new(RefCell::new(Builder::new(name))) }
    }

    /// An empty program, by Flink's name: what it leaves open, such as its parallelism, is decided
    /// where it is run.
    ///
    /// Unlike Flink: nothing looks around for that place, since a program is a value that is given
    /// to it. `cluster::execute` runs it locally, with the defaults of the cluster's options; as a
    /// job of a scenario it has what the scenario asks for.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    /// use weir::cluster::{self, ClusterOptions};
    ///
    /// let env = StreamExecutionEnvironment::get_execution_environment("squares");
    /// env.from_sequence(4).map(|n| (n, n * n)).write_to("squares", ["n", "square"]);
    /// let program = env.build()?;
    /// let cluster = ClusterOptions { default_parallelism: 2, ..ClusterOptions::new(1, 2) };
    /// let local = cluster::execute(cluster.clone(), program.clone())?;
    /// let submitted = cluster::execute(cluster, program.with_parallelism(1))?;
    /// assert_eq!(local.sinks["squares"].rows.len(), submitted.sinks["squares"].rows.len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get_execution_environment(name: &str) -> Self {
        Self::new(name)
    }

    /// The parallelism of operators declared from here on, unless they say otherwise. It comes
    /// before what is said when the program is submitted (see [`Program::with_parallelism`]), so
    /// that a program which is to be run at any parallelism does not ask for it.
    pub fn set_parallelism(&self, parallelism: u32) -> &Self {
        self.builder.borrow_mut().set_parallelism(parallelism);
        self
    }

    /// The maximum parallelism of operators declared from here on, unless they say otherwise.
    pub fn set_max_parallelism(&self, max_parallelism: u32) -> &Self {
        self.builder.borrow_mut().set_max_parallelism(max_parallelism);
        self
    }

    /// What time the program goes by: of sources declared from here on, and of windows that do
    /// not say.
    pub fn set_stream_time_characteristic(&self, characteristic: TimeCharacteristic) -> &Self {
        self.builder.borrow_mut().set_characteristic(characteristic);
        self
    }

    /// How often watermarks are emitted (`pipeline.auto-watermark-interval`), 200 ms by default;
    /// zero is never.
    pub fn set_auto_watermark_interval(&self, interval: SimDuration) -> &Self {
        self.builder.borrow_mut().set_watermark_interval(interval);
        self
    }

    /// Where keyed state lives: `hashmap` (also `memory` and `filesystem`) or `lsm` (also
    /// `rocksdb`). A program that does not say leaves it to the cluster.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new("large state");
    /// env.set_state_backend("rocksdb");
    /// ```
    pub fn set_state_backend(&self, name: &str) -> &Self {
        let mut builder = self.builder.borrow_mut();
        match name.parse() {
            Ok(kind) => builder.set_state_backend(kind),
            Err(error) => builder.fail(ProgramError::StateBackend(error)),
        }
        drop(builder);
        self
    }

    /// Gives every operator a task of its own.
    pub fn disable_operator_chaining(&self) -> &Self {
        self.builder.borrow_mut().disable_chaining();
        self
    }

    /// A source of the given records. As in Flink it is not parallel.
    pub fn from_collection<T: Data + Sync>(&self, records: Vec<T>) -> DataStream<T> {
        let options = SourceOptions::default();
        self.from_splits("Collection", Arc::new(records), options).parallelism(1)
    }

    /// A source of `0, 1, … count - 1`, divided over its subtasks.
    pub fn from_sequence(&self, count: u64) -> DataStream<u64> {
        let options = SourceOptions { splits: None, ..SourceOptions::default() };
        self.from_generator("Sequence", count, options, |offset| offset)
    }

    /// A source of `count` records, the one at offset `i` being `function(i)`.
    pub fn from_generator<T: Data>(
        &self,
        name: &str,
        count: u64,
        options: SourceOptions,
        function: impl Fn(u64) -> T + Send + Sync + 'static,
    ) -> DataStream<T> {
        self.from_splits(name, Arc::new(Generator::new(count, function)), options)
    }

    /// A source of records that come by themselves, each this long after the source has started,
    /// and after those before it in its split.
    ///
    /// ```
    /// use std::time::Duration;
    /// use weir::api::{SourceOptions, StreamExecutionEnvironment};
    /// use weir::cluster::{self, ClusterOptions};
    ///
    /// let env = StreamExecutionEnvironment::new("two clicks");
    /// let clicks = vec![(Duration::ZERO, "home"), (Duration::from_secs(90), "cart")];
    /// let clicks = clicks.into_iter().map(|(after, page)| (after, page.to_string())).collect();
    /// env.from_timed_collection("clicks", clicks, SourceOptions::default())
    ///     .map(|page| (page, 1_u64))
    ///     .write_to("clicks", ["page", "clicks"]);
    /// let report = cluster::execute(ClusterOptions::new(1, 1), env.build()?)?;
    /// assert!(report.virtual_time.as_millis() > 90_000);
    /// assert_eq!(report.sinks["clicks"].rows.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_timed_collection<T: Data + Sync>(
        &self,
        name: &str,
        records: Vec<(SimDuration, T)>,
        options: SourceOptions,
    ) -> DataStream<T> {
        self.from_splits(name, Arc::new(Timed(records)), options)
    }

    /// A source of records that come by themselves, each this long after the simulation has
    /// started, to whoever listens then, as lines come through a socket. Nobody keeps them: those
    /// that are due while the job does not run are lost, and no checkpoint brings them back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use weir::api::{SourceOptions, StreamExecutionEnvironment};
    /// use weir::cluster::{self, ClusterOptions};
    ///
    /// let env = StreamExecutionEnvironment::new("too early, in time");
    /// let clicks = vec![(Duration::ZERO, "home"), (Duration::from_secs(90), "cart")];
    /// let clicks = clicks.into_iter().map(|(at, page)| (at, page.to_string())).collect();
    /// env.socket_stream("clicks", clicks, SourceOptions::default())
    ///     .map(|page| (page, 1_u64))
    ///     .write_to("clicks", ["page", "clicks"]);
    /// let report = cluster::execute(ClusterOptions::new(1, 1), env.build()?)?;
    /// let pages: Vec<_> = report.sinks["clicks"].rows.iter().map(|row| &row.fields[0]).collect();
    /// assert_eq!(pages, ["cart"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn socket_stream<T: Data + Sync>(
        &self,
        name: &str,
        records: Vec<(SimDuration, T)>,
        options: SourceOptions,
    ) -> DataStream<T> {
        self.from_splits(name, Arc::new(Live(Timed(records))), options)
    }

    /// A source of the lines of a text.
    pub fn from_text(
        &self,
        name: &str,
        text: String,
        options: SourceOptions,
    ) -> DataStream<String> {
        self.from_splits(name, Arc::new(Lines::new(text)), options)
    }

    /// A source of the lines of a text file, which is read now.
    ///
    /// # Errors
    /// If the file cannot be read or is not UTF-8.
    pub fn read_text_file(
        &self,
        path: impl AsRef<Path>,
        options: SourceOptions,
    ) -> Result<DataStream<String>, FileError> {
        let path = path.as_ref().display().to_string();
        match fs::read_to_string(&path) {
            Ok(text) => Ok(self.from_text(&path, text, options)),
            Err(cause) => Err(FileError::Unreadable { path, cause }),
        }
    }

    /// A source of the records of a CSV file with a header line, which is read now (see
    /// [`read_csv`]).
    ///
    /// # Errors
    /// If the file cannot be read, or a line is not a record; the error tells which.
    pub fn read_csv_file<T: Data + Sync>(
        &self,
        path: impl AsRef<Path>,
        options: SourceOptions,
    ) -> Result<DataStream<T>, FileError> {
        self.read_file(path.as_ref(), options, read_csv::<T>)
    }

    /// A source of the records of a file of JSON Lines, which is read now (see
    /// [`read_json_lines`]).
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use weir::api::{SourceOptions, StreamExecutionEnvironment};
    /// use weir::cluster::{self, ClusterOptions};
    ///
    /// #[derive(Clone, Debug, Serialize, Deserialize)]
    /// struct Flight {
    ///     carrier: String,
    ///     delay: Option<i64>,
    /// }
    ///
    /// let file = tempfile::NamedTempFile::new()?;
    /// std::fs::write(&file, "{\"carrier\": \"UA\", \"delay\": 2}\n{\"carrier\": \"AA\"}\n")?;
    /// let env = StreamExecutionEnvironment::new("flights");
    /// let flights = env.read_json_file::<Flight>(&file, SourceOptions::default())?;
    /// flights.write_to("flights", ["carrier", "delay"]);
    /// let report = cluster::execute(ClusterOptions::new(1, 1), env.build()?)?;
    /// let rows: Vec<_> = report.sinks["flights"].rows.iter().map(|row| &row.fields).collect();
    /// assert_eq!(rows, [&["UA", "2"], &["AA", ""]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read, or a line is not a record; the error tells which.
    pub fn read_json_file<T: Data + Sync>(
        &self,
        path: impl AsRef<Path>,
        options: SourceOptions,
    ) -> Result<DataStream<T>, FileError> {
        self.read_file(path.as_ref(), options, read_json_lines::<T>)
    }

    fn read_file<T: Data + Sync>(
        &self,
        path: &Path,
        options: SourceOptions,
        read: impl FnOnce(&[u8]) -> Result<Vec<T>, DataError>,
    ) -> Result<DataStream<T>, FileError> {
        let path = path.display().to_string();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(cause) => return Err(FileError::Unreadable { path, cause }),
        };
        match read(&bytes) {
            Ok(records) => Ok(self.from_splits(&path, Arc::new(records), options)),
            Err(cause) => Err(FileError::Malformed { path, cause }),
        }
    }

    /// A source of anything that can be read by offset.
    pub fn from_splits<T: Data>(
        &self,
        name: &str,
        splits: Arc<dyn Splits<T>>,
        options: SourceOptions,
    ) -> DataStream<T> {
        self.from_source(name, splits, options, WatermarkStrategy::no_watermarks())
    }

    /// A source of anything that can be read by offset, which itself says how far event time is:
    /// each split has its own watermarks, and the slowest counts.
    ///
    /// Below, two partitions are read side by side, one far behind the other. Watermarks that went
    /// by the records of both would make all of the second late.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use weir::api::{SourceOptions, StreamExecutionEnvironment};
    /// use weir::base::EventTime;
    /// use weir::cluster::{self, ClusterOptions};
    /// use weir::time::WatermarkStrategy;
    ///
    /// let env = StreamExecutionEnvironment::new("two partitions");
    /// let readings: Vec<i64> = (1_000..1_020).chain(0..20).collect();
    /// let two = SourceOptions { splits: Some(2), side_by_side: true, ..SourceOptions::at_rate(20.0) };
    /// let strategy = WatermarkStrategy::for_monotonous_timestamps()
    ///     .with_timestamp_assigner(|reading, _| EventTime(*reading));
    /// env.from_source("readings", Arc::new(readings), two, strategy)
    ///     .map(|reading| (reading, 1_u64))
    ///     .time_window_all(Duration::from_millis(10))
    ///     .reduce(|(_, n), (latest, m)| (latest, n + m))
    ///     .write_to("windows", ["latest", "readings"]);
    /// let report = cluster::execute(ClusterOptions::new(1, 1), env.build()?)?;
    /// let windows: Vec<_> = report.sinks["windows"].rows.iter().map(|row| &row.fields).collect();
    /// assert_eq!(windows, [&["9", "10"], &["19", "10"], &["1009", "10"], &["1019", "10"]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_source<T: Data>(
        &self,
        name: &str,
        splits: Arc<dyn Splits<T>>,
        options: SourceOptions,
        strategy: WatermarkStrategy<T>,
    ) -> DataStream<T> {
        self.source(name, options.rate, strategy, |settings| {
            Arc::new(BoundedSource {
                splits,
                split_count: options.splits.map(|count| count.max(1)),
                side_by_side: options.side_by_side,
                settings,
            })
        })
    }

    /// Puts a source into the program.
    pub(super) fn source<T: Data>(
        &self,
        name: &str,
        rate: Option<f64>,
        strategy: WatermarkStrategy<T>,
        factory: impl FnOnce(SourceSettings<T>) -> Arc<dyn SourceFactory>,
    ) -> DataStream<T> {
        let mut builder = self.builder.borrow_mut();
        if let Err(error) = strategy.validate() {
            builder.fail(error.into());
        }
        if let Some(rate) = rate.filter(|rate| !rate.is_finite() || *rate <= 0.0) {
            let (source_name, rate) = (name.to_string(), rate.to_string());
            builder.fail(ProgramError::BadRate { source_name, rate });
        }
        let source = builder.next_source();
        let ingestion_time = builder.characteristic() == TimeCharacteristic::IngestionTime;
        let strategy = match ingestion_time && strategy.is_without_event_time() {
            true => WatermarkStrategy::for_monotonous_timestamps(),
            false => strategy,
        };
        let settings = SourceSettings { source, rate, strategy, ingestion_time };
        let kind = OperatorKind::Source(factory(settings));
        let name = format!("Source: {name}");
        let node = builder.add_node(&name, StreamNodeKind::Source, kind);
        drop(builder);
        DataStream::of_node(self.builder.clone(), node)
    }

    /// The program as declared, or its first mistake.
    pub fn build(&self) -> Result<Program, ProgramError> {
        self.builder.borrow().build()
    }
}
