//! A stream of records of one type.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use super::builder::{Builder, Dealt};
use super::{KeyedStream, ProgramError};
use crate::base::SimDuration;
use crate::graph::{ChainingStrategy, StreamNode, StreamNodeId, StreamNodeKind};
use crate::network::{CustomEdge, UnkeyedEdge};
use crate::operator::{
    Closure, EdgeFactory, Filter, FilterFunction, FlatMap, FlatMapClosure, FlatMapFunction,
    Function, KeyByField, KeyByValue, Map, MapFunction, OperatorContext, OperatorKind, Process,
    ProcessContext, ProcessElement, ProcessFunction, TryMap,
};
use crate::record::{
    Collector, Data, Failure, Key, Output, OutputTag, Outputs, Partitioning, erase,
};

/// A stream of records of type `T`: the output of one operator, or of several in a union.
pub struct DataStream<T> {
    pub(super) builder: Rc<RefCell<Builder>>,
    /// The operators, each with how its output is dealt to what is behind this stream.
    outputs: Vec<(StreamNodeId, Dealt)>,
    records: PhantomData<fn() -> T>,
}

impl<T> Clone for DataStream<T> {
    fn clone(&self) -> Self {
        Self { builder: self.builder.clone(), outputs: self.outputs.clone(), records: PhantomData }
    }
}

/// An operator's code from a function that builds it in front of its output.
pub(super) fn operator<I: Data, O: Data>(
    build: impl Fn(&OperatorContext, Box<dyn Output<O>>) -> Result<Box<dyn Output<I>>, Failure>
    + Send
    + Sync
    + 'static,
) -> OperatorKind {
    OperatorKind::operator(move |context: &OperatorContext, outputs: Outputs| {
        Ok(erase(build(context, outputs.join().0)?))
    })
}

impl<T: Data> DataStream<T> {
    pub(super) fn of_node(builder: Rc<RefCell<Builder>>, node: StreamNodeId) -> Self {
        let code = Arc::new(UnkeyedEdge::<T>::default());
        let dealt = Dealt { partitioning: None, code, side_output: None };
        Self { builder, outputs: vec![(node, dealt)], records: PhantomData }
    }

    /// Puts an operator behind this stream.
    pub(super) fn then<R: Data>(
        &self,
        name: &str,
        kind: StreamNodeKind,
        code: OperatorKind,
    ) -> DataStream<R> {
        let mut builder = self.builder.borrow_mut();
        let node = builder.add_node(name, kind, code);
        for (source, dealt) in &self.outputs {
            builder.add_edge(*source, (node, 0), dealt);
        }
        drop(builder);
        DataStream::of_node(self.builder.clone(), node)
    }

    /// The operator whose output this is, with the parallelism of the first of those whose output
    /// `input` is; it is left unset if that one's is.
    pub(super) fn with_parallelism_of<I>(self, input: &DataStream<I>) -> Self {
        let first = |outputs: &[(StreamNodeId, Dealt)]| {
            outputs.first().expect("a stream comes from an operator").0
        };
        let mut builder = self.builder.borrow_mut();
        let parallelism = builder.operator_parallelism(first(&input.outputs));
        builder.set_operator_parallelism(first(&self.outputs), parallelism);
        drop(builder);
        self
    }

    /// Puts an operator behind this stream, its first input, and another, its second.
    pub(super) fn then_two<B: Data, R: Data>(
        &self,
        second: &DataStream<B>,
        name: &str,
        code: OperatorKind,
    ) -> DataStream<R> {
        let mut builder = self.builder.borrow_mut();
        let node = builder.add_node(name, StreamNodeKind::Operator, code);
        for (source, dealt) in &self.outputs {
            builder.add_edge(*source, (node, 0), dealt);
        }
        if Rc::ptr_eq(&self.builder, &second.builder) {
            for (source, dealt) in &second.outputs {
                builder.add_edge(*source, (node, 1), dealt);
            }
        } else {
            builder.fail(ProgramError::ForeignStream);
        }
        drop(builder);
        DataStream::of_node(self.builder.clone(), node)
    }

