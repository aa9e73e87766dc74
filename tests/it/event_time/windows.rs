//! Windows on whole clusters: what comes out of random streams, whatever the parallelism, the
//! network, the order of arrival and the frequency of watermarks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use weir::api::{DataStream, StreamExecutionEnvironment};
use weir::cluster::{Protocol, RunReport};
use weir::record::{Collector, OutputTag};
use weir::window::{
    AggregateFunction, Eviction, EvictionOrder, Evictor, ProcessClosure, TimeDomain, Trigger,
    Window, WindowAssigner, WindowContext, WindowShape,
};

use super::replay::{Arrival, arrivals};
use super::streams::{Record, Stream, World, stream, world};
use super::watermarks;
use crate::dataflow::laws;
use crate::window::model::{Closed, Model, Spec, windows};

/// When windows are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firing {
    /// When event time passes their end, and for each late record.
    AtEnd,
    /// And each time that event time has come further by so much.
    Early(i64),
    /// As at the end, with the contents thrown away each time.
    Purging,
}

/// A windowed program with its stream and its world.
#[derive(Clone, Debug)]
pub struct Case {
    /// In a union, if there are several.
    pub streams: Vec<Stream>,
    pub world: World,
    pub parallelism: u32,
    pub shape: WindowShape,
    pub lateness: i64,
    pub firing: Firing,
    /// An evictor leaves so many records.
    pub keep: Option<usize>,
    /// Windows keep an accumulator, and not the records.
    pub folded: bool,
}

/// Keeps the identities of records.
#[derive(Clone)]
struct Ids;

impl AggregateFunction<Record> for Ids {
    type Accumulator = Vec<u32>;
    type Out = Vec<u32>;
    fn create_accumulator(&self) -> Vec<u32> {
        Vec::new()
    }
    fn add(&self, ids: &mut Vec<u32>, record: Record) {
        ids.push(record.2);
    }
    fn get_result(&self, ids: &Vec<u32>) -> Vec<u32> {
        ids.clone()
    }
    fn merge(&self, ids: &mut Vec<u32>, mut other: Vec<u32>) {
        ids.append(&mut other);
    }
}

/// What a window emits.
pub fn pane(key: u8, window: Window, ids: Vec<u32>) -> Closed {
    let span = window.time().expect("these windows are of time");
    (key, span.start.0, span.end.0, ids)
}

impl Case {
    fn declare(&self, env: &StreamExecutionEnvironment) {
        let panes = self.panes(env);
        panes.collect("panes").parallelism(self.parallelism);
        panes.get_side_output(&OutputTag::<Record>::new("late")).collect("late");
    }

    /// What the windows emit.
    pub fn panes(&self, env: &StreamExecutionEnvironment) -> DataStream<Closed> {
        let late = OutputTag::<Record>::new("late");
        let assigner = WindowAssigner::shape(TimeDomain::EventTime, self.shape).unwrap();
        let streams = self.streams.iter().zip(["first", "second", "third"]);
        let streams: Vec<_> = streams.map(|(stream, name)| stream.declare(env, name)).collect();
        let others: Vec<_> = streams[1..].iter().collect();
        let records = streams[0].union(&others);
        let mut windowed = records
            .key_by(|record| record.0)
            .window(assigner)
            .allowed_lateness(Duration::from_millis(self.lateness.unsigned_abs()))
            .side_output_late_data(&late);
        windowed = match self.firing {
            Firing::AtEnd => windowed,
            Firing::Early(interval) => windowed.trigger(Trigger::ContinuousEventTime(interval)),
            Firing::Purging => windowed.trigger(Trigger::EventTime.purging()),
        };
        if let Some(keep) = self.keep {
            let evictor = Evictor::new(Eviction::Count(keep), EvictionOrder::Before);
            windowed = windowed.evictor(evictor);
        }
        let panes: DataStream<Closed> = if self.folded {
            let folded = |key: &u8,
                          context: &mut WindowContext<'_, _>,
                          of: &[Vec<u32>],
                          out: &mut Collector<Closed>| {
                out.collect(pane(*key, context.window(), of.concat()));
            };
            windowed.aggregate_with(Ids, ProcessClosure::new(folded))
        } else {
            windowed.apply(|key, context, of: &[Record], out| {
                let ids = of.iter().map(|record| record.2).collect();
                out.collect(pane(*key, context.window(), ids));
            })
        };
        panes.uid("windows").parallelism(self.parallelism)
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.streams.iter().flat_map(|stream| &stream.records)
    }

