//! Windows by the clocks of nodes, which differ, drift and jump.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use weir::api::{SourceOptions, StreamExecutionEnvironment, TimeCharacteristic};
use weir::base::{Name, NodeId, SimTime};
use weir::cluster::{Protocol, RunReport};
use weir::sim::{FaultAction, FaultOptions, When};
use weir::trace::{Event, ExchangeEvent, NodeEvent, RecordEvent, TraceFile};
use weir::window::{TimeDomain, WindowAssigner, WindowShape};

use super::replay::record;
use super::streams::{Record, World, world};
use super::watermarks;
use super::windows::{pane, same};
use crate::window::model::{Closed, windows};

/// What a clock without offset shows at the start of a run.
const START_NS: i128 = 1_704_067_200_000_000_000;

/// What each window of a key holds.
type Panes = BTreeMap<(u8, i64, i64), Vec<u32>>;

/// How a TaskManager's clock differs: microseconds ahead, parts per million too fast.
type Skew = (i64, i64);

#[derive(Clone, Debug)]
struct Case {
    keys: Vec<u8>,
    rate: f64,
    world: World,
    parallelism: u32,
    shape: WindowShape,
    skews: [Skew; 2],
    /// A clock changes: of which TaskManager, when, and how.
    change: Option<(usize, u64, Skew)>,
}

impl Case {
    fn world(&self) -> World {
        let mut world = self.world.clone();
        let sim = &mut world.options.sim;
        for (node, (offset_us, drift_ppm)) in sim.nodes[2..].iter_mut().zip(self.skews) {
            (node.clock_offset_us, node.clock_drift_ppm) = (offset_us, drift_ppm);
        }
        if let Some((which, at_ms, (jump_us, drift_ppm))) = self.change {
            let node = sim.nodes[2 + which].name.clone();
            let when = When::At(SimTime::ZERO + Duration::from_millis(at_ms));
            let action = FaultAction::Clock { node, jump_us, drift_ppm };
            sim.faults = vec![FaultOptions { when, action, optional: false }];
        }
        world
    }

    fn declare(&self, env: &StreamExecutionEnvironment, domain: TimeDomain) {
        let options = SourceOptions { rate: Some(self.rate), splits: Some(3), side_by_side: false };
        let records: Vec<Record> =
            self.keys.iter().zip(0..).map(|(key, id)| (*key, 0, id)).collect();
        let assigner = WindowAssigner::shape(domain, self.shape).unwrap();
        env.from_splits("records", std::sync::Arc::new(records), options)
            .parallelism(self.parallelism)
            .key_by(|record| record.0)
            .window(assigner)
            .apply(|key, context, of: &[Record], out| {
                let ids = of.iter().map(|record| record.2).collect();
                out.collect(pane(*key, context.window(), ids));
            })
            .uid("windows")
            .parallelism(self.parallelism)
            .collect("panes");
    }
}

/// A TaskManager's clock.
#[derive(Clone, Copy)]
struct Clock {
    since: SimTime,
    ahead_ns: i128,
    drift_ppm: i64,
}

impl Clock {
    fn new((ahead_us, drift_ppm): Skew) -> Self {
        Self { since: SimTime::ZERO, ahead_ns: i128::from(ahead_us) * 1_000, drift_ppm }
    }

    fn ahead_ns(&self, at: SimTime) -> i128 {
        let elapsed = i128::from(at.0) - i128::from(self.since.0);
        self.ahead_ns + elapsed * i128::from(self.drift_ppm) / 1_000_000
    }

    fn change(&mut self, at: SimTime, (jump_us, drift_ppm): Skew) {
        let ahead_ns = self.ahead_ns(at) + i128::from(jump_us) * 1_000;
        *self = Self { since: at, ahead_ns, drift_ppm };
    }

    fn shows(&self, at: SimTime) -> i64 {
        (START_NS + i128::from(at.0) + self.ahead_ns(at)).div_euclid(1_000_000) as i64
    }
}

/// The windows of what came to the subtasks, by their clocks, and what the clock of a key's subtask
/// showed when its input had ended.
fn by_clock(case: &Case, report: &RunReport) -> (Panes, Vec<i64>) {
    let mut sent = BTreeMap::<(u16, Name, Name, u64), Vec<Record>>::new();
    let mut panes = Panes::new();
    let mut key_subtasks = BTreeMap::<u8, Name>::new();
    let mut ended = BTreeMap::<Name, i64>::new();
    let mut clocks = case.skews.map(Clock::new);
    let clock_of = |node: NodeId| usize::from(node.0) - 2;
    for recorded in &TraceFile::parse(report.trace.clone().unwrap()).unwrap() {
        match &recorded.event {
            Event::Node(NodeEvent::ClockChanged { .. }) => {
                let (_, _, skew) = case.change.expect("clocks change when a case says so");
                clocks[clock_of(recorded.node)].change(recorded.at, skew);
            }
            Event::Record(RecordEvent::RecordsSent { edge, from, to, seq, values, .. })
                if to.starts_with("windows#") =>
            {
                let records = values.iter().map(|value| record(value)).collect();
                sent.insert((*edge, from.clone(), to.clone(), *seq), records);
            }
            Event::Exchange(ExchangeEvent::BufferConsumed { edge, from, to, seq, .. }) => {
                let id = (*edge, from.clone(), to.clone(), *seq);
                for (key, _, id) in sent.remove(&id).unwrap_or_default() {
                    key_subtasks.insert(key, to.clone());
                    let now = clocks[clock_of(recorded.node)].shows(recorded.at);
                    for (start, end) in windows(case.shape, now) {
                        panes.entry((key, start, end)).or_default().push(id);
                    }
                }
            }
            Event::Exchange(ExchangeEvent::EndOfInputReceived { to, .. }) => {
                let now = clocks[clock_of(recorded.node)].shows(recorded.at);
                ended.insert(to.clone(), now);
            }
            _ => {}
        }
    }
    let ended = (0..=u8::MAX).map(|key| key_subtasks.get(&key).map_or(0, |subtask| ended[subtask]));
    (panes, ended.collect())
}

