//! Window join and co-group against groups made by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;
use weir::base::EventTime;
use weir::record::{Collector, Key, SideOutputs};
use weir::state::KeyedTable;
use weir::state::StateBackendKind::Hashmap;
use weir::window::join::{CoGroup, Join, Tagged};
use weir::window::{
    Buffered, KeyOf, ProcessWindowFunction, StreamRecord, TimeDomain, WindowAssigner,
    WindowOperator, WindowOutput, WindowShape, WindowSpec,
};

use crate::state::only;

/// Key and number.
type Side = (u8, u32);
type Element = Tagged<Side, Side>;

struct ByKey;

impl KeyOf<Element> for ByKey {
    type Key = u8;
    fn hash(&self, element: &Element) -> i32 {
        self.key(element).hash_code()
    }
    fn matches(&self, element: &Element, key: &u8) -> bool {
        self.key(element) == *key
    }
    fn key(&self, element: &Element) -> u8 {
        match element {
            Tagged::First((key, _)) | Tagged::Second((key, _)) => *key,
        }
    }
}

/// What was emitted, with timestamps.
struct Seen<R>(Vec<(R, i64)>);

impl<R> WindowOutput<Element, R> for Seen<R> {
    fn emit(&mut self, value: R, timestamp: EventTime) {
        self.0.push((value, timestamp.0));
    }
    fn late(&mut self, record: StreamRecord<Element>, _watermark: EventTime) {
        panic!("{record:?} is not late");
    }
    fn sides(&self) -> SideOutputs {
        SideOutputs::none()
    }
}

fn run<P>(size: i64, function: P, records: &[(Element, i64)]) -> Vec<(P::Out, i64)>
where
    P: ProcessWindowFunction<u8, Element>,
    P::Out: Ord,
{
    let shape = WindowShape::Tumbling { size, offset: 0 };
    let spec = WindowSpec::new(WindowAssigner::shape(TimeDomain::EventTime, shape).unwrap());
    let table = KeyedTable::new(128);
    let mut operator = WindowOperator::new(spec, Buffered(function), table, only(Hashmap)).unwrap();
    let mut seen = Seen(Vec::new());
    for (element, timestamp) in records {
        let record = StreamRecord::new(element.clone(), EventTime(*timestamp));
        operator.process_element(ByKey.hash(element), &ByKey, record, &mut seen).unwrap();
    }
    operator.advance_watermark(EventTime::MAX, &mut seen).unwrap();
    seen.0.sort();
    seen.0
}

type Groups = BTreeMap<(i64, u8), (Vec<u32>, Vec<u32>)>;

fn groups(size: i64, records: &[(Element, i64)]) -> Groups {
    let mut groups = Groups::new();
    for (element, timestamp) in records {
        let group = groups.entry((timestamp.div_euclid(size), ByKey.key(element))).or_default();
        match element {
            Tagged::First((_, number)) => group.0.push(*number),
            Tagged::Second((_, number)) => group.1.push(*number),
        }
    }
    groups
}

fn numbers(side: &[&Side]) -> Vec<u32> {
    side.iter().map(|(_, number)| *number).collect()
}

proptest! {
    #[test]
    fn each_window_of_a_key_is_grouped_and_paired(
        size in 1_i64..20,
        records in prop::collection::vec((any::<bool>(), 0_u8..3, -30_i64..30), 0..60),
    ) {
        let records: Vec<(Element, i64)> = (0_u32..)
            .zip(records)
            .map(|(number, (first, key, timestamp))| {
                let side = (key, number);
                (if first { Tagged::First(side) } else { Tagged::Second(side) }, timestamp)
            })
            .collect();
        let (mut grouped, mut paired) = (Vec::new(), Vec::new());
        for ((place, _), (first, second)) in groups(size, &records) {
            let timestamp = (place + 1) * size - 1;
            for one in &first {
                paired.extend(second.iter().map(|other| ((*one, *other), timestamp)));
            }
            grouped.push(((first, second), timestamp));
        }
        grouped.sort();
        paired.sort_unstable();
        let group = CoGroup::new(|one: &[&Side], other: &[&Side], out: &mut Collector<_>| {
            out.collect((numbers(one), numbers(other)));
        });
        prop_assert_eq!(run(size, group, &records), grouped);
        let join = Join::new(|one: &Side, other: &Side, out: &mut Collector<_>| {
            out.collect((one.1, other.1));
        });
        prop_assert_eq!(run(size, join, &records), paired);
    }
}
