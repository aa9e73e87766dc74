//! What cannot go on fails its job, and the root cause says why.

use std::sync::Arc;
use std::time::Duration;

use weir::api::{
    DataStream, SlidingEventTimeWindows, StreamExecutionEnvironment, TumblingEventTimeWindows,
    WindowedStream,
};
use weir::base::EventTime;
use weir::operator::KeySelector;
use weir::record::Collector;
use weir::time::{WatermarkGenerator, WatermarkOutput, WatermarkStrategy};
use weir::trace::JobStatus;
use weir::window::{
    CustomAssigner, CustomEvictor, CustomTrigger, CustomTriggerContext, Elements, Eviction,
    EvictionOrder, Evictor, TimeDomain, Trigger, TriggerResult, Window, WindowAssigner,
    WindowContext,
};

use super::streams::Record;
use super::{cluster, run};

/// A program whose job fails, and the root cause, at any parallelism.
fn check(declare: impl Fn(&StreamExecutionEnvironment), cause: &str) {
    for parallelism in [1, 2] {
        let report = run(cluster(), |env| {
            env.set_parallelism(parallelism);
            declare(env);
        });
        assert_eq!(report.jobs[0].status, JobStatus::Failed);
        assert_eq!(report.jobs[0].cause.as_deref(), Some(cause));
    }
}

fn records(env: &StreamExecutionEnvironment) -> DataStream<Record> {
    env.from_collection((0..20).map(|id| (0, i64::from(id), id)).collect())
}

fn strategy() -> WatermarkStrategy<Record> {
    WatermarkStrategy::for_punctuated(|_, at: EventTime| Some(at))
        .with_timestamp_assigner(|record: &Record, _| EventTime(record.1))
}

