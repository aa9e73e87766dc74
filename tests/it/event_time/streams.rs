//! Random streams of records, and the worlds in which they flow.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use weir::api::{DataStream, SourceOptions, StreamExecutionEnvironment};
use weir::base::{EventTime, Seed, SimTime};
use weir::cluster::{ClusterOptions, Protocol, RunReport};
use weir::connector::{Splits, Timed};
use weir::sim::{FaultAction, FaultOptions, When};
use weir::time::{WatermarkGenerator, WatermarkOutput, WatermarkStrategy};
use weir::trace::{JobStatus, Level};

use super::{cluster, run};

/// A record: its key, its event time and what makes it itself.
pub type Record = (u8, i64, u32);

/// How often a stream says how far event time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watermarks {
    /// At the interval of the environment.
    Periodic,
    /// With each record.
    EachRecord,
    /// With every so many records.
    Every(u32),
}

/// A source of records with its watermark strategy.
#[derive(Clone, Debug)]
pub struct Stream {
    pub records: Vec<Record>,
    /// How far the watermark trails the latest record.
    pub bound: i64,
    pub watermarks: Watermarks,
    pub splits: u16,
    pub side_by_side: bool,
    pub parallelism: u32,
    /// Records per second, over all splits.
    pub rate: Option<f64>,
    /// Watermarks come from an operator behind the source, and not from the source's splits.
    pub assigned_behind: bool,
    /// When records come into being, in milliseconds, and after how many without a record the
    /// stream counts as idle.
    pub pauses: Option<(Vec<u64>, u64)>,
}

/// Follows the latest record, and says so with every `every`th.
struct EveryNth {
    every: u32,
    seen: u32,
    latest: i64,
    bound: i64,
}

impl WatermarkGenerator<Record> for EveryNth {
    fn on_event(&mut self, _: &Record, at: EventTime, output: &mut dyn WatermarkOutput) {
        self.latest = self.latest.max(at.0);
        self.seen += 1;
        if self.seen.is_multiple_of(self.every) {
            output.emit_watermark(EventTime(self.latest - self.bound - 1));
        }
    }
    fn on_periodic_emit(&mut self, _: &mut dyn WatermarkOutput) {}
}

impl Stream {
    pub fn strategy(&self) -> WatermarkStrategy<Record> {
        let bound = self.bound;
        let strategy = match self.watermarks {
            Watermarks::Periodic => {
                let bound = Duration::from_millis(bound.unsigned_abs());
                WatermarkStrategy::for_bounded_out_of_orderness(bound)
            }
            Watermarks::EachRecord => WatermarkStrategy::for_punctuated(move |_, at: EventTime| {
                Some(EventTime(at.0 - bound - 1))
            }),
            Watermarks::Every(every) => WatermarkStrategy::for_generator(move || EveryNth {
                every,
                seen: 0,
                latest: i64::MIN / 2,
                bound,
            }),
        };
        let strategy = strategy.with_timestamp_assigner(|record: &Record, _| EventTime(record.1));
        match self.pauses {
            Some((_, idle_after)) => strategy.with_idleness(Duration::from_millis(idle_after)),
            None => strategy,
        }
    }

    fn splits(&self) -> Arc<dyn Splits<Record>> {
        let Some((due, _)) = &self.pauses else { return Arc::new(self.records.clone()) };
        let due = due.iter().map(|due| Duration::from_millis(*due));
        Arc::new(Timed(due.zip(self.records.iter().copied()).collect()))
    }

    pub fn declare(&self, env: &StreamExecutionEnvironment, name: &str) -> DataStream<Record> {
        let options = SourceOptions {
            rate: self.rate,
            splits: Some(self.splits),
            side_by_side: self.side_by_side,
        };
        let records = self.splits();
        if self.assigned_behind {
            let source = env.from_splits(name, records, options);
            let source = source.uid(name).parallelism(self.parallelism);
            let assigned = source.assign_timestamps_and_watermarks(self.strategy());
            return assigned.parallelism(self.parallelism);
        }
        let source = env.from_source(name, records, options, self.strategy());
        source.uid(name).parallelism(self.parallelism)
    }

    /// By how much a record is behind one that a generator has seen before it, at most: as far as
    /// the order is certain in which generators see records. None if watermarks may not wait for
    /// records that come after a pause.
    pub fn longest_delay(&self) -> Option<i64> {
        self.pauses.is_none().then(|| self.longest_delay_without_pauses())
    }

    fn longest_delay_without_pauses(&self) -> i64 {
        let count = self.records.len() as u64;
        let begin = |split: u16| (u64::from(split) * count / u64::from(self.splits)) as usize;
        let of_split = |split: u16| &self.records[begin(split)..begin(split + 1)];
        if !self.side_by_side {
            let readers = 0..self.parallelism as usize;
            let of_reader = |reader| (0..self.splits).skip(reader).step_by(readers.len());
            let readers = readers.clone().map(|reader| of_reader(reader).flat_map(of_split));
            return readers.map(delay).max().unwrap_or(0);
        }
        if self.assigned_behind {
            // One generator sees the records of several splits, in whichever order.
            let times = || self.records.iter().map(|record| record.1);
            return times().max().unwrap_or(0) - times().min().unwrap_or(0);
        }
        (0..self.splits).map(|split| delay(of_split(split).iter())).max().unwrap_or(0)
    }
}

