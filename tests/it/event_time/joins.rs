//! Joins on whole clusters, against loops within loops.

use std::collections::BTreeMap;

use proptest::prelude::*;
use weir::api::StreamExecutionEnvironment;
use weir::cluster::{Protocol, RunReport};
use weir::record::{Collector, OutputTag};
use weir::window::{TimeDomain, WindowAssigner, WindowShape};

use super::replay::{Arrival, arrivals};
use super::streams::{Record, Stream, World, stream, world};
use super::watermarks;
use super::windows::{same, shape};
use crate::dataflow::laws;
use crate::window::model::{Model, Spec, windows};

/// Records of the right side are numbered from here.
const RIGHT: u32 = 1_000;

/// How far after a left record a right one may be, and whether the bounds themselves are too far.
#[derive(Clone, Copy, Debug)]
struct Interval {
    bounds: (i64, i64),
    exclusive: (bool, bool),
}

#[derive(Clone, Debug)]
struct Case {
    left: Stream,
    right: Stream,
    world: World,
    parallelism: u32,
}

impl Case {
    /// Watermarks wait long enough for nothing to be late, also where windows touch.
    fn covered(mut self) -> Self {
        for stream in [&mut self.left, &mut self.right] {
            stream.pauses = None;
            let delay = stream.longest_delay().expect("the stream does not pause");
            stream.bound = stream.bound.max(delay + 1);
        }
        self
    }

    fn is_covered(&self) -> bool {
        let covered = |stream: &Stream| Some(stream.longest_delay()? < stream.bound);
        [&self.left, &self.right].into_iter().all(|stream| covered(stream) == Some(true))
    }

    /// Pairs of a left and a right record of one key, as often as `times` says of their moments.
    fn pairs(&self, times: impl Fn(i64, i64) -> usize) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        for left in &self.left.records {
            for right in self.right.records.iter().filter(|right| right.0 == left.0) {
                let pair = (left.2, right.2);
                pairs.extend(std::iter::repeat_n(pair, times(left.1, right.1)));
            }
        }
        pairs.sort_unstable();
        pairs
    }

    /// What each window holds of either side, if nothing is late.
    fn groups(&self, shape: WindowShape) -> Vec<(Vec<u32>, Vec<u32>)> {
        let mut model = Model::new(Spec { shape, lateness: 0 });
        let records = self.left.records.iter().chain(&self.right.records);
        records.for_each(|(key, at, id)| model.element(*key, *at, *id));
        model.watermark(i64::MAX);
        let groups = model.closed.into_iter();
        let groups = groups.map(|(.., ids)| ids.into_iter().partition(|id| *id < RIGHT));
        let mut groups: Vec<_> = groups.collect();
        groups.sort();
        groups
    }

    fn declare_window_join(&self, env: &StreamExecutionEnvironment, shape: WindowShape) {
        let left = self.left.declare(env, "left");
        let right = self.right.declare(env, "right");
        let assigner = || WindowAssigner::shape(TimeDomain::EventTime, shape).unwrap();
        left.join(&right)
            .where_key(|left| left.0)
            .equal_to(|right| right.0)
            .window(assigner())
            .apply(|left, right, out: &mut Collector<(u32, u32)>| out.collect((left.2, right.2)))
            .uid("windows")
            .parallelism(self.parallelism)
            .collect("pairs");
        left.co_group(&right)
            .where_key(|left| left.0)
            .equal_to(|right| right.0)
            .window(assigner())
            .apply(|left: &[&Record], right: &[&Record], out| {
                let ids = |side: &[&Record]| {
                    let mut ids: Vec<u32> = side.iter().map(|record| record.2).collect();
                    ids.sort_unstable();
                    ids
                };
                out.collect((ids(left), ids(right)));
            })
            .uid("co-groups")
            .parallelism(self.parallelism)
            .collect("groups");
    }

    fn declare_interval_join(&self, env: &StreamExecutionEnvironment, interval: Interval) {
        let (late_left, late_right) = (OutputTag::new("late-left"), OutputTag::new("late-right"));
        let left = self.left.declare(env, "left").key_by(|left| left.0);
        let right = self.right.declare(env, "right").key_by(|right| right.0);
        let (lower, upper) = interval.bounds;
        let mut join = left
            .interval_join(&right)
            .between_millis(lower, upper)
            .side_output_left_late_data(&late_left)
            .side_output_right_late_data(&late_right);
        if interval.exclusive.0 {
            join = join.lower_bound_exclusive();
        }
        if interval.exclusive.1 {
            join = join.upper_bound_exclusive();
        }
        let pairs = join
            .process(|left: &Record, right: &Record, context, out| {
                let times = [context.left_timestamp(), context.right_timestamp()];
                assert_eq!(times.map(|time| time.0), [left.1, right.1]);
                assert_eq!(context.timestamp().0, left.1.max(right.1));
                out.collect((left.2, right.2));
            })
            .uid("joined")
            .parallelism(self.parallelism);
        pairs.collect("pairs");
        pairs.get_side_output(&late_left).collect("late-left");
        pairs.get_side_output(&late_right).collect("late-right");
    }
}

