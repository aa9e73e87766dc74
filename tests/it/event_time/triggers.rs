//! Triggers that go by both clocks, in whole clusters: what they see, and when they are called.

use std::sync::Arc;
use std::time::Duration;

use weir::api::{SourceOptions, StreamExecutionEnvironment, TumblingEventTimeWindows};
use weir::base::{EventTime, SimDuration};
use weir::record::Collector;
use weir::time::WatermarkStrategy;
use weir::trace::{Event, FiringTime, Level, WindowEvent};
use weir::window::{CustomTrigger, CustomTriggerContext, Trigger, TriggerResult, WindowContext};

use super::{cluster, events, run};

/// Millisecond, and when it comes.
type Reading = (i64, i64);

/// What the clocks of nodes show at the start.
const START: i64 = 1_704_067_200_000;

/// Readings at these milliseconds of event time, each coming at that millisecond after the start.
fn windows(
    env: &StreamExecutionEnvironment,
    comes: &[(u64, i64)],
    trigger: Trigger<Reading>,
    lateness: u64,
) {
    let strategy = WatermarkStrategy::for_punctuated(|_, at: EventTime| Some(at))
        .with_timestamp_assigner(|reading: &Reading, _| EventTime(reading.0));
    let readings = comes
        .iter()
        .map(|&(at, happened)| (SimDuration::from_millis(at), (START + happened, at as i64)))
        .collect();
    env.from_timed_collection("readings", readings, SourceOptions::default())
        .assign_timestamps_and_watermarks(strategy)
        .key_by(|_| 0_u8)
        .window(TumblingEventTimeWindows::of(Duration::from_millis(1_000)))
        .allowed_lateness(Duration::from_millis(lateness))
        .trigger(trigger)
        .apply(
            |_: &u8, context: &mut WindowContext<'_, _>, of: &[Reading], out: &mut Collector<_>| {
                let last = of.iter().map(|reading| reading.1).max().unwrap_or(0);
                out.collect((context.current_processing_time().0, last));
            },
        )
        .collect("fired");
}

/// Evaluates a window one second, by the clock, after event time has passed its end.
struct OneSecondLater;

impl CustomTrigger<Reading> for OneSecondLater {
    fn on_element(
        &self,
        _element: &Reading,
        _timestamp: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        context.register_event_time_timer(context.window().max_timestamp());
        TriggerResult::Continue
    }
    fn on_event_time(
        &self,
        _time: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        let later = EventTime(context.current_processing_time().0 + 1_000);
        context.register_processing_time_timer(later);
        TriggerResult::Continue
    }
    fn on_processing_time(
        &self,
        _time: EventTime,
        _context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        TriggerResult::Fire
    }
    fn clear(&self, context: &mut CustomTriggerContext<'_>) {
        context.delete_event_time_timer(context.window().max_timestamp());
    }
}

#[test]
fn a_timer_that_a_watermark_has_set_wakes_the_task_by_itself() {
    let comes = [(0, 0), (100, 2_000), (9_000, 2_500)];
    let report = run(cluster(), |env| {
        windows(env, &comes, Trigger::Custom(Arc::new(OneSecondLater)), 60_000);
    });
    let fired: Vec<(i64, i64)> = report.collected("fired").unwrap();
    // The watermark comes with the second reading, at 0.1 s; the third, at 9 s, wakes nobody.
    let (start, _) = fired[0];
    let since_start = start - START;
    assert!((1_100..1_600).contains(&since_start), "fired {since_start} ms after the start");
}

#[test]
fn a_firing_sees_the_clock_as_it_is_then() {
    // The window's last reading comes at 0.2 s, the watermark that fires it at 5 s.
    let comes = [(0, 0), (200, 100), (5_000, 3_000)];
    let report = run(cluster(), |env| windows(env, &comes, Trigger::EventTime, 0));
    let fired: Vec<(i64, i64)> = report.collected("fired").unwrap();
    let since_start = fired[0].0 - START;
    assert!((5_000..5_600).contains(&since_start), "fired {since_start} ms after the start");
}

#[test]
fn firings_are_early_on_time_and_late() {
    let check = |trigger: Trigger<Reading>, expected: &[FiringTime]| {
        let mut options = cluster();
        options.sim.level = Level::Records;
        let comes = [(0, 0), (2_500, 1_500), (2_600, 900), (9_000, 9_000)];
        let report = run(options, |env| windows(env, &comes, trigger.clone(), 5_000));
        let fired = events(&report).into_iter().filter_map(|(_, event)| match event {
            Event::Window(WindowEvent::WindowFired { window: Some(span), timing, .. })
                if span.start == START =>
            {
                Some(timing)
            }
            _ => None,
        });
        assert_eq!(fired.collect::<Vec<_>>(), expected);
    };
    use FiringTime::{Early, Late, OnTime};
    check(Trigger::EventTime, &[OnTime, Late]);
    // At 300, 600, 900 and 999 ms; the late record finds the clock beyond the window's end.
    let interval = Duration::from_millis(300);
    check(Trigger::continuous_processing_time(interval), &[Early, Early, Early, Early, Late]);
}

#[test]
fn continuous_triggers_need_an_interval() {
    for (interval, is_refused) in [(0, true), (-5, true), (1, false)] {
        for trigger in [
            Trigger::ContinuousEventTime(interval),
            Trigger::ContinuousProcessingTime(interval),
            Trigger::ContinuousEventTime(interval).purging(),
        ] {
            let env = StreamExecutionEnvironment::new("test");
            windows(&env, &[(0, 0)], trigger, 0);
            assert_eq!(env.build().is_err(), is_refused, "{interval}");
        }
    }
}
