//! Short scripts through a window operator, each with all it emits: what Flink's vectors leave
//! out. Windows list their values; changes of windows are shown in brackets.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::rc::Rc;
use std::sync::Arc;

use insta::assert_snapshot;
use weir::base::EventTime;
use weir::record::{
    Batch, ChainEvent, Collector, Failure, Key, Output, OutputTag, Outputs, SideOutputs, erase,
};
use weir::state::KeyedTable;
use weir::state::StateBackendKind::Hashmap;
use weir::window::{
    Aggregate, AggregateFunction, AggregatedWith, Buffered, Evicting, Eviction, EvictionOrder,
    Evictor, Folded, KeyOf, Lateness, ProcessClosure, ProcessWindowFunction, Reduce, StreamRecord,
    TimeDomain, Trigger, Window, WindowAssigner, WindowChange, WindowContext, WindowError,
    WindowFunction, WindowOperator, WindowOutput, WindowShape, WindowSpec,
};

use crate::state::only;

/// Key and value.
pub type Element = (char, i64);

struct ByKey;

impl KeyOf<Element> for ByKey {
    type Key = char;
    fn hash(&self, element: &Element) -> i32 {
        element.0.hash_code()
    }
    fn matches(&self, element: &Element, key: &char) -> bool {
        element.0 == *key
    }
    fn key(&self, element: &Element) -> char {
        element.0
    }
}

/// One line per script step, with what came of it; what went to the side output comes last.
struct Told(String, SideOutputs);

/// The side output `lengths`, as it is read.
struct Lengths(Rc<RefCell<String>>);

impl Output<usize> for Lengths {
    fn collect_batch(&mut self, batch: Batch<usize>) -> Result<(), Failure> {
        for (place, length) in batch.values.iter().enumerate() {
            let timestamp = batch.timestamp(place).unwrap().0;
            write!(self.0.borrow_mut(), " lengths:{length}@{timestamp}").unwrap();
        }
        Ok(())
    }
    fn on_event(&mut self, _event: ChainEvent) -> Result<(), Failure> {
        Ok(())
    }
}

impl WindowOutput<Element, String> for Told {
    fn emit(&mut self, value: String, timestamp: EventTime) {
        write!(self.0, " {value}@{}", timestamp.0).unwrap();
    }
    fn late(&mut self, record: StreamRecord<Element>, _watermark: EventTime) {
        write!(self.0, " late {:?}", record.value).unwrap();
    }
    fn sides(&self) -> SideOutputs {
        self.1.clone()
    }
    fn observe(&mut self, _key: &dyn Debug, window: Window, change: WindowChange<'_>) {
        match change {
            WindowChange::Created => write!(self.0, " (+{window})"),
            WindowChange::Merged(merged) => {
                let merged: Vec<String> =
                    merged.iter().map(|window| Window::Time(*window).to_string()).collect();
                write!(self.0, " ({} -> {window})", merged.join(" "))
            }
            WindowChange::Fired
            | WindowChange::Contents { .. }
            | WindowChange::StateUsed { .. } => Ok(()),
            WindowChange::Purged => write!(self.0, " (purged {window})"),
            WindowChange::Cleaned => write!(self.0, " (-{window})"),
        }
        .unwrap();
    }
}

/// Lists what is in a window.
fn listing() -> impl ProcessWindowFunction<char, Element, Out = String> {
    ProcessClosure::new(
        |key: &char,
         context: &mut WindowContext<'_, _>,
         of: &[Element],
         out: &mut Collector<String>| {
            let values: Vec<String> = of.iter().map(|(_, value)| value.to_string()).collect();
            out.collect(format!("{key}{}={}", context.window(), values.join(",")));
        },
    )
}

