//! Which channels join the subtasks of two vertices: Flink's `VertexInputInfoComputationUtils`.
//!
//! Invariant: the channels of one consumer are numbered from 0 by producer and subpartition, and
//! every subpartition of a producer has exactly one consumer.

use super::{DistributionPattern, ExecutionEdge};

/// The widths of an edge's two ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Widths {
    pub producers: u32,
    pub consumers: u32,
}

/// How many channels an edge has.
pub(super) fn count(pattern: DistributionPattern, widths: Widths) -> u64 {
    let (producers, consumers) = (u64::from(widths.producers), u64::from(widths.consumers));
    match pattern {
        DistributionPattern::AllToAll => producers * consumers,
        DistributionPattern::Pointwise => producers.max(consumers),
    }
}

/// The channels of one consumer of an edge, in order.
pub(super) fn channels(
    edge: usize,
    pattern: DistributionPattern,
    widths: Widths,
    consumer: u32,
) -> impl Iterator<Item = ExecutionEdge> {
    let (first, last, subpartition) = match pattern {
        DistributionPattern::AllToAll => (0, widths.producers, consumer),
        DistributionPattern::Pointwise => pointwise(widths, consumer),
    };
    (first..last).zip(0..).map(move |(producer, channel)| ExecutionEdge {
        edge,
        producer,
        subpartition,
        consumer,
        channel,
    })
}

/// The producers of a consumer, the end excluded, and the subpartition it reads of each. The
/// wider side is dealt to the narrower in contiguous, nearly equal runs.
fn pointwise(widths: Widths, consumer: u32) -> (u32, u32, u32) {
    let (producers, consumers) = (u64::from(widths.producers), u64::from(widths.consumers));
    let wide = u64::from(consumer);
    let narrow = |value: u64| u32::try_from(value).expect("a place below a width is as narrow");
    if producers >= consumers {
        let first = wide * producers / consumers;
        let last = (wide + 1) * producers / consumers;
        (narrow(first), narrow(last), 0)
    } else {
        // The one producer whose run of consumers, which begins at the rounded-up share of those
        // before it, holds this consumer. Which subpartition is whose goes by the consumer's
        // index among all, as in Flink, so that a run need not begin with subpartition 0.
        let producer = wide * producers / consumers;
        let run = |producer: u64| (producer * consumers).div_ceil(producers);
        let length = run(producer + 1) - run(producer);
        (narrow(producer), narrow(producer + 1), narrow(wide % length))
    }
}
