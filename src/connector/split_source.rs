//! A source of one's own: which splits there are, and a reader for each.
//!
//! Unlike Flink, where an enumerator at the JobManager hands splits out and readers ask for more:
//! every subtask asks which splits there are and reads those whose number, modulo the parallelism, is
//! its own. And the position in a split is always how many of its records were read, so that a record
//! is the same at each reading, and a fault or a filter can name it.
//!
//! Invariant: a split's records are read in order, each once, and nothing is asked of a reader that
//! has ended.
//!
//! Previous: what the user reads. Next: [`Reader`](super::Reader), for which this says what is due.

use std::collections::VecDeque;
use std::sync::Arc;

use super::reading::{Due, Pace, Read, SplitReader};
use super::source::SourceSettings;
use crate::base::SimTime;
use crate::checkpoint::SourceState;
use crate::operator::{OperatorContext, SourceFactory, SourceReader};
use crate::record::{Data, Failure, Outputs};

/// A bounded source of one's own (Flink's `Source`). It must not matter when, where or how often it
/// is asked: what it says depends on nothing but itself.
///
/// ```
/// use weir::api::{SourceOptions, StreamExecutionEnvironment};
/// use weir::cluster::{self, ClusterOptions};
/// use weir::connector::SplitSource;
/// use weir::record::Failure;
/// use weir::time::WatermarkStrategy;
///
/// /// Chapters of a book, of which each is a split.
/// struct Book(Vec<&'static str>);
///
/// impl SplitSource for Book {
///     type Record = String;
///     type Split = &'static str;
///     type Reader = Box<dyn Iterator<Item = Result<String, Failure>>>;
///
///     fn splits(&self) -> Vec<&'static str> {
///         self.0.clone()
///     }
///
///     fn reader(&self, chapter: &'static str, position: u64) -> Result<Self::Reader, Failure> {
///         let words = chapter.split(' ').skip(position as usize);
///         Ok(Box::new(words.map(|word| match word.is_ascii() {
///             true => Ok(word.to_string()),
///             false => Err(Failure(format!("`{word}` cannot be printed"))),
///         })))
///     }
/// }
///
/// let env = StreamExecutionEnvironment::new("words");
/// let book = Book(vec!["call me", "it was the best of times", "all happy families"]);
/// let strategy = WatermarkStrategy::no_watermarks();
/// env.add_source("book", book, SourceOptions::default(), strategy).parallelism(2).collect("words");
/// let report = cluster::execute(ClusterOptions::new(2, 1), env.build()?)?;
/// assert_eq!(report.collected::<String>("words")?.len(), 11);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SplitSource: Send + Sync + 'static {
    /// What is read.
    type Record: Data;
    /// A part that is read by itself, such as a file.
    type Split;
    /// Reads the records of a split, or says why it cannot.
    type Reader: Iterator<Item = Result<Self::Record, Failure>> + 'static;

    /// The splits (Flink's `SplitEnumerator`), in the same order whenever it is asked: their places
    /// in it are their numbers.
    fn splits(&self) -> Vec<Self::Split>;

    /// Reads a split (Flink's `SourceReader`) from `position` on: so many of its records were read
    /// before the checkpoint that the job goes back to.
    ///
    /// # Errors
    /// If the split cannot be read: the task fails.
    fn reader(&self, split: Self::Split, position: u64) -> Result<Self::Reader, Failure>;
}

/// The code of such a source.
pub struct SplitSourceFactory<S: SplitSource> {
    /// What is read.
    pub source: Arc<S>,
    /// Whether a subtask reads its splits side by side, and not one after the other.
    pub side_by_side: bool,
    /// What it has in common with others.
    pub settings: SourceSettings<S::Record>,
}

impl<S: SplitSource> SourceFactory for SplitSourceFactory<S> {
    fn is_replayable(&self) -> bool {
        true
    }

    fn build(&self, context: &OperatorContext, outputs: Outputs) -> Box<dyn SourceReader> {
        let splits = self.source.splits();
        let readers = context.parallelism.min(splits.len() as u32).max(1);
        let mut reading = SplitReading {
            source: self.source.clone(),
            side_by_side: self.side_by_side,
            pace: self.settings.pace(readers),
            waiting: VecDeque::new(),
            open: Vec::new(),
            finished: Vec::new(),
            failed: None,
        };
        let restored = context.restored().and_then(|restored| restored.source.as_ref());
        let stored = restored.map_or(&[][..], |restored| &restored.positions[..]);
        for (number, split) in splits.into_iter().enumerate() {
            let Ok(number) = u16::try_from(number) else {
                let text = format!("{} has more than 65,536 splits", context.operator);
                reading.failed = Some(Failure(text));
                break;
            };
            if u32::from(number) % context.parallelism == context.index {
                let position = stored.iter().find(|(of, _)| *of == number);
                let positions = &context.snapshots.parts.positions;
                let position = position.map_or(0, |(_, stored)| positions.position(*stored));
                reading.waiting.push_back(Waiting { number, split, position });
            }
        }
        self.settings.reader(context, Box::new(reading), outputs)
    }
}