/// Plays a script: `a5=7` is value 7 of key a at event time 5, `w9` a watermark, `p9` a clock.
fn play<F: WindowFunction<char, Element, Out = String>>(
    spec: WindowSpec<Element>,
    function: F,
    script: &str,
) -> String {
    let mut operator =
        WindowOperator::new(spec, function, KeyedTable::new(128), only(Hashmap)).unwrap();
    let lengths = Rc::new(RefCell::new(String::new()));
    let reader = erase(Box::new(Lengths(lengths.clone())) as Box<dyn Output<usize>>);
    let outputs = Outputs { main: Vec::new(), sides: vec![("lengths".into(), reader)] };
    let mut told = Told(String::new(), outputs.join::<String>().1);
    for step in script.split_whitespace() {
        write!(told.0, "{step}:").unwrap();
        let (kind, rest) = step.split_at(1);
        match kind {
            "w" => {
                operator.advance_watermark(EventTime(rest.parse().unwrap()), &mut told).unwrap();
            }
            "p" => {
                operator.on_processing_time(EventTime(rest.parse().unwrap()), &mut told).unwrap();
            }
            key => {
                let (timestamp, value) = rest.split_once('=').unwrap();
                let element = (key.chars().next().unwrap(), value.parse().unwrap());
                let record = StreamRecord::new(element, EventTime(timestamp.parse().unwrap()));
                let hash_code = ByKey.hash(&element);
                if let Err(error) = operator.process_element(hash_code, &ByKey, record, &mut told) {
                    write!(told.0, " error: {error}").unwrap();
                }
            }
        }
        told.1.flush().unwrap();
        told.0.push_str(&std::mem::take(&mut *lengths.borrow_mut()));
        told.0.push('\n');
    }
    told.0
}

pub fn check(spec: WindowSpec<Element>, script: &str) -> String {
    play(spec, Buffered(listing()), script)
}

pub fn windows(domain: TimeDomain, shape: WindowShape) -> WindowSpec<Element> {
    WindowSpec::new(WindowAssigner::shape(domain, shape).unwrap())
}

/// The error with which a script ends.
fn refusal(spec: WindowSpec<Element>, script: &str) -> String {
    let told = check(spec, script);
    told.split_once("error: ").expect("the script ends with an error").1.to_string()
}

pub const TEN: WindowShape = WindowShape::Tumbling { size: 10, offset: 0 };

