//! Strategies at sources and in the middle of a stream, as scripts with what the chain saw.

use std::time::Duration;

use weir::base::{EventTime, SimTime};
use weir::record::WatermarkStatus;
use weir::time::{
    DataOutput, PausableRelativeClock, SourceTimestampsAndWatermarks, SplitAlignment,
    TimestampsAndWatermarks, WatermarkGenerator, WatermarkOutput, WatermarkStrategy,
    WatermarkStrategyError,
};

/// What the chain saw since it was last asked.
#[derive(Default)]
struct Seen(Vec<String>);

impl DataOutput for Seen {
    fn emit_watermark(&mut self, watermark: EventTime) {
        self.0.push(watermark.0.to_string());
    }

    fn emit_watermark_status(&mut self, status: WatermarkStatus) {
        self.0.push(format!("{status:?}").to_lowercase());
    }
}

#[derive(Clone, Copy)]
enum Step {
    Add(u8),
    Release(u8),
    /// An event of a split.
    Event(u8, i64),
    /// Many at once.
    Batch(u8, &'static [i64]),
    /// Watermarks are emitted when the clock shows so many milliseconds.
    Periodic(u64),
    /// A split is no longer read, from when the clock shows so many milliseconds.
    Pause(u8, u64),
    Resume(u8, u64),
    /// The whole subtask waits.
    Wait(u64),
    GoOn(u64),
}
use Step::{Add, Batch, Event, GoOn, Pause, Periodic, Release, Resume, Wait};

fn millis(at: u64) -> SimTime {
    SimTime(at * 1_000_000)
}

fn bounded(bound: u64) -> WatermarkStrategy<i64> {
    WatermarkStrategy::for_bounded_out_of_orderness(Duration::from_millis(bound))
}

/// What the chain sees at each step, of a source whose events are their own timestamps.
fn check(strategy: WatermarkStrategy<i64>, steps: &[Step]) -> String {
    let strategy = strategy.with_timestamp_assigner(|event, _| EventTime(*event));
    let mut source = SourceTimestampsAndWatermarks::<i64, u8>::new(strategy);
    let mut lines = Vec::new();
    for step in steps {
        let mut seen = Seen::default();
        let what = match step {
            Add(split) => {
                source.create_output_for_split(*split);
                format!("add {split}")
            }
            Release(split) => {
                source.release_output_for_split(split);
                format!("release {split}")
            }
            Event(split, event) => {
                let timestamp = source.extract_timestamp(event, None);
                source.on_event(split, event, timestamp, &mut seen);
                format!("event {split} {event}")
            }
            Batch(split, events) => {
                let stamped = events.iter().map(|event| source.extract_timestamp(event, None));
                let timestamps: Vec<EventTime> = stamped.collect();
                if !source.on_timestamps(split, &timestamps) {
                    for (event, timestamp) in events.iter().zip(timestamps) {
                        source.on_event(split, event, timestamp, &mut seen);
                    }
                }
                format!("batch {split} {events:?}")
            }
            Periodic(at) => {
                source.emit_periodic_watermark(millis(*at), &mut seen);
                format!("periodic at {at}")
            }
            Pause(split, at) => {
                let change = SplitAlignment { pause: vec![*split], resume: Vec::new() };
                source.pause_or_resume_splits(millis(*at), &change);
                format!("pause {split} at {at}")
            }
            Resume(split, at) => {
                let change = SplitAlignment { pause: Vec::new(), resume: vec![*split] };
                source.pause_or_resume_splits(millis(*at), &change);
                format!("resume {split} at {at}")
            }
            Wait(at) => {
                source.pause_input(millis(*at));
                format!("wait at {at}")
            }
            GoOn(at) => {
                source.resume_input(millis(*at));
                format!("go on at {at}")
            }
        };
        lines.push(format!("{what}: {}", seen.0.join(" ")).trim_end().to_string());
    }
    lines.join("\n")
}

#[test]
fn the_slowest_split_holds_the_source() {
    let seen = check(
        bounded(2),
        &[
            Add(0),
            Add(1),
            Batch(0, &[10, 30, 20]),
            Periodic(200),
            Batch(1, &[5]),
            Periodic(400),
            Periodic(600),
            Event(1, 50),
            Periodic(800),
            Release(0),
            Periodic(1000),
        ],
    );
    insta::assert_snapshot!(seen, @r"
    add 0:
    add 1:
    batch 0 [10, 30, 20]:
    periodic at 200:
    batch 1 [5]:
    periodic at 400: 2
    periodic at 600:
    event 1 50:
    periodic at 800: 27
    release 0:
    periodic at 1000: 47
    ");
}

#[test]
fn an_idle_split_holds_nobody_and_a_silent_source_is_idle() {
    let seen = check(
        bounded(0).with_idleness(Duration::from_millis(500)),
        &[
            Add(0),
            Add(1),
            Event(0, 10),
            Event(1, 3),
            Periodic(200),
            Event(0, 20),
            Periodic(400),
            Event(0, 30),
            Periodic(1000),
            Periodic(1400),
            Periodic(1600),
            Periodic(2000),
            Event(1, 25),
            Periodic(2200),
            Event(0, 40),
            Event(1, 41),
            Periodic(2400),
        ],
    );
    insta::assert_snapshot!(seen, @r"
    add 0:
    add 1:
    event 0 10:
    event 1 3:
    periodic at 200: 2
    event 0 20:
    periodic at 400:
    event 0 30:
    periodic at 1000: 29
    periodic at 1400:
    periodic at 1600:
    periodic at 2000: idle
    event 1 25:
    periodic at 2200:
    event 0 40:
    event 1 41:
    periodic at 2400: active 39
    ");
}

/// Two splits that gave one event each; of the second nothing more comes.
fn two_splits(then: &[Step]) -> String {
    let mut steps = vec![Add(0), Add(1), Event(0, 90), Event(1, 3), Periodic(200)];
    let before = steps.len();
    steps.extend(then.iter().copied());
    let strategy = bounded(0).with_idleness(Duration::from_millis(500));
    let seen = check(strategy, &steps);
    seen.lines().skip(before).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_paused_split_is_not_idle_for_being_paused() {
    // The other is idle after a while; then the paused one decides, and it is still there.
    let paused = two_splits(&[Pause(0, 200), Periodic(400), Periodic(1000), Periodic(5000)]);
    insta::assert_snapshot!(paused, @r"
    pause 0 at 200:
    periodic at 400:
    periodic at 1000: 89
    periodic at 5000:
    ");
    // Its silence counts from where it stood when it was paused.
    let resumed = two_splits(&[
        Periodic(400),
        Pause(0, 700),
        Periodic(5000),
        Resume(0, 5000),
        Periodic(5200),
        Periodic(5201),
    ]);
    insta::assert_snapshot!(resumed, @r"
    periodic at 400:
    pause 0 at 700:
    periodic at 5000: 89
    resume 0 at 5000:
    periodic at 5200:
    periodic at 5201: idle
    ");
}

#[test]
fn no_split_of_a_subtask_that_waits_is_idle_for_that() {
    let seen = two_splits(&[
        Wait(200),
        Periodic(1000),
        Pause(0, 1100),
        Periodic(5000),
        GoOn(5000),
        Periodic(5100),
        Periodic(5600),
        Periodic(5601),
        Resume(0, 5700),
        Periodic(6100),
        Periodic(6300),
    ]);
    insta::assert_snapshot!(seen, @r"
    wait at 200:
    periodic at 1000:
    pause 0 at 1100:
    periodic at 5000:
    go on at 5000:
    periodic at 5100:
    periodic at 5600: 89
    periodic at 5601:
    resume 0 at 5700:
    periodic at 6100:
    periodic at 6300: idle
    ");
}

#[test]
fn punctuated_watermarks_go_out_at_once() {
    let strategy = WatermarkStrategy::for_punctuated(|event: &i64, timestamp| {
        (event % 10 == 0).then_some(timestamp)
    });
    let seen = check(
        strategy,
        &[Add(0), Batch(0, &[1, 10, 11, 5, 20]), Event(0, 10), Periodic(200), Event(0, 30)],
    );
    insta::assert_snapshot!(seen, @r"
    add 0:
    batch 0 [1, 10, 11, 5, 20]: 10 20
    event 0 10:
    periodic at 200:
    event 0 30: 30
    ");
}

/// Two behind the latest at once, and the latest itself periodically.
#[derive(Default)]
struct Eager(i64);

impl WatermarkGenerator<i64> for Eager {
    fn on_event(&mut self, _: &i64, timestamp: EventTime, output: &mut dyn WatermarkOutput) {
        self.0 = self.0.max(timestamp.0);
        output.emit_watermark(EventTime(self.0 - 2));
    }

    fn on_periodic_emit(&mut self, output: &mut dyn WatermarkOutput) {
        output.emit_watermark(EventTime(self.0));
    }
}

#[test]
fn a_generator_of_the_users_own_is_asked_at_events_and_periodically() {
    let steps = [Add(0), Event(0, 5), Batch(0, &[4, 9]), Periodic(200), Periodic(400)];
    let seen = check(WatermarkStrategy::for_generator(Eager::default), &steps);
    insta::assert_snapshot!(seen, @r"
    add 0:
    event 0 5: 3
    batch 0 [4, 9]: 7
    periodic at 200: 9
    periodic at 400:
    ");
}

#[test]
fn without_watermarks_nothing_is_said() {
    let steps = [Add(0), Event(0, 5), Periodic(200)];
    insta::assert_snapshot!(check(WatermarkStrategy::no_watermarks(), &steps), @r"
    add 0:
    event 0 5:
    periodic at 200:
    ");
}

#[test]
fn in_the_middle_of_a_stream_only_the_end_of_the_input_passes() {
    let strategy = WatermarkStrategy::<i64>::for_monotonous_timestamps();
    let mut operator = TimestampsAndWatermarks::new(strategy);
    let mut seen = Seen::default();
    // Without an assigner the record keeps its timestamp.
    assert_eq!(operator.extract_timestamp(&7, Some(EventTime(3))), EventTime(3));
    assert_eq!(operator.extract_timestamp(&7, None), EventTime::NONE);
    operator.on_event(&7, EventTime(3), &mut seen);
    operator.on_watermark(EventTime(100), &mut seen);
    operator.on_periodic_emit(millis(200), &mut seen);
    assert!(operator.on_timestamps(&[EventTime(9), EventTime(8)]));
    operator.finish(millis(300), &mut seen);
    operator.on_watermark(EventTime::MAX, &mut seen);
    assert_eq!(seen.0, ["2", "8", "9223372036854775807"]);
}

#[test]
fn a_clock_with_reasons_to_stand_still_runs_only_without_any() {
    let mut clock = PausableRelativeClock::default();
    assert_eq!(clock.relative_time(millis(10)), millis(10));
    clock.pause(millis(10));
    clock.pause(millis(20));
    clock.unpause(millis(30));
    assert_eq!(clock.relative_time(millis(40)), millis(10));
    clock.unpause(millis(50));
    assert_eq!(clock.relative_time(millis(55)), millis(15));
    clock.pause(millis(60));
    clock.unpause(millis(61));
    assert_eq!(clock.relative_time(millis(70)), millis(29));
}

#[test]
fn strategies_that_make_no_sense_are_refused() {
    let second = Duration::from_secs(1);
    assert_eq!(bounded(5).with_watermark_alignment("g", second).validate(), Ok(()));
    assert_eq!(
        bounded(5).with_idleness(Duration::ZERO).validate(),
        Err(WatermarkStrategyError::IdleTimeoutIsZero)
    );
    assert_eq!(
        bounded(5).with_watermark_alignment_every("g", second, Duration::ZERO).validate(),
        Err(WatermarkStrategyError::UpdateIntervalIsZero { group: "g".into() })
    );
}