impl Interval {
    fn holds(self, left: i64, right: i64) -> bool {
        let (lower, upper) = self.bounds;
        let apart = right - left;
        let (from, to) = self.exclusive;
        (apart > lower || apart == lower && !from) && (apart < upper || apart == upper && !to)
    }

    /// The last moment at which the other side may meet a record: then it is forgotten.
    fn last_moment(self, (_, at, id): Record) -> i64 {
        let (lower, upper) = self.bounds;
        let (from, to) = self.exclusive;
        let (lower, upper) = (lower + i64::from(from), upper - i64::from(to));
        if id < RIGHT { at + upper.max(0) } else { at - lower.min(0) }
    }
}

/// The join of what came to a subtask in its order: pairs, and late records.
fn joined(interval: Interval, arrivals: Vec<Arrival>) -> (Vec<(u32, u32)>, Vec<u32>) {
    let (mut pairs, mut late) = (Vec::new(), Vec::new());
    let (mut kept, mut watermark) = (Vec::<Record>::new(), i64::MIN);
    for arrival in arrivals {
        match arrival {
            Arrival::Watermark(to) => {
                watermark = to.0;
                kept.retain(|record| interval.last_moment(*record) > watermark);
            }
            Arrival::Record { record, .. } if record.1 < watermark => late.push(record.2),
            Arrival::Record { record, .. } => {
                for other in kept.iter().filter(|other| other.0 == record.0) {
                    let (left, right) =
                        if record.2 < RIGHT { (record, *other) } else { (*other, record) };
                    let sides = left.2 < RIGHT && right.2 >= RIGHT;
                    if sides && interval.holds(left.1, right.1) {
                        pairs.push((left.2, right.2));
                    }
                }
                kept.push(record);
            }
        }
    }
    (pairs, late)
}

fn collected<T: serde::de::DeserializeOwned + Ord>(
    report: &RunReport,
    sink: &str,
) -> Result<Vec<T>, String> {
    let mut records = report.collected(sink).map_err(|error| error.to_string())?;
    records.sort_unstable();
    Ok(records)
}

/// Joins in windows come to what loops over all records do, if nothing is late.
fn check_windows(case: &Case, shape: WindowShape, protocol: &Protocol) -> Result<(), String> {
    let report = case.world.run(protocol, |env| case.declare_window_join(env, shape))?;
    let groups = case.groups(shape);
    let pairs = match shape {
        WindowShape::Session { .. } => {
            let pairs = groups.iter().flat_map(|(left, right)| {
                left.iter().flat_map(|left| right.iter().map(|right| (*left, *right)))
            });
            let mut pairs: Vec<_> = pairs.collect();
            pairs.sort_unstable();
            pairs
        }
        WindowShape::Tumbling { .. } | WindowShape::Sliding { .. } => case.pairs(|left, right| {
            let (left, right) = (windows(shape, left), windows(shape, right));
            left.iter().filter(|window| right.contains(window)).count()
        }),
    };
    same("pairs", &collected(&report, "pairs")?, &pairs)?;
    same("groups", &collected(&report, "groups")?, &groups)?;
    watermarks::contract(&report)?;
    laws::check(&report, case.world.calm);
    Ok(())
}

