//! Parts of the user's own, and wrong parts in the seams: what they do must show.

use std::collections::BTreeMap;
use std::sync::Arc;

use insta::assert_snapshot;
use weir::base::EventTime;
use weir::window::trigger::decode_state;
use weir::window::{
    Added, CustomAssigner, CustomTrigger, CustomTriggerContext, Lateness, LatenessRule, Merging,
    MergingWindowSet, TimeDomain, TimeWindow, Trigger, TriggerResult, Window, WindowAssigner,
    WindowMerge, WindowPlacement, WindowShape, WindowSpec,
};

use super::scripts::{Element, TEN, check, windows};

/// Fires a window when it has seen three elements, and after a pause of ten in event time.
struct ThreeOrPause;

impl CustomTrigger<Element> for ThreeOrPause {
    fn on_element(
        &self,
        _element: &Element,
        timestamp: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        let count = context.state::<u32>("count").unwrap_or(0) + 1;
        context.set_state("count", &count);
        if let Some(pause) = context.state::<EventTime>("pause") {
            context.delete_event_time_timer(pause);
        }
        let pause = EventTime(timestamp.0 + 10);
        context.register_event_time_timer(pause);
        context.set_state("pause", &pause);
        if count.is_multiple_of(3) { TriggerResult::FireAndPurge } else { TriggerResult::Continue }
    }
    fn on_event_time(
        &self,
        time: EventTime,
        context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        if context.state("pause") != Some(time) {
            return TriggerResult::Continue;
        }
        context.clear_state("pause");
        TriggerResult::Fire
    }
    fn on_processing_time(
        &self,
        _time: EventTime,
        _context: &mut CustomTriggerContext<'_>,
    ) -> TriggerResult {
        TriggerResult::Continue
    }
    fn can_merge(&self) -> bool {
        true
    }
    fn on_merge(
        &self,
        merged: Vec<BTreeMap<String, Vec<u8>>>,
        context: &mut CustomTriggerContext<'_>,
    ) {
        let counts = merged.iter().filter_map(|state| state.get("count"));
        let count: u32 = counts.map(|bytes| decode_state::<u32>(bytes)).sum();
        context.set_state("count", &count);
    }
    fn clear(&self, context: &mut CustomTriggerContext<'_>) {
        if let Some(pause) = context.state::<EventTime>("pause") {
            context.delete_event_time_timer(pause);
        }
    }
}

#[test]
fn a_trigger_of_ones_own_has_timers_and_state_per_window() {
    let spec = WindowSpec {
        trigger: Trigger::Custom(Arc::new(ThreeOrPause)),
        ..windows(TimeDomain::EventTime, WindowShape::Tumbling { size: 100, offset: 0 })
    };
    assert_snapshot!(check(spec, "a1=1 a2=2 b2=7 a3=3 a4=4 w12 w14 w200"), @r#"
    a1=1: (+[0, 100))
    a2=2:
    b2=7: (+[0, 100))
    a3=3: a[0, 100)=1,2,3@99 (purged [0, 100))
    a4=4: (+[0, 100))
    w12: b[0, 100)=7@99
    w14: a[0, 100)=4@99
    w200: (-[0, 100)) (-[0, 100))
    "#);
}

#[test]
fn a_trigger_of_ones_own_may_merge() {
    let spec = WindowSpec {
        trigger: Trigger::Custom(Arc::new(ThreeOrPause)),
        ..windows(TimeDomain::EventTime, WindowShape::Session { gap: 50 })
    };
    assert_snapshot!(check(spec, "a1=1 a20=2 a90=3 a60=4 w500"), @r#"
    a1=1: (+[1, 51))
    a20=2: ([1, 51) -> [1, 70))
    a90=3: (+[90, 140))
    a60=4: ([1, 70) [90, 140) -> [1, 140))
    w500: a[1, 140)=1,2,3,4@139 (-[1, 140))
    "#);
}

/// One window per hundred, named by its first ten.
struct FirstTen;

impl CustomAssigner<Element> for FirstTen {
    fn assign_windows(
        &self,
        element: &Element,
        timestamp: EventTime,
        _now: EventTime,
        windows: &mut Vec<Window>,
    ) {
        let start = timestamp.0.div_euclid(100) * 100;
        if element.1 > 0 {
            windows.push(TimeWindow::new(start, start + 10).into());
        }
    }
}

#[test]
fn an_assigner_of_ones_own_may_look_at_the_element() {
    let assigner = WindowAssigner::custom(TimeDomain::EventTime, Arc::new(FirstTen));
    let spec = WindowSpec::new(assigner);
    assert_snapshot!(check(spec, "a250=1 a3=2 a260=0 a290=4 w209 a299=5"), @r#"
    a250=1: (+[200, 210))
    a3=2: (+[0, 10))
    a260=0:
    a290=4:
    w209: a[0, 10)=2@9 (-[0, 10)) a[200, 210)=1,4@209 (-[200, 210))
    a299=5:
    "#);
}

/// Puts a record that comes at the end of a window into that window.
#[derive(Debug)]
struct OffByOne;

impl WindowPlacement for OffByOne {
    fn place(&self, shape: WindowShape, timestamp: EventTime, windows: &mut Vec<Window>) {
        shape.place(EventTime(timestamp.0 - 1), windows);
    }
}

/// Never finds a window late.
#[derive(Debug)]
struct NeverLate;

impl LatenessRule for NeverLate {
    fn is_window_late(&self, _: Window, _cleanup: EventTime, _watermark: EventTime) -> bool {
        false
    }
}

/// Forgets the state of all windows but one.
#[derive(Debug)]
struct LosesState;

impl WindowMerge for LosesState {
    fn add_window(&self, set: &mut MergingWindowSet, window: TimeWindow) -> Added {
        let mut added = set.add_window(window);
        if let Some(merge) = &mut added.merge {
            merge.merged_state_windows.clear();
        }
        added
    }
}

#[test]
fn a_wrong_part_in_each_seam_shows() {
    let assigner = WindowAssigner::placed(TimeDomain::EventTime, TEN, Arc::new(OffByOne)).unwrap();
    assert_snapshot!(check(WindowSpec::new(assigner), "a5=1 a10=2 w9 w30"), @r#"
    a5=1: (+[0, 10))
    a10=2:
    w9: a[0, 10)=1,2@9 (-[0, 10))
    w30:
    "#);

    let lateness = Lateness::default().with_rule(Arc::new(NeverLate));
    let spec = WindowSpec { lateness, ..windows(TimeDomain::EventTime, TEN) };
    assert_snapshot!(check(spec, "a5=1 w9 a6=2 w20"), @r#"
    a5=1: (+[0, 10))
    w9: a[0, 10)=1@9 (-[0, 10))
    a6=2: (+[0, 10)) a[0, 10)=2@9
    w20: a[0, 10)=2@9 (-[0, 10))
    "#);

    let merging = Merging::Custom(Arc::new(LosesState));
    let shape = WindowShape::Session { gap: 5 };
    let spec = WindowSpec { merging, ..windows(TimeDomain::EventTime, shape) };
    assert_snapshot!(check(spec, "a0=1 a8=2 a4=3 w50"), @r#"
    a0=1: (+[0, 5))
    a8=2: (+[8, 13))
    a4=3: ([8, 13) [0, 5) -> [0, 13))
    w50: a[0, 13)=2,3@12 (-[0, 13))
    "#);
}