/// A split whose turn has not come.
struct Waiting<S> {
    number: u16,
    split: S,
    position: u64,
}

/// A split that is being read.
struct Open<S: SplitSource> {
    number: u16,
    reader: S::Reader,
    /// The record that comes next, if there is one: so that its end is known as soon as it is reached.
    next: Option<S::Record>,
    /// How many records come before that.
    position: u64,
    paused: bool,
}

/// What a subtask reads of its splits.
struct SplitReading<S: SplitSource> {
    source: Arc<S>,
    side_by_side: bool,
    pace: Pace,
    waiting: VecDeque<Waiting<S::Split>>,
    /// In turn: the split that was read last stands at the end.
    open: Vec<Open<S>>,
    /// Splits that are read to their ends, with their lengths.
    finished: Vec<(u16, u64)>,
    /// What a reader has said and nobody was told yet.
    failed: Option<Failure>,
}

impl<S: SplitSource> SplitReading<S> {
    /// Begins to read a split.
    fn open(&mut self, Waiting { number, split, position }: Waiting<S::Split>) -> Option<Open<S>> {
        let opened = self.source.reader(split, position).and_then(|mut reader| {
            let next = reader.next().transpose()?;
            Ok(Open { number, reader, next, position, paused: false })
        });
        opened.map_err(|failure| self.failed = Some(of_split(number, position, failure))).ok()
    }
}

fn of_split(number: u16, position: u64, Failure(text): Failure) -> Failure {
    Failure(format!("split {number}, record {position}: {text}"))
}

impl<S: SplitSource> SplitReader<S::Record> for SplitReading<S> {
    fn is_live(&self) -> bool {
        false
    }

    fn state(&self) -> SourceState {
        let waiting = self.waiting.iter().map(|it| (it.number, it.position));
        let open = self.open.iter().map(|it| (it.number, it.position));
        let mut positions: Vec<(u16, u64)> = waiting.chain(open).collect();
        positions.extend(&self.finished);
        positions.sort_unstable();
        SourceState { positions, ..SourceState::default() }
    }

    fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.open.is_empty() && self.failed.is_none()
    }

    fn take_finished(&mut self) -> Vec<u16> {
        // One that has failed has not ended.
        if self.failed.is_some() {
            return Vec::new();
        }
        let finished = self.open.extract_if(.., |it| it.next.is_none());
        let finished: Vec<(u16, u64)> = finished.map(|it| (it.number, it.position)).collect();
        self.finished.extend(&finished);
        finished.into_iter().map(|(number, _)| number).collect()
    }

    fn open_next(&mut self) -> Vec<u16> {
        let mut opened = Vec::new();
        while (self.side_by_side || self.open.is_empty()) && self.failed.is_none() {
            let Some(waiting) = self.waiting.pop_front() else { break };
            let Some(split) = self.open(waiting) else { break };
            // An empty split would hold event time until it is looked at again.
            if split.next.is_some() {
                opened.push(split.number);
                self.open.push(split);
            } else {
                self.finished.push((split.number, split.position));
            }
        }
        opened
    }

    fn set_paused(&mut self, splits: &[u16], paused: bool) {
        for split in self.open.iter_mut().filter(|split| splits.contains(&split.number)) {
            split.paused = paused;
        }
    }

    fn next_due(&mut self, now: SimTime) -> Option<Due> {
        if self.failed.is_some() {
            return Some(Due { place: 0, at: now });
        }
        let at = self.pace.next(now);
        let place = self.open.iter().position(|split| !split.paused)?;
        Some(Due { place, at })
    }

    fn read(&mut self, due: Due, now: SimTime, at_most: usize) -> Result<Read<S::Record>, Failure> {
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        let most = self.pace.due(now).min(at_most as u64) as usize;
        let mut split = self.open.remove(due.place);
        let (number, offset) = (split.number, split.position);
        let mut values = Vec::new();
        while values.len() < most
            && let Some(value) = split.next.take()
        {
            values.push(value);
            split.position += 1;
            match split.reader.next().transpose() {
                Ok(next) => split.next = next,
                // What came before is sent on all the same.
                Err(failure) => self.failed = Some(of_split(number, split.position, failure)),
            }
        }
        self.pace.count(values.len() as u64);
        self.open.push(split);
        Ok(Read { split: number, offset, values })
    }
}