/// An interval join comes to what loops over what came do, and, if nothing is late, over all.
fn check_interval(case: &Case, interval: Interval, protocol: &Protocol) -> Result<(), String> {
    let report = case.world.run(protocol, |env| case.declare_interval_join(env, interval))?;
    let pairs: Vec<(u32, u32)> = collected(&report, "pairs")?;
    let mut late: Vec<Record> = collected(&report, "late-left")?;
    if late.iter().any(|record| record.2 >= RIGHT) {
        return Err(format!("of the left side: {late:?}"));
    }
    late.append(&mut collected(&report, "late-right")?);
    let mut late: Vec<u32> = late.into_iter().map(|record| record.2).collect();
    late.sort_unstable();
    if case.is_covered() {
        let all = case.pairs(|left, right| usize::from(interval.holds(left, right)));
        same("pairs of all records", &pairs, &all)?;
        same("late records", &late, &Vec::new())?;
    }
    let (mut expected, mut expected_late) = (Vec::new(), Vec::new());
    for arrivals in arrivals(&report, "joined").into_values() {
        let (mut pairs, mut late) = joined(interval, arrivals);
        expected.append(&mut pairs);
        expected_late.append(&mut late);
    }
    expected.sort_unstable();
    expected_late.sort_unstable();
    same("pairs", &pairs, &expected)?;
    same("late records", &late, &expected_late)?;
    late_or_paired(case, interval, &pairs, &late)?;
    watermarks::contract(&report)?;
    laws::check(&report, case.world.calm);
    Ok(())
}

/// Without a look at the order: a late record is late once and in no pair, and a pair is of records
/// that belong together, and there once.
fn late_or_paired(
    case: &Case,
    interval: Interval,
    pairs: &[(u32, u32)],
    late: &[u32],
) -> Result<(), String> {
    if let Some(twice) = late.windows(2).find(|two| two[0] == two[1]) {
        return Err(format!("{} is late twice", twice[0]));
    }
    let records = case.left.records.iter().chain(&case.right.records);
    let records: BTreeMap<u32, &Record> = records.map(|record| (record.2, record)).collect();
    for (place, pair @ (left, right)) in pairs.iter().enumerate() {
        let (left, right) = (records[left], records[right]);
        let belongs = left.0 == right.0 && interval.holds(left.1, right.1);
        let is_late = |record: &Record| late.binary_search(&record.2).is_ok();
        if !belongs || is_late(left) || is_late(right) || pairs[..place].contains(pair) {
            return Err(format!("{left:?} with {right:?}"));
        }
    }
    Ok(())
}

prop_compose! {
    fn case()(
        left in stream(60),
        mut right in stream(60),
        world in world(),
        parallelism in 1_u32..=4,
    ) -> Case {
        right.records.iter_mut().for_each(|record| record.2 += RIGHT);
        Case { left, right, world, parallelism }
    }
}

fn interval() -> impl Strategy<Value = Interval> {
    let bounds = (-20_i64..15, 0_i64..20).prop_map(|(lower, length)| (lower, lower + length));
    let exclusive = (any::<bool>(), any::<bool>());
    (bounds, exclusive).prop_map(|(bounds, exclusive)| Interval { bounds, exclusive })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn joins_in_windows_come_to_what_loops_do(case in case(), shape in shape()) {
        let case = case.covered();
        check_windows(&case, shape, &Protocol::default()).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn interval_joins_come_to_what_loops_do(case in case(), interval in interval()) {
        let case = case.covered();
        check_interval(&case, interval, &Protocol::default()).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn interval_joins_of_late_records_come_to_what_loops_do(
        case in case(),
        interval in interval(),
    ) {
        check_interval(&case, interval, &Protocol::default()).map_err(TestCaseError::fail)?;
    }
}
