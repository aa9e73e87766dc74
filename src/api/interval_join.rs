//! Interval joins: pairs of records of one key whose timestamps are near each other.
//!
//! ```
//! use weir::api::StreamExecutionEnvironment;
//! use weir::base::EventTime;
//! use weir::cluster::{self, ClusterOptions};
//! use weir::time::WatermarkStrategy;
//!
//! let env = StreamExecutionEnvironment::new("payments");
//! let stamped = |records: Vec<(u32, i64)>| {
//!     let strategy = WatermarkStrategy::for_monotonous_timestamps()
//!         .with_timestamp_assigner(|record: &(u32, i64), _| EventTime(record.1));
//!     env.from_collection(records).assign_timestamps_and_watermarks(strategy).key_by(|r| r.0)
//! };
//! let orders = stamped(vec![(1, 1_000), (2, 2_000)]);
//! let payments = stamped(vec![(1, 3_000), (2, 9_000)]);
//! orders
//!     .interval_join(&payments)
//!     .between_millis(0, 5_000)
//!     .process(|order: &(u32, i64), payment: &(u32, i64), _, out| {
//!         out.collect((order.0, payment.1 - order.1));
//!     })
//!     .write_to("paid", ["order", "after_ms"]);
//! let report = cluster::execute(ClusterOptions::new(1, 1), env.build().unwrap()).unwrap();
//! let rows = &report.sinks["paid"].rows;
//! assert_eq!(rows.len(), 1);
//! assert_eq!(rows[0].fields, ["1", "2000"]);
//! ```

use super::{DataStream, KeyedStream, ProgramError};
use crate::operator::{
    Function, IntervalJoinSpec, JoinClosure, JoinContext, JoinedByInterval, KeySelector,
    LateRecords, OperatorContext, OperatorKind, ProcessJoinFunction, erase_inputs,
};
use crate::record::{Collector, Data, OutputTag, Outputs};
use crate::window::WindowError;
use crate::window::interval_join::IntervalBounds;

/// Two keyed streams that are to be joined.
pub struct IntervalJoin<L, R, SL, SR> {
    left: KeyedStream<L, SL>,
    right: KeyedStream<R, SR>,
}

impl<L: Data, S: KeySelector<L>> KeyedStream<L, S> {
    /// Joins this stream, the left side, with another of the same kind of key.
    pub fn interval_join<R: Data, SR: KeySelector<R, Key = S::Key>>(
        &self,
        right: &KeyedStream<R, SR>,
    ) -> IntervalJoin<L, R, S, SR> {
        IntervalJoin { left: self.clone(), right: right.clone() }
    }
}

impl<L, R, SL, SR> IntervalJoin<L, R, SL, SR>
where
    L: Data,
    R: Data,
    SL: KeySelector<L>,
    SR: KeySelector<R, Key = SL::Key>,
{
    /// A right record is from `lower` to `upper` milliseconds after its left one, both included;
    /// negative is before it.
    pub fn between_millis(self, lower: i64, upper: i64) -> IntervalJoined<L, R, SL, SR> {
        let bounds =
            IntervalBounds { lower, upper, lower_exclusive: false, upper_exclusive: false };
        IntervalJoined {
            spec: IntervalJoinSpec {
                bounds,
                left: self.left.selector().clone(),
                right: self.right.selector().clone(),
                late_left: LateRecords::Drop,
                late_right: LateRecords::Drop,
            },
            join: self,
        }
    }
}

/// Two keyed streams with how far from each other their records may be.
pub struct IntervalJoined<L, R, SL, SR> {
    join: IntervalJoin<L, R, SL, SR>,
    spec: IntervalJoinSpec<L, R, SL, SR>,
}

impl<L, R, SL, SR> IntervalJoined<L, R, SL, SR>
where
    L: Data,
    R: Data,
    SL: KeySelector<L>,
    SR: KeySelector<R, Key = SL::Key>,
{
    /// The lower bound itself is too little.
    pub fn lower_bound_exclusive(mut self) -> Self {
        self.spec.bounds.lower_exclusive = true;
        self
    }

    /// The upper bound itself is too much.
    pub fn upper_bound_exclusive(mut self) -> Self {
        self.spec.bounds.upper_exclusive = true;
        self
    }

    /// Where left records go that come behind the watermark, instead of being dropped.
    pub fn side_output_left_late_data(mut self, tag: &OutputTag<L>) -> Self {
        self.spec.late_left = LateRecords::SideOutput(tag.clone());
        self
    }

    /// Where right records go that come behind the watermark, instead of being dropped.
    pub fn side_output_right_late_data(mut self, tag: &OutputTag<R>) -> Self {
        self.spec.late_right = LateRecords::SideOutput(tag.clone());
        self
    }

    /// What is made of each pair.
    pub fn process<X: Data>(
        self,
        function: impl FnMut(&L, &R, &mut JoinContext<'_>, &mut Collector<X>) + Function,
    ) -> DataStream<X> {
        self.process_with(JoinClosure::new(function))
    }

    /// Like [`Self::process`], with a type of one's own as the function.
    pub fn process_with<F: ProcessJoinFunction<L, R>>(self, function: F) -> DataStream<F::Out> {
        let Self { join: IntervalJoin { left, right }, spec } = self;
        if spec.bounds.lower > spec.bounds.upper {
            let (operator, error) = ("Interval Join", WindowError::IntervalBounds);
            left.fail(ProgramError::Window { operator, error });
        }
        let code = OperatorKind::operator(move |context: &OperatorContext, outputs: Outputs| {
            let (spec, function) = (spec.clone(), function.clone());
            let joined = JoinedByInterval::new(context, spec, function, outputs.join());
            Ok(erase_inputs::<L, R>(joined?))
        });
        left.stream().then_two(right.stream(), "Interval Join", code)
    }
}
