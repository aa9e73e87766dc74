//! Watermarks that make thousands of timers due, while input waits and output is held back.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use weir::api::{SlidingEventTimeWindows, StreamExecutionEnvironment, TumblingEventTimeWindows};
use weir::base::{EventTime, SimDuration, SimTime};
use weir::cluster::Protocol;
use weir::trace::{Event, ExchangeEvent, Level, TaskEvent, WindowEvent};
use weir::window::WindowShape;

use super::streams::{Record, Stream, Watermarks};
use super::windows::{Case, Firing, case, check, covered, pane, same};
use super::{cluster, events, run};
use crate::dataflow::laws;
use crate::window::model::Closed;

const KEYS: u8 = 60;

/// Records of all keys at one moment, and then at another.
fn bursts(moments: &[i64]) -> Vec<Record> {
    let of_all = moments.iter().flat_map(|at| (0..KEYS).map(move |key| (key, *at)));
    of_all.zip(0..).map(|((key, at), id)| (key, at, id)).collect()
}

fn stream(moments: &[i64]) -> Stream {
    Stream {
        records: bursts(moments),
        bound: 0,
        watermarks: Watermarks::EachRecord,
        splits: 1,
        side_by_side: false,
        parallelism: 1,
        rate: None,
        assigned_behind: false,
        pauses: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// One record fires the windows of all the keys before it; what comes behind it waits, and so
    /// does the watermark, until they have all fired.
    #[test]
    fn thousands_of_windows_fire_before_what_comes_behind(
        any in case(),
        lateness in 0_i64..3,
        slide in 1_i64..3,
    ) {
        let shape = WindowShape::Sliding { size: 50, slide, offset: 0 };
        let streams = vec![stream(&[0, 1_000, 999, 1_001, 3_000])];
        let case = Case { streams, shape, lateness, firing: Firing::AtEnd, keep: None, ..any };
        let outcome = check(&case, &Protocol::default()).map_err(TestCaseError::fail)?;
        laws::check(&outcome.report, case.world.calm);
    }

    /// What windows emit is in time for windows behind them.
    #[test]
    fn windows_of_windows_miss_nothing(any in case(), size in 1_u64..40) {
        let mut case = covered(any, 0);
        for stream in &mut case.streams {
            // Nothing is late, and no session closes before a record that touches it.
            stream.bound += case.lateness + 1;
        }
        case = Case { lateness: 0, firing: Firing::AtEnd, keep: None, ..case };
        let declare = |env: &StreamExecutionEnvironment| {
            let windows = TumblingEventTimeWindows::of(Duration::from_millis(size));
            case.panes(env)
                .key_by(|pane: &Closed| pane.0)
                .window(windows)
                .apply(|key, context, of: &[Closed], out| {
                    let ids = of.iter().flat_map(|pane| pane.3.clone()).collect();
                    out.collect(pane(*key, context.window(), ids));
                })
                .parallelism(2)
                .collect("panes");
        };
        let report = case.world.run(&Protocol::default(), declare).map_err(TestCaseError::fail)?;
        let mut expected = BTreeMap::<_, Vec<u32>>::new();
        for (key, _, end, mut ids) in case.batch() {
            let start = (end - 1).div_euclid(size as i64) * size as i64;
            expected.entry((key, start)).or_default().append(&mut ids);
        }
        let panes = report.collected::<Closed>("panes").unwrap().into_iter();
        let mut panes: BTreeMap<_, _> =
            panes.map(|(key, start, _, ids)| ((key, start), ids)).collect();
        for ids in panes.values_mut().chain(expected.values_mut()) {
            ids.sort_unstable();
        }
        same("windows of windows", &panes, &expected).map_err(TestCaseError::fail)?;
    }
}

/// When a subtask fires windows is in its own hands: it stops between two batches of them for
/// output that is held back, and the watermark stays behind all that they emit.
#[test]
fn a_burst_of_windows_stops_for_back_pressure_and_the_watermark_comes_last() {
    let mut options = cluster();
    options.sim.level = Level::Records;
    options.task.buffer_records = 64;
    options.task.credits = 1;
    options.task.output_buffers = 1;
    let slow = Duration::from_millis(1);
    let report = run(options, |env| {
        env.set_auto_watermark_interval(SimDuration::ZERO);
        let windows =
            SlidingEventTimeWindows::of(Duration::from_millis(100), Duration::from_millis(1));
        let windowed = stream(&[0, 1_000]).declare(env, "records").key_by(|record| record.0);
        let fired = windowed.window(windows).apply(|_, context, of: &[Record], out| {
            let end = context.window().time().map(|window| window.end.0);
            out.collect((of[0].0, end));
        });
        let slowed = fired.uid("windows").rebalance().map(|fired| fired).uid("slow");
        slowed.record_cost(slow).collect("fired");
    });
    let fired = report.collected::<(u8, Option<i64>)>("fired").unwrap();
    assert_eq!(fired.len(), 2 * 100 * usize::from(KEYS));
    let ends: Vec<_> = fired.iter().map(|(_, end)| end.unwrap()).collect();
    assert!(ends.is_sorted(), "timers fire in the order of their times");
    let (mut fired, mut stops) = (0_usize, Vec::new());
    let mut sent: Option<(EventTime, usize)> = None;
    for (_, event) in events(&report) {
        match event {
            Event::Window(WindowEvent::WindowFired { .. }) => fired += 1,
            Event::Task(TaskEvent::BackPressured { subtask, .. }) if &*subtask == "windows#1" => {
                stops.push(fired);
            }
            Event::Exchange(ExchangeEvent::WatermarkSent { from, watermark, .. })
                if &*from == "windows#1" && watermark.0 >= 999 =>
            {
                sent.get_or_insert((watermark, fired));
            }
            _ => {}
        }
    }
    let (_, before) = sent.expect("the watermark is sent on");
    assert_eq!(before, 100 * usize::from(KEYS), "the watermark comes behind all that it fires");
    let within = stops.iter().filter(|fired| (1..before).contains(*fired)).count();
    assert!(within > 2, "it stops on the way: {stops:?}");
    assert!(report.virtual_time > SimTime::ZERO + slow * 12_000, "the slow one took its time");
}
