//! Interval join against a naive model: every pair of records tried, every bound by definition.

use proptest::prelude::*;
use weir::base::EventTime;
use weir::record::Key;
use weir::state::{KeyedStore, KeyedTable};
use weir::window::StreamRecord;
use weir::window::interval_join::{IntervalBounds, IntervalJoinOperator, IntervalOutput, JoinSide};

#[derive(Clone, Debug)]
enum Step {
    Record { side: JoinSide, key: u8, timestamp: i64 },
    Watermark(i64),
}

#[derive(Default, Debug, PartialEq)]
struct Seen {
    pairs: Vec<(u32, u32, i64)>,
    late: Vec<(JoinSide, u32)>,
}

impl IntervalOutput<u32, u32> for Seen {
    fn pair(&mut self, left: (&u32, EventTime), right: (&u32, EventTime)) {
        self.pairs.push((*left.0, *right.0, left.1.max(right.1).0));
    }
    fn late_left(&mut self, record: StreamRecord<u32>) {
        self.late.push((JoinSide::Left, record.value));
    }
    fn late_right(&mut self, record: StreamRecord<u32>) {
        self.late.push((JoinSide::Right, record.value));
    }
}

fn run(bounds: IntervalBounds, steps: &[Step]) -> Seen {
    let mut operator = IntervalJoinOperator::new(bounds, KeyedTable::new(128)).unwrap();
    let mut seen = Seen::default();
    for (id, step) in (0_u32..).zip(steps) {
        match step {
            Step::Record { side, key, timestamp } => {
                let record = StreamRecord::new(id, EventTime(*timestamp));
                match side {
                    JoinSide::Left => {
                        operator.process_left(key.hash_code(), key, record, &mut seen)
                    }
                    JoinSide::Right => {
                        operator.process_right(key.hash_code(), key, record, &mut seen)
                    }
                }
                .unwrap();
            }
            Step::Watermark(watermark) => {
                operator.advance_watermark(EventTime(*watermark), &mut seen);
            }
        }
    }
    operator.advance_watermark(EventTime::MAX, &mut seen);
    assert_eq!(operator.store().count(), 0, "state is left behind");
    assert!(operator.timers().is_empty(), "timers are left behind");
    seen.pairs.sort_unstable();
    seen
}

/// A record meets those of the other side that came before it, until a watermark reaches the last
/// moment that could meet them.
fn model(bounds: IntervalBounds, steps: &[Step]) -> Seen {
    let within = |distance: i64| {
        let low =
            if bounds.lower_exclusive { distance > bounds.lower } else { distance >= bounds.lower };
        let high =
            if bounds.upper_exclusive { distance < bounds.upper } else { distance <= bounds.upper };
        low && high
    };
    let last_use = |side: JoinSide, timestamp: i64| match side {
        JoinSide::Left => timestamp + (bounds.upper - i64::from(bounds.upper_exclusive)).max(0),
        JoinSide::Right => timestamp - (bounds.lower + i64::from(bounds.lower_exclusive)).min(0),
    };
    let (mut seen, mut watermark) = (Seen::default(), i64::MIN);
    let mut before: Vec<(JoinSide, u8, i64, u32)> = Vec::new();
    for (id, step) in (0_u32..).zip(steps) {
        match step {
            Step::Record { side, timestamp, .. } if *timestamp < watermark => {
                seen.late.push((*side, id));
            }
            Step::Record { side, key, timestamp } => {
                for &(other, of, at, old) in &before {
                    if other == *side || of != *key {
                        continue;
                    }
                    let (left, right, distance) = match side {
                        JoinSide::Left => (id, old, at - timestamp),
                        JoinSide::Right => (old, id, timestamp - at),
                    };
                    if within(distance) {
                        seen.pairs.push((left, right, at.max(*timestamp)));
                    }
                }
                before.push((*side, *key, *timestamp, id));
            }
            Step::Watermark(next) => {
                watermark = *next;
                before.retain(|&(side, _, at, _)| last_use(side, at) > watermark);
            }
        }
    }
    seen.pairs.sort_unstable();
    seen
}

fn step() -> impl Strategy<Value = (u8, i64, i64, bool, u8)> {
    (0_u8..10, 0_i64..4, 0_i64..12, any::<bool>(), 0_u8..3)
}

proptest! {
    #[test]
    fn pairs_agree_with_the_naive_model(
        lower in -8_i64..8,
        span in 0_i64..8,
        lower_exclusive: bool,
        upper_exclusive: bool,
        events in prop::collection::vec(step(), 1..80),
    ) {
        let bounds =
            IntervalBounds { lower, upper: lower + span, lower_exclusive, upper_exclusive };
        let (mut moment, mut watermark, mut steps) = (-20, i64::MIN, Vec::new());
        for (kind, forward, behind, left, key) in events {
            moment += forward;
            if kind == 0 && moment - 5 > watermark {
                watermark = moment - 5;
                steps.push(Step::Watermark(watermark));
            } else {
                let side = if left { JoinSide::Left } else { JoinSide::Right };
                steps.push(Step::Record { side, key, timestamp: moment - behind });
            }
        }
        prop_assert_eq!(run(bounds, &steps), model(bounds, &steps));
    }
}

#[test]
fn bounds_in_the_wrong_order_are_refused() {
    let bounds =
        IntervalBounds { lower: 1, upper: 0, lower_exclusive: false, upper_exclusive: false };
    let table = KeyedTable::<u8, _>::new(128);
    let refused = IntervalJoinOperator::<u8, u32, u32, _>::new(bounds, table).err().unwrap();
    insta::assert_snapshot!(refused, @"lowerBound <= upperBound must be fulfilled");
}