    /// By how much a window must outlast the watermark, so that nothing is late and no session
    /// closes before a record that only touches it.
    fn needed_lateness(&self) -> Option<i64> {
        let touching = i64::from(matches!(self.shape, WindowShape::Session { .. }));
        let needed = |stream: &Stream| Some(stream.longest_delay()? + touching - stream.bound);
        self.streams.iter().map(needed).try_fold(0, |most, needed| Some(most.max(needed?)))
    }

    /// What the windows come to, of all that they emitted.
    fn results(&self, emitted: Vec<Closed>) -> Vec<Closed> {
        let mut results = match (self.firing, self.keep) {
            (Firing::Purging, _) => {
                let mut sums = BTreeMap::<_, Vec<u32>>::new();
                for (key, start, end, ids) in emitted {
                    sums.entry((key, start, end)).or_default().extend(ids);
                }
                let sums = sums.into_iter();
                sums.map(|((key, start, end), ids)| (key, start, end, ids)).collect()
            }
            (_, Some(_)) => {
                let last = emitted.into_iter().map(|(key, s, e, ids)| ((key, s, e), ids));
                let last = last.collect::<BTreeMap<_, _>>().into_iter();
                last.map(|((key, start, end), ids)| (key, start, end, ids)).collect()
            }
            (_, None) => last_words(&emitted),
        };
        results.iter_mut().for_each(|(.., ids)| ids.sort_unstable());
        results.sort();
        results
    }

    /// What the windows come to by the naive model, with what came to each subtask in its order;
    /// and the late records.
    fn expected(&self, report: &RunReport) -> (Vec<Closed>, Vec<u32>) {
        let spec = Spec { shape: self.shape, lateness: self.lateness };
        let (mut closed, mut late) = (Vec::new(), Vec::new());
        for arrivals in arrivals(report, "windows").into_values() {
            let mut model = Model::new(spec);
            let mut places = BTreeMap::new();
            for (place, arrival) in arrivals.into_iter().enumerate() {
                match arrival {
                    Arrival::Record { record: (key, at, id), .. } => {
                        places.insert(id, place);
                        model.element(key, at, id);
                    }
                    Arrival::Watermark(watermark) => model.watermark(watermark.0),
                }
            }
            for (_, _, _, ids) in &mut model.closed {
                if let Some(keep) = self.keep {
                    ids.sort_by_key(|id| places[id]);
                    ids.drain(..ids.len().saturating_sub(keep));
                    ids.sort_unstable();
                }
            }
            closed.append(&mut model.closed);
            late.append(&mut model.late);
        }
        closed.sort();
        late.sort_unstable();
        (closed, late)
    }

    /// What the windows come to if nothing is late: sort, group, apply.
    pub fn batch(&self) -> Vec<Closed> {
        let mut model = Model::new(Spec { shape: self.shape, lateness: self.lateness });
        self.records().for_each(|(key, at, id)| model.element(*key, *at, *id));
        model.watermark(i64::MAX);
        model.closed.sort();
        model.closed
    }

    /// Without a model: a record is in windows that hold its moment, once in each; it is late only
    /// if it is in none; and it is somewhere.
    fn each_record_once(&self, results: &[Closed], late: &[u32]) -> Result<(), String> {
        for record @ (key, at, id) in self.records() {
            let times_late = late.iter().filter(|late| *late == id).count();
            let mut taken = 0;
            for (of, start, end, ids) in results {
                match ids.iter().filter(|found| *found == id).count() {
                    0 => {}
                    1 if of == key && start <= at && at < end => taken += 1,
                    times => {
                        return Err(format!("{record:?} is in [{start}, {end}) {times} times"));
                    }
                }
            }
            let most = windows(self.shape, *at).len();
            let lost = taken + times_late == 0 && most > 0;
            if lost || taken > most || times_late > 1 || (taken > 0 && times_late > 0) {
                return Err(format!(
                    "{record:?} is in {taken} of {most} windows, and late {times_late} times"
                ));
            }
        }
        Ok(())
    }
}

/// What was emitted last of each window. A window grows and merges into longer ones; what it
/// emitted before is among what it emits then.
fn last_words(emitted: &[Closed]) -> Vec<Closed> {
    let sets: Vec<BTreeSet<u32>> =
        emitted.iter().map(|it| it.3.iter().copied().collect()).collect();
    let is_last = |(place, (key, start, end, _)): &(usize, &Closed)| {
        let later = emitted.iter().zip(&sets).skip(place + 1);
        !later.into_iter().any(|((of, from, to, _), ids)| {
            of == key && from <= start && end <= to && ids.is_superset(&sets[*place])
        })
    };
    emitted.iter().enumerate().filter(is_last).map(|(_, pane)| pane.clone()).collect()
}