/// What each window emitted, in all.
fn emitted(report: &RunReport) -> Result<Panes, String> {
    let mut panes = Panes::new();
    for (key, start, end, ids) in report.collected("panes").map_err(|error| error.to_string())? {
        let (_, _, _, ids): Closed = (key, start, end, ids);
        panes.entry((key, start, end)).or_default().extend(ids);
    }
    Ok(panes)
}

/// The windows of what the sources read, by their clocks.
fn by_clock_of_source(case: &Case, report: &RunReport) -> Panes {
    let mut panes = Panes::new();
    let clocks = case.skews.map(Clock::new);
    for recorded in &TraceFile::parse(report.trace.clone().unwrap()).unwrap() {
        let Event::Record(RecordEvent::RecordsEmitted { values, .. }) = &recorded.event else {
            continue;
        };
        let now = clocks[usize::from(recorded.node.0) - 2].shows(recorded.at);
        for (key, _, id) in values.iter().map(|value| record(value)) {
            for (start, end) in windows(case.shape, now) {
                panes.entry((key, start, end)).or_default().push(id);
            }
        }
    }
    panes
}

/// Whatever the clocks behind it, a record is in the windows of its source's clock, once, and none
/// is late.
fn check_ingestion(case: &Case) -> Result<(), String> {
    let report = case.world().run(&Protocol::default(), |env| {
        env.set_stream_time_characteristic(TimeCharacteristic::IngestionTime);
        case.declare(env, TimeDomain::EventTime);
    })?;
    let (mut panes, mut expected) = (emitted(&report)?, by_clock_of_source(case, &report));
    for ids in panes.values_mut().chain(expected.values_mut()) {
        ids.sort_unstable();
    }
    same("windows", &panes, &expected)?;
    watermarks::contract(&report)
}

/// Each record is in the windows of the clock of its subtask's node, once. As in Flink, what is not
/// over when the input has ended is never evaluated.
fn check(case: &Case) -> Result<(), String> {
    let declare = |env: &StreamExecutionEnvironment| case.declare(env, TimeDomain::ProcessingTime);
    let report = case.world().run(&Protocol::default(), declare)?;
    let mut panes = emitted(&report)?;
    let (mut expected, ended) = by_clock(case, &report);
    for (pane @ (key, _, end), ids) in &mut expected {
        // A window that is open again, since the clock has gone back, may have fired before.
        if *end > ended[usize::from(*key)] {
            let emitted = panes.get(pane);
            ids.retain(|id| emitted.is_some_and(|emitted| emitted.contains(id)));
        }
    }
    expected.retain(|_, ids| !ids.is_empty());
    for ids in panes.values_mut().chain(expected.values_mut()) {
        ids.sort_unstable();
    }
    same("windows", &panes, &expected)
}

fn skew() -> impl Strategy<Value = Skew> {
    (-2_000_000_i64..2_000_000, prop_oneof![Just(0), -500_000_i64..1_000_000])
}

prop_compose! {
    fn case()(
        keys in prop::collection::vec(0_u8..5, 1..100),
        rate in 100.0..2_000.0,
        mut world in world(),
        parallelism in 1_u32..=4,
        shape in prop_oneof![
            2 => (1_i64..60).prop_map(|size| WindowShape::Tumbling { size, offset: 0 }),
            1 => (1_i64..40, 1_i64..40)
                .prop_map(|(size, slide)| WindowShape::Sliding { size, slide, offset: 0 }),
        ],
        skews in [skew(), skew()],
        change in proptest::option::of((0..2_usize, 1_u64..300, skew())),
    ) -> Case {
        world.options.sim.faults.clear();
        Case { keys, rate, world, parallelism, shape, skews, change }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn windows_of_processing_time_go_by_their_nodes_clock(case in case()) {
        check(&case).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn windows_of_ingestion_time_go_by_the_clocks_of_sources(case in case()) {
        let case = Case { change: None, ..case };
        check_ingestion(&case).map_err(TestCaseError::fail)?;
    }
}
