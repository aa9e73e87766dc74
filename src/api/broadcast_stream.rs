//! Streams of which every subtask sees all records, and keeps the same state.

use super::{DataStream, KeyedStream};
use crate::operator::{
    BroadcastProcess, BroadcastProcessFunction, KeySelector, KeyedBroadcastProcess,
    KeyedBroadcastProcessFunction, OperatorContext, OperatorKind, erase_inputs,
};
use crate::record::{Data, Outputs};

/// A stream of which every subtask of the operator behind sees all records.
pub struct BroadcastStream<B>(DataStream<B>);

/// A stream beside a broadcast one.
pub struct BroadcastConnectedStream<A, B> {
    stream: DataStream<A>,
    broadcast: DataStream<B>,
}

/// A keyed stream beside a broadcast one.
pub struct KeyedBroadcastConnectedStream<A, B, S> {
    stream: KeyedStream<A, S>,
    broadcast: DataStream<B>,
}

impl<B: Data> DataStream<B> {
    /// This stream as the broadcast side of an operator: what the operator keeps of it is
    /// broadcast state, which it registers when it opens.
    pub fn broadcast_stream(&self) -> BroadcastStream<B> {
        BroadcastStream(self.broadcast())
    }
}

impl<A: Data> DataStream<A> {
    /// Lets one operator read this stream beside a broadcast one.
    pub fn connect_broadcast<B: Data>(
        &self,
        broadcast: &BroadcastStream<B>,
    ) -> BroadcastConnectedStream<A, B> {
        BroadcastConnectedStream { stream: self.clone(), broadcast: broadcast.0.clone() }
    }
}

impl<A: Data, S: KeySelector<A>> KeyedStream<A, S> {
    /// Lets one operator read this stream beside a broadcast one.
    pub fn connect_broadcast<B: Data>(
        &self,
        broadcast: &BroadcastStream<B>,
    ) -> KeyedBroadcastConnectedStream<A, B, S> {
        KeyedBroadcastConnectedStream { stream: self.clone(), broadcast: broadcast.0.clone() }
    }
}

impl<A: Data, B: Data> BroadcastConnectedStream<A, B> {
    /// What a function makes of both.
    pub fn process<F: BroadcastProcessFunction<A, B>>(self, function: F) -> DataStream<F::Out> {
        let code = OperatorKind::operator(move |context: &OperatorContext, outputs: Outputs| {
            let process = BroadcastProcess::new::<A, B>(context, function.clone(), outputs.join())?;
            Ok(erase_inputs::<A, B>(process))
        });
        self.stream.then_two(&self.broadcast, "Co-Process-Broadcast", code)
    }
}

impl<A: Data, B: Data, S: KeySelector<A>> KeyedBroadcastConnectedStream<A, B, S> {
    /// What a function makes of both, with keyed state and timers.
    pub fn process<F: KeyedBroadcastProcessFunction<S::Key, A, B>>(
        self,
        function: F,
    ) -> DataStream<F::Out> {
        let selector = self.stream.selector().clone();
        let code = OperatorKind::operator(move |context: &OperatorContext, outputs: Outputs| {
            let (selector, function) = (selector.clone(), function.clone());
            let process = KeyedBroadcastProcess::new(context, selector, function, outputs.join())?;
            Ok(erase_inputs::<A, B>(process))
        });
        self.stream.stream().then_two(&self.broadcast, "Co-Process-Broadcast-Keyed", code)
    }
}