/// What a run came to.
pub struct Outcome {
    pub report: RunReport,
    pub late: Vec<u32>,
}

pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: &T, should: &T) -> Result<(), String> {
    if is == should { Ok(()) } else { Err(format!("{what}: {is:?} is not {should:?}")) }
}

/// Runs a case with these parts of the engine and holds its outcome to the oracles.
pub fn check(case: &Case, protocol: &Protocol) -> Result<Outcome, String> {
    let report = case.world.run(protocol, |env| case.declare(env))?;
    let emitted = report.collected::<Closed>("panes").map_err(|error| error.to_string())?;
    let results = case.results(emitted);
    let late = report.collected::<Record>("late").map_err(|error| error.to_string())?;
    let mut late: Vec<u32> = late.into_iter().map(|record| record.2).collect();
    late.sort_unstable();
    if case.needed_lateness().is_some_and(|needed| needed <= case.lateness) {
        same("late records", &late, &Vec::new())?;
        if case.keep.is_none() {
            same("windows of all records", &results, &case.batch())?;
        }
    }
    let (expected, expected_late) = case.expected(&report);
    same("windows by what came", &results, &expected)?;
    same("late records by what came", &late, &expected_late)?;
    if case.keep.is_none() {
        case.each_record_once(&results, &late)?;
    }
    watermarks::contract(&report)?;
    Ok(Outcome { report, late })
}

pub fn shape() -> impl Strategy<Value = WindowShape> {
    prop_oneof![
        (1_i64..20)
            .prop_flat_map(|size| (Just(size), 1 - size..size))
            .prop_map(|(size, offset)| WindowShape::Tumbling { size, offset }),
        (1_i64..20, 1_i64..20)
            .prop_flat_map(|(size, slide)| (Just(size), Just(slide), 1 - slide..slide))
            .prop_map(|(size, slide, offset)| WindowShape::Sliding { size, slide, offset }),
        (1_i64..12).prop_map(|gap| WindowShape::Session { gap }),
    ]
}

prop_compose! {
    /// Any windows of any stream.
    pub fn case()(
        streams in streams(),
        world in world(),
        parallelism in 1_u32..=4,
        shape in shape(),
        lateness in prop_oneof![Just(0), 0_i64..12],
        firing in prop_oneof![
            3 => Just(Firing::AtEnd),
            1 => (1_i64..10).prop_map(Firing::Early),
            1 => Just(Firing::Purging),
        ],
        keep in proptest::option::weighted(0.15, 1_usize..4),
        folded in any::<bool>(),
    ) -> Case {
        // Of what merges, neither what was thrown away nor which records come last is certain.
        let merges = matches!(shape, WindowShape::Session { .. });
        let firing = if merges && firing == Firing::Purging { Firing::AtEnd } else { firing };
        let keep = keep.filter(|_| !merges && firing != Firing::Purging);
        Case { streams, world, parallelism, shape, lateness, firing, keep, folded }
    }
}

/// One stream, or several that are to be united.
fn streams() -> impl Strategy<Value = Vec<Stream>> {
    let streams = prop_oneof![
        2 => prop::collection::vec(stream(100), 1..=1),
        1 => prop::collection::vec(stream(40), 2..=3),
    ];
    streams.prop_map(|mut streams| {
        for (place, stream) in (0..).zip(&mut streams) {
            stream.records.iter_mut().for_each(|record| record.2 += place * 1_000);
        }
        streams
    })
}

/// The same without pauses, and with lateness enough for the longest delay.
pub fn covered(mut case: Case, more: i64) -> Case {
    case.streams.iter_mut().for_each(|stream| stream.pauses = None);
    let needed = case.needed_lateness().expect("no stream pauses");
    Case { lateness: needed + more, ..case }
}

fn holds(case: &Case) -> Result<Outcome, TestCaseError> {
    let outcome = check(case, &Protocol::default()).map_err(TestCaseError::fail)?;
    laws::check(&outcome.report, case.world.calm);
    Ok(outcome)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn with_lateness_enough_windows_come_to_what_a_batch_does(case in case(), more in 0_i64..3) {
        let outcome = holds(&covered(case, more))?;
        prop_assert!(outcome.late.is_empty());
    }

    #[test]
    fn each_record_is_in_its_windows_or_late(case in case()) {
        holds(&case)?;
    }
}