#[test]
fn windows_of_processing_time_go_by_the_clock() {
    let spec = windows(TimeDomain::ProcessingTime, TEN);
    assert_snapshot!(check(spec, "p1 a500=1 p8 a3=2 w900 p9 a0=3 p12 p20"), @r#"
    p1:
    a500=1: (+[0, 10))
    p8:
    a3=2:
    w900:
    p9:
    a0=3:
    p12: a[0, 10)=1,2,3@9 (-[0, 10))
    p20:
    "#);
}

#[test]
fn sessions_of_processing_time_end_when_the_clock_has_run_on() {
    let spec = windows(TimeDomain::ProcessingTime, WindowShape::Session { gap: 5 });
    assert_snapshot!(check(spec, "p1 a0=1 p4 a0=2 p8 p9 a0=3 p20"), @r#"
    p1:
    a0=1: (+[1, 6))
    p4:
    a0=2: ([1, 6) -> [1, 9))
    p8:
    p9: a[1, 9)=1,2@8 (-[1, 9))
    a0=3: (+[9, 14))
    p20: a[9, 14)=3@13 (-[9, 14))
    "#);
}

#[test]
fn a_continuous_trigger_fires_by_the_clock_and_at_the_end() {
    let trigger = Trigger::ContinuousProcessingTime(4);
    let spec = WindowSpec { trigger, ..windows(TimeDomain::ProcessingTime, TEN) };
    assert_snapshot!(check(spec, "p1 a0=1 p4 p5 a0=2 p9 p10 p11"), @r#"
    p1:
    a0=1: (+[0, 10))
    p4:
    p5: a[0, 10)=1@9
    a0=2:
    p9: a[0, 10)=1,2@9
    p10: a[0, 10)=1,2@9 (-[0, 10))
    p11:
    "#);
}

#[test]
fn the_length_of_a_session_may_depend_on_the_element() {
    let gap = Arc::new(|element: &Element| element.1);
    let spec = WindowSpec::new(WindowAssigner::dynamic_session(TimeDomain::EventTime, gap));
    // The third window equals the one in flight: it joins it.
    assert_snapshot!(check(spec, "a10=5 a12=8 a10=10 a0=3 a0=0 w100"), @r#"
    a10=5: (+[10, 15))
    a12=8: ([10, 15) -> [10, 20))
    a10=10:
    a0=3: (+[0, 3))
    a0=0: error: Dynamic session time gap must satisfy 0 < gap
    w100: a[0, 3)=3@2 (-[0, 3)) a[10, 20)=5,8,10@19 (-[10, 20))
    "#);
}

#[test]
fn a_record_whose_window_is_over_is_late() {
    let spec = windows(TimeDomain::EventTime, TEN);
    assert_snapshot!(check(spec, "a5=1 w9 a6=2 a9=3 a10=4 w30"), @r#"
    a5=1: (+[0, 10))
    w9: a[0, 10)=1@9 (-[0, 10))
    a6=2: late ('a', 2)
    a9=3: late ('a', 3)
    a10=4: (+[10, 20))
    w30: a[10, 20)=4@19 (-[10, 20))
    "#);
}

#[test]
fn a_late_record_fires_its_window_again_until_lateness_is_over() {
    let spec = WindowSpec {
        lateness: Lateness::allowed(5).unwrap(),
        ..windows(TimeDomain::EventTime, TEN)
    };
    assert_snapshot!(check(spec, "a5=1 w9 a6=2 w13 a7=3 w14 a8=4"), @r#"
    a5=1: (+[0, 10))
    w9: a[0, 10)=1@9
    a6=2: a[0, 10)=1,2@9
    w13:
    a7=3: a[0, 10)=1,2,3@9
    w14: (-[0, 10))
    a8=4: late ('a', 4)
    "#);
}

#[test]
fn a_record_between_windows_is_not_late() {
    let shape = WindowShape::Sliding { size: 3, slide: 10, offset: 0 };
    let spec = windows(TimeDomain::EventTime, shape);
    assert_snapshot!(check(spec, "a2=1 a5=2 w1 a7=3 w9 a1=4"), @r#"
    a2=1: (+[0, 3))
    a5=2:
    w1:
    a7=3:
    w9: a[0, 3)=1@2 (-[0, 3))
    a1=4: late ('a', 4)
    "#);
}

#[test]
fn what_is_evicted_after_evaluation_was_seen_once() {
    let spec =
        WindowSpec { trigger: Trigger::Count(2), ..WindowSpec::new(WindowAssigner::global()) };
    let delta = Arc::new(|one: &Element, last: &Element| (last.1 - one.1) as f64);
    let evictor = Evictor::new(Eviction::Delta(3.0, delta), EvictionOrder::After);
    let function = Evicting { evictor, process: listing() };
    assert_snapshot!(play(spec, function, "a0=1 a0=2 a0=5 a0=6 a0=50 a0=60"), @r#"
    a0=1: (+global)
    a0=2: aglobal=1,2@9223372036854775807
    a0=5:
    a0=6: aglobal=1,2,5,6@9223372036854775807
    a0=50:
    a0=60: aglobal=5,6,50,60@9223372036854775807
    "#);
}

#[test]
fn a_reduced_window_with_an_evictor_reduces_what_is_left() {
    let spec =
        WindowSpec { trigger: Trigger::Count(2), ..WindowSpec::new(WindowAssigner::global()) };
    let function = Evicting {
        evictor: Evictor::new(Eviction::Count(3), EvictionOrder::Before),
        process: Folded(Aggregate(Sum)),
    };
    assert_snapshot!(play(spec, function, "a0=1 a0=2 a0=4 a0=8"), @r#"
    a0=1: (+global)
    a0=2: 3@9223372036854775807
    a0=4:
    a0=8: 14@9223372036854775807
    "#);
}

/// Adds values up and shows the sum as text.
#[derive(Clone)]
struct Sum;

impl AggregateFunction<Element> for Sum {
    type Accumulator = i64;
    type Out = String;
    fn create_accumulator(&self) -> i64 {
        0
    }
    fn add(&self, sum: &mut i64, value: Element) {
        *sum += value.1;
    }
    fn get_result(&self, sum: &i64) -> String {
        sum.to_string()
    }
    fn merge(&self, sum: &mut i64, other: i64) {
        *sum += other;
    }
}

#[test]
fn a_process_function_sees_the_aggregate_and_the_window() {
    let shown = ProcessClosure::new(
        |key: &char,
         context: &mut WindowContext<'_, _>,
         of: &[String],
         out: &mut Collector<String>| {
            let (window, watermark) = (context.window(), context.current_watermark().0);
            out.collect(format!("{key}{window} {}, watermark {watermark}", of[0]));
            context.output(&OutputTag::new("lengths"), of[0].len());
        },
    );
    let function = AggregatedWith { incremental: Aggregate(Sum), process: shown };
    let spec = windows(TimeDomain::EventTime, WindowShape::Session { gap: 10 });
    assert_snapshot!(play(spec, function, "a1=70 a20=5 b3=1 a11=30 w12 w40"), @r#"
    a1=70: (+[1, 11))
    a20=5: (+[20, 30))
    b3=1: (+[3, 13))
    a11=30: ([20, 30) [1, 11) -> [1, 30))
    w12: b[3, 13) 1, watermark 12@12 (-[3, 13)) lengths:1@12
    w40: a[1, 30) 105, watermark 40@29 (-[1, 30)) lengths:3@29
    "#);
}

#[test]
fn sessions_need_a_trigger_that_merges() {
    let trigger = Trigger::Never.purging();
    let shape = WindowShape::Session { gap: 5 };
    let spec = WindowSpec { trigger, ..windows(TimeDomain::EventTime, shape) };
    let table = KeyedTable::new(128);
    let refused = WindowOperator::new(spec, Buffered(listing()), table, only(Hashmap)).err();
    assert_eq!(refused, Some(WindowError::TriggerCannotMerge));
}

#[test]
fn windows_of_event_time_need_timestamps() {
    let spec = windows(TimeDomain::EventTime, TEN);
    assert_snapshot!(refusal(spec, "a-9223372036854775808=1"), @"Record has Long.MIN_VALUE timestamp (= no timestamp marker). Is the time characteristic set to 'ProcessingTime', or did you forget to call 'DataStream.assignTimestampsAndWatermarks(...)'?");
}

#[test]
fn a_reduce_function_keeps_one_value_per_window() {
    let reduce = Reduce(|most: &mut Element, one: Element| most.1 = most.1.max(one.1));
    let shown = ProcessClosure::new(
        |_: &char, _: &mut WindowContext<'_, _>, of: &[Element], out: &mut Collector<String>| {
            out.collect(format!("{of:?}"));
        },
    );
    let function = AggregatedWith { incremental: reduce, process: shown };
    let shape = WindowShape::Sliding { size: 10, slide: 5, offset: 0 };
    let spec = windows(TimeDomain::EventTime, shape);
    assert_snapshot!(play(spec, function, "a1=3 a6=9 a7=5 a12=4 w30"), @r#"
    a1=3: (+[0, 10)) (+[-5, 5))
    a6=9: (+[5, 15))
    a7=5:
    a12=4: (+[10, 20))
    w30: [('a', 3)]@4 (-[-5, 5)) [('a', 9)]@9 (-[0, 10)) [('a', 9)]@14 (-[5, 15)) [('a', 4)]@19 (-[10, 20))
    "#);
}