fn stamped(env: &StreamExecutionEnvironment) -> DataStream<Record> {
    records(env).assign_timestamps_and_watermarks(strategy())
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const NO_TIMESTAMP: &str = "Record has Long.MIN_VALUE timestamp (= no timestamp marker). Is the \
     time characteristic set to 'ProcessingTime', or did you forget to call \
     'DataStream.assignTimestampsAndWatermarks(...)'?";

#[test]
fn windows_of_event_time_ask_for_timestamps() {
    let cause = |operator: &str| format!("{operator}: {NO_TIMESTAMP}");
    check(
        |env| {
            let windowed = records(env).key_by(|r| r.0).time_window(seconds(1));
            windowed.sum(|r| &mut r.2).uid("sums").parallelism(1).discard();
        },
        &cause("sums#1"),
    );
    check(
        |env| {
            let windows = SlidingEventTimeWindows::of(seconds(1), Duration::from_millis(300));
            let mixed = stamped(env).union(&[&records(env)]);
            mixed
                .key_by(|r| r.0)
                .window(windows)
                .sum(|r| &mut r.2)
                .uid("sums")
                .parallelism(1)
                .discard();
        },
        &cause("sums#1"),
    );
    check(
        |env| {
            let windows = || TumblingEventTimeWindows::of(seconds(1));
            let pairs = stamped(env).join(&records(env)).where_key(|r| r.0).equal_to(|r| r.0);
            let pairs = pairs.window(windows());
            let pairs =
                pairs.apply(|l, r, out: &mut Collector<(u32, u32)>| out.collect((l.2, r.2)));
            pairs.uid("pairs").parallelism(1).discard();
        },
        &cause("pairs#1"),
    );
    check(
        |env| {
            let (left, right) = (records(env).key_by(|r| r.0), stamped(env).key_by(|r| r.0));
            let pairs = left.interval_join(&right).between_millis(0, 1);
            pairs.process(|l, _, _, out| out.collect(*l)).uid("pairs").parallelism(1).discard();
        },
        "pairs#1: Long.MIN_VALUE timestamp: Elements used in interval stream joins need to have \
         timestamps meaningful timestamps.",
    );
}

/// Panics as whatever it is used as.
struct Broken;

impl WatermarkGenerator<Record> for Broken {
    fn on_event(&mut self, _: &Record, _: EventTime, _: &mut dyn WatermarkOutput) {
        panic!("no watermark")
    }
    fn on_periodic_emit(&mut self, _: &mut dyn WatermarkOutput) {}
}

impl CustomTrigger<Record> for Broken {
    fn on_element(
        &self,
        _: &Record,
        _: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        context.register_event_time_timer(EventTime(7));
        TriggerResult::Continue
    }
    fn on_event_time(&self, _: EventTime, _: &mut CustomTriggerContext<'_>) -> TriggerResult {
        panic!("no firing")
    }
    fn on_processing_time(&self, _: EventTime, _: &mut CustomTriggerContext<'_>) -> TriggerResult {
        TriggerResult::Continue
    }
    fn clear(&self, _: &mut CustomTriggerContext<'_>) {}
}

impl CustomEvictor<Record> for Broken {
    fn evict_before(&self, _: &mut Elements<Record>, _: Window) {
        panic!("no eviction")
    }
    fn evict_after(&self, _: &mut Elements<Record>, _: Window) {}
}

impl CustomAssigner<Record> for Broken {
    fn assign_windows(&self, _: &Record, _: EventTime, _: EventTime, _: &mut Vec<Window>) {
        panic!("no window")
    }
}

/// A windowed program of records with timestamps, and what its user's code says as it panics.
fn check_window<S: KeySelector<Record>>(
    windowed: impl Fn(&StreamExecutionEnvironment) -> WindowedStream<Record, S>,
    says: &str,
) {
    let cause = format!("sums#1: user code panicked: {says}");
    check(
        |env| {
            windowed(env).sum(|record| &mut record.2).uid("sums").parallelism(1).discard();
        },
        &cause,
    );
}

#[test]
fn code_that_panics_around_windows_is_the_root_cause() {
    let keyed = |env: &StreamExecutionEnvironment| stamped(env).key_by(|record| record.0);
    check_window(
        |env| keyed(env).time_window(seconds(1)).trigger(Trigger::Custom(Arc::new(Broken))),
        "no firing",
    );
    check_window(
        |env| {
            let evictor = Evictor::new(Eviction::Custom(Arc::new(Broken)), EvictionOrder::Before);
            keyed(env).time_window(seconds(1)).evictor(evictor)
        },
        "no eviction",
    );
    check_window(
        |env| keyed(env).window(WindowAssigner::custom(TimeDomain::EventTime, Arc::new(Broken))),
        "no window",
    );
    check(
        |env| {
            let windowed = keyed(env).time_window(Duration::from_millis(5));
            let function =
                |_: &u8, _: &mut WindowContext<'_, _>, of: &[Record], _: &mut Collector<Record>| {
                    assert!(of[0].2 < 10, "no more");
                };
            windowed.apply(function).uid("applied").parallelism(1).discard();
        },
        "applied#1: user code panicked: no more",
    );
    check(
        |env| {
            let windowed = keyed(env).time_window(seconds(1));
            windowed.reduce(|_, _| panic!("no sum")).uid("reduced").parallelism(1).discard();
        },
        "reduced#1: user code panicked: no sum",
    );
}

#[test]
fn code_that_panics_around_watermarks_is_the_root_cause() {
    check(
        |env| {
            let strategy = WatermarkStrategy::for_generator(|| Broken);
            let stamped = records(env).assign_timestamps_and_watermarks(strategy);
            stamped.uid("stamped").parallelism(1).disable_chaining().discard();
        },
        "stamped#1: user code panicked: no watermark",
    );
    check(
        |env| {
            let strategy = strategy().with_timestamp_assigner(|_, _| panic!("no timestamp"));
            let records = Arc::new(vec![(0, 0, 0)]);
            env.from_source("records", records, Default::default(), strategy)
                .uid("records")
                .discard();
        },
        "records#1: user code panicked: no timestamp",
    );
}