fn delay<'a>(records: impl Iterator<Item = &'a Record>) -> i64 {
    let (mut latest, mut longest) = (i64::MIN, 0);
    for (_, at, _) in records {
        latest = latest.max(*at);
        longest = longest.max(latest - at);
    }
    longest
}

/// The world of a run, as far as it must not matter.
#[derive(Clone, Debug)]
pub struct World {
    pub options: ClusterOptions,
    pub chaining: bool,
    pub interval: Duration,
    /// Whether no clock differs and no node stands still.
    pub calm: bool,
}

impl World {
    /// Runs a program to its end, with these parts of the engine.
    pub fn run(
        &self,
        protocol: &Protocol,
        declare: impl Fn(&StreamExecutionEnvironment),
    ) -> Result<RunReport, String> {
        let options = ClusterOptions { protocol: protocol.clone(), ..self.options.clone() };
        let report = run(options, |env| {
            env.set_auto_watermark_interval(self.interval);
            if !self.chaining {
                env.disable_operator_chaining();
            }
            declare(env);
        });
        let job = &report.jobs[0];
        match job.status {
            JobStatus::Finished => Ok(report),
            status => Err(format!("the job is {status:?}, {}: {:?}", report.end, job.cause)),
        }
    }
}

/// A TaskManager stands still for a while, its clock jumps and drifts, or the way to the other is
/// cut for a moment.
fn unrest() -> impl Strategy<Value = FaultOptions> {
    let node = prop_oneof![Just("taskmanager-1"), Just("taskmanager-2")];
    let action = (node, 0..3_u8, millis(1..400), -500_000_i64..1_000_000);
    let action = action.prop_map(|(node, kind, span, by)| match kind {
        0 => FaultAction::Pause { node: node.to_string(), duration: Some(span) },
        1 => FaultAction::Clock { node: node.to_string(), jump_us: by * 10, drift_ppm: by },
        _ => FaultAction::Partition {
            from: vec![node.to_string()],
            to: Vec::new(),
            one_way: by < 0,
            duration: Some(span),
        },
    });
    (millis(30..400), action).prop_map(|(at, action)| FaultOptions {
        when: When::At(SimTime::ZERO + at),
        action,
        optional: false,
    })
}

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

prop_compose! {
    pub fn world()(
        seed in any::<u64>(),
        latency in prop_oneof![
            3 => Just((Duration::from_micros(500), Duration::from_millis(1))),
            1 => Just((Duration::ZERO, Duration::ZERO)),
            2 => (Just(Duration::ZERO), millis(5..80)),
        ],
        buffer_records in prop_oneof![Just(1_usize), 2_usize..10, Just(1024)],
        credits in 1_u32..4,
        output_buffers in 1_usize..3,
        buffer_timeout in prop_oneof![Just(Duration::ZERO), millis(1..100)],
        record_cost in prop_oneof![3 => Just(Duration::from_micros(1)), 1 => millis(0..3)],
        chaining in any::<bool>(),
        interval in proptest::sample::select(vec![0_u64, 1, 10, 50, 200]),
        loss in prop_oneof![3 => Just(0.0), 1 => 0.0..0.1],
        unrest in proptest::option::weighted(0.2, unrest()),
    ) -> World {
        let mut options = cluster();
        options.sim.seed = Seed(seed);
        options.sim.level = Level::Records;
        options.sim.network.default.latency = latency.0..=latency.1;
        options.sim.network.default.loss = loss;
        let calm = unrest.is_none();
        options.sim.faults = unrest.into_iter().collect();
        options.task.buffer_records = buffer_records;
        options.task.credits = credits;
        options.task.output_buffers = output_buffers;
        options.task.buffer_timeout = buffer_timeout;
        options.task.record_cost = record_cost;
        World { options, chaining, interval: Duration::from_millis(interval), calm }
    }
}

fn watermarks() -> impl Strategy<Value = Watermarks> {
    prop_oneof![
        Just(Watermarks::Periodic),
        Just(Watermarks::EachRecord),
        (2_u32..20).prop_map(Watermarks::Every),
    ]
}

fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![9 => Just(0_u64), 1 => 10_u64..300]
}

prop_compose! {
    /// Records around a moment that moves on, each behind it by up to a delay of the stream's.
    pub fn stream(most: usize)(
        start in -60_i64..20,
        most_behind in 0_i64..15,
        steps in prop::collection::vec((0_i64..6, 0_i64..15, 0_u8..5, pause()), 1..most),
        idle_after in proptest::option::weighted(0.2, 5_u64..100),
        bound in 0_i64..15,
        watermarks in watermarks(),
        splits in 1_u16..6,
        side_by_side in any::<bool>(),
        parallelism in 1_u32..=4,
        rate in proptest::option::weighted(0.7, 100.0..2_000.0),
        assigned_behind in proptest::bool::weighted(0.25),
    ) -> Stream {
        let (mut moment, mut due) = (start, 0);
        let records = (0..).zip(steps).map(|(id, (forward, behind, key, pause))| {
            moment += forward;
            due += pause;
            ((key, moment - behind.min(most_behind), id), due)
        });
        let (records, due): (Vec<_>, Vec<_>) = records.unzip();
        let pauses = idle_after.map(|idle_after| (due, idle_after));
        Stream {
            records,
            bound,
            watermarks,
            splits,
            side_by_side,
            parallelism,
            rate,
            assigned_behind,
            pauses,
        }
    }
}