    /// Any number of records out for each in, to the main output and to side outputs.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    /// use weir::record::OutputTag;
    ///
    /// let env = StreamExecutionEnvironment::new("split");
    /// let odd = OutputTag::<u64>::new("odd");
    /// let tag = odd.clone();
    /// let even = env.from_sequence(10).process(move |number: u64, context, out| {
    ///     if number % 2 == 0 { out.collect(number) } else { context.output(&tag, number) }
    /// });
    /// even.write_to("even", ["n"]);
    /// even.get_side_output(&odd).write_to("odd", ["n"]);
    /// assert!(env.build().is_ok());
    /// ```
    pub fn process<R: Data>(
        &self,
        function: impl FnMut(T, &mut ProcessContext<'_>, &mut Collector<R>) + Function,
    ) -> DataStream<R> {
        self.process_with(ProcessElement::new(function))
    }

    /// Like [`Self::process`], with a type of one's own as the function.
    pub fn process_with<F: ProcessFunction<T>>(&self, function: F) -> DataStream<F::Out> {
        let code = OperatorKind::operator(move |context: &OperatorContext, outputs: Outputs| {
            let process = Process::new::<T>(context, function.clone(), outputs.join())?;
            Ok(erase(Box::new(process) as Box<dyn Output<T>>))
        });
        self.then("Process", StreamNodeKind::Operator, code)
    }

    /// Deals all of the stream in one way. As in Flink the last word counts.
    pub(super) fn dealt(mut self, by: Partitioning, code: &Arc<dyn EdgeFactory>) -> Self {
        for (_, output) in &mut self.outputs {
            (output.partitioning, output.code) = (Some(by), code.clone());
        }
        self
    }

    /// The side output `tag` of the operator whose main output this is.
    pub fn get_side_output<X: Data>(&self, tag: &OutputTag<X>) -> DataStream<X> {
        let mut builder = self.builder.borrow_mut();
        let node = match &self.outputs[..] {
            [(node, Dealt { partitioning: None, side_output: None, .. })] => *node,
            outputs => {
                builder.fail(ProgramError::NotAnOperator { setting: "get_side_output" });
                outputs.first().map_or_else(StreamNodeId::default, |(node, _)| *node)
            }
        };
        builder.read_side_output(node, tag.id(), std::any::type_name::<X>());
        drop(builder);
        let mut side = DataStream::of_node(self.builder.clone(), node);
        side.outputs[0].1.side_output = Some(tag.id().to_string());
        side
    }

    /// One record in, one out.
    pub fn map<R: Data>(&self, function: impl FnMut(T) -> R + Function) -> DataStream<R> {
        self.map_with(Closure(function))
    }

    /// Like [`Self::map`], with a type of one's own as the function.
    pub fn map_with<F: MapFunction<T>>(&self, function: F) -> DataStream<F::Out> {
        let code = operator(move |context, output| {
            Ok(Box::new(Map::new::<T>(context, function.clone(), output)?) as Box<dyn Output<T>>)
        });
        self.then("Map", StreamNodeKind::Operator, code)
    }

    /// One record in, one out or the failure of the task with that cause.
    pub fn try_map<R: Data, E: std::fmt::Display + 'static>(
        &self,
        function: impl FnMut(T) -> Result<R, E> + Function,
    ) -> DataStream<R> {
        let code = operator(move |context, output| {
            Ok(Box::new(TryMap::new(context, function.clone(), output)) as Box<dyn Output<T>>)
        });
        self.then("Map", StreamNodeKind::Operator, code)
    }

    /// One record in, any number out.
    pub fn flat_map<R: Data>(
        &self,
        function: impl FnMut(T, &mut Collector<R>) + Function,
    ) -> DataStream<R> {
        self.flat_map_with(FlatMapClosure::new(function))
    }

    /// Like [`Self::flat_map`], with a type of one's own as the function.
    pub fn flat_map_with<F: FlatMapFunction<T>>(&self, function: F) -> DataStream<F::Out> {
        let code = operator(move |context, output| {
            let flat_map = FlatMap::new::<T>(context, function.clone(), output)?;
            Ok(Box::new(flat_map) as Box<dyn Output<T>>)
        });
        self.then("Flat Map", StreamNodeKind::Operator, code)
    }

    /// Keeps the records for which the function holds.
    pub fn filter(&self, function: impl FnMut(&T) -> bool + Function) -> Self {
        self.filter_with(Closure(function))
    }

    /// Like [`Self::filter`], with a type of one's own as the function.
    pub fn filter_with<F: FilterFunction<T>>(&self, function: F) -> Self {
        let code = operator(move |context, output| {
            Ok(Box::new(Filter::new(context, function.clone(), output)?) as Box<dyn Output<T>>)
        });
        self.then("Filter", StreamNodeKind::Operator, code)
    }

    /// All records of this stream and of the others, each dealt as it was to be. Each keeps its
    /// own order; between them there is none.
    pub fn union(&self, others: &[&Self]) -> Self {
        let mut union = self.clone();
        for other in others {
            if !Rc::ptr_eq(&self.builder, &other.builder) {
                self.builder.borrow_mut().fail(ProgramError::ForeignStream);
                continue;
            }
            union.outputs.extend_from_slice(&other.outputs);
        }
        union
    }

    /// Groups records by a key that is computed.
    pub fn key_by<K: Key, F: Fn(&T) -> K + Function>(
        &self,
        key: F,
    ) -> KeyedStream<T, KeyByValue<F>> {
        KeyedStream::new(self.clone(), KeyByValue(key))
    }

    /// Groups records by a key that is a field of theirs, which is then not copied per record.
    pub fn key_by_field<K: Key, F: Fn(&T) -> &K + Function>(
        &self,
        key: F,
    ) -> KeyedStream<T, KeyByField<F>> {
        KeyedStream::new(self.clone(), KeyByField(key))
    }

    fn partitioned(&self, partitioning: Partitioning) -> Self {
        let code: Arc<dyn EdgeFactory> = Arc::new(UnkeyedEdge::<T>::default());
        self.clone().dealt(partitioning, &code)
    }

    /// To the subtask of the same index; the operator behind must have the same parallelism.
    pub fn forward(&self) -> Self {
        self.partitioned(Partitioning::Forward)
    }

    /// In turn to every subtask of the operator behind.
    pub fn rebalance(&self) -> Self {
        self.partitioned(Partitioning::Rebalance)
    }

    /// In turn to those subtasks of the operator behind that are near.
    pub fn rescale(&self) -> Self {
        self.partitioned(Partitioning::Rescale)
    }

    /// To subtasks at random.
    pub fn shuffle(&self) -> Self {
        self.partitioned(Partitioning::Shuffle)
    }

    /// Every record to every subtask.
    pub fn broadcast(&self) -> Self {
        self.partitioned(Partitioning::Broadcast)
    }

    /// Every record to the first subtask.
    pub fn global(&self) -> Self {
        self.partitioned(Partitioning::Global)
    }

    /// To the subtask that `partitioner` names, given the record and how many there are. One that
    /// is not there fails the job.
    pub fn partition_custom(&self, partitioner: impl Fn(&T, usize) -> usize + Function) -> Self {
        let code: Arc<dyn EdgeFactory> = Arc::new(CustomEdge::<T, _>::new(partitioner));
        self.clone().dealt(Partitioning::Custom, &code)
    }

    /// Changes the operator whose output this is.
    fn setting(self, setting: &'static str, change: impl FnOnce(&mut StreamNode)) -> Self {
        let mut builder = self.builder.borrow_mut();
        match &self.outputs[..] {
            [(node, Dealt { partitioning: None, side_output: None, .. })] => {
                change(builder.node(*node));
            }
            _ => builder.fail(ProgramError::NotAnOperator { setting }),
        }
        drop(builder);
        self
    }

    /// What the operator is shown as.
    pub fn name(self, name: &str) -> Self {
        self.setting("name", |node| {
            node.name = match node.kind {
                StreamNodeKind::Source => format!("Source: {name}"),
                StreamNodeKind::Operator | StreamNodeKind::Sink => name.to_string(),
            }
        })
    }

    /// What the operator is addressed by, in scenarios and traces; unique in the program.
    pub fn uid(self, uid: &str) -> Self {
        if let [(node, _)] = self.outputs[..] {
            self.builder.borrow_mut().set_uid(node, uid);
        }
        self.setting("uid", |_| ())
    }

    /// How many subtasks the operator has, whatever the environment or whoever submits the program
    /// says.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    ///
    /// let env = StreamExecutionEnvironment::new("squares");
    /// env.from_sequence(4).map(|n| (n, n * n)).parallelism(2).write_to("squares", ["n", "square"]);
    /// let program = env.build()?.with_parallelism(3);
    /// let subtasks: Vec<u32> = program.graph.nodes.iter().map(|node| node.parallelism).collect();
    /// assert_eq!(subtasks, [3, 2, 3]);
    /// # Ok::<(), weir::api::ProgramError>(())
    /// ```
    pub fn parallelism(self, parallelism: u32) -> Self {
        if let [(node, _)] = self.outputs[..] {
            self.builder.borrow_mut().set_operator_parallelism(node, Some(parallelism));
        }
        self.setting("parallelism", |_| ())
    }

    /// How many subtasks the operator may ever have.
    pub fn max_parallelism(self, max_parallelism: u32) -> Self {
        self.setting("max_parallelism", |node| node.max_parallelism = Some(max_parallelism))
    }

    /// The group whose operators may share slots.
    pub fn slot_sharing_group(self, group: &str) -> Self {
        self.setting("slot_sharing_group", |node| node.slot_sharing_group = Some(group.to_string()))
    }

    /// Gives the operator a task of its own.
    pub fn disable_chaining(self) -> Self {
        self.setting("disable_chaining", |node| node.chaining = ChainingStrategy::Never)
    }

    /// Begins a new chain with the operator.
    pub fn start_new_chain(self) -> Self {
        self.setting("start_new_chain", |node| node.chaining = ChainingStrategy::Head)
    }

    /// What processing one record costs the operator, in simulated time.
    pub fn record_cost(self, cost: SimDuration) -> Self {
        if let [(node, _)] = self.outputs[..] {
            self.builder.borrow_mut().set_record_cost(node, cost);
        }
        self.setting("record_cost", |_| ())
    }
}
