//! Where streams end.

use std::rc::Rc;

use super::{DataStream, SinkDeclaration};
use crate::base::Name;
use crate::connector::{
    FunctionSink, RowFormat, SinkFormat, SinkFunction, SinkWriter, TwoPhaseCommit,
    TwoPhaseCommitSink,
};
use crate::graph::StreamNodeKind;
use crate::operator::{OperatorContext, OperatorKind};
use crate::record::{AnyOutput, Data, Failure, Output, Outputs, RowKind, erase};

impl<T: Data> DataStream<T> {
    /// Appends every record to a file of those columns. The file is the sink's name, as a CSV.
    pub fn write_to<C: Into<String>>(
        &self,
        sink: &str,
        columns: impl IntoIterator<Item = C>,
    ) -> Self {
        self.rows(sink, columns, RowKind::Insert, None)
    }

    /// Writes every record to a file in which records of the same key, the first `key_columns`
    /// columns, replace each other.
    pub fn upsert_to<C: Into<String>>(
        &self,
        sink: &str,
        columns: impl IntoIterator<Item = C>,
        key_columns: usize,
    ) -> Self {
        self.rows(sink, columns, RowKind::UpdateAfter, Some(key_columns))
    }

    /// Prints every record as a line of the sink `name`.
    pub fn print(&self, sink: &str) -> Self {
        let declaration = SinkDeclaration {
            name: sink.to_string(),
            columns: vec!["line".to_string()],
            key_columns: None,
        };
        self.sink("Print", Some(declaration), SinkFormat::Lines)
    }

    /// Collects every record, for [`RunReport::collected`] to give back.
    ///
    /// [`RunReport::collected`]: ../cluster/struct.RunReport.html#method.collected
    pub fn collect(&self, sink: &str) -> Self {
        let declaration = SinkDeclaration {
            name: sink.to_string(),
            columns: vec!["record".to_string()],
            key_columns: None,
        };
        self.sink("Collect", Some(declaration), SinkFormat::Records)
    }

    /// Drops every record.
    pub fn discard(&self) -> Self {
        self.sink("Discard", None, SinkFormat::Discard)
    }

    /// Writes with a function of one's own, which is given every record and writes any number of
    /// rows of these columns at once (Flink's `addSink`). The rows that it writes between a
    /// checkpoint and a failure are written again.
    ///
    /// Below, one writes three records in one row. It must not keep any back when there is a
    /// checkpoint, or when its input ends: nobody would give it those again.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    /// use weir::cluster::{self, ClusterOptions};
    /// use weir::connector::{SinkContext, SinkFunction};
    /// use weir::record::Failure;
    ///
    /// #[derive(Clone, Default)]
    /// struct ByThree {
    ///     held: Vec<String>,
    /// }
    ///
    /// impl SinkFunction<String> for ByThree {
    ///     fn invoke(
    ///         &mut self,
    ///         word: String,
    ///         context: &mut SinkContext<'_>,
    ///     ) -> Result<(), Failure> {
    ///         self.held.push(word);
    ///         if self.held.len() == 3 { self.flush(context) } else { Ok(()) }
    ///     }
    ///
    ///     fn flush(&mut self, context: &mut SinkContext<'_>) -> Result<(), Failure> {
    ///         let words = std::mem::take(&mut self.held);
    ///         match words.len() {
    ///             0 => Ok(()),
    ///             count => context.write(&(words.join(" "), count)),
    ///         }
    ///     }
    /// }
    ///
    /// let env = StreamExecutionEnvironment::new("by three");
    /// let words = ["it", "was", "the", "best", "of", "times", "."].map(str::to_string);
    /// env.from_collection(words.to_vec()).add_sink("book", ["words", "count"], ByThree::default());
    /// let report = cluster::execute(ClusterOptions::new(1, 1), env.build()?)?;
    /// let rows: Vec<_> = report.sinks["book"].rows.iter().map(|row| &row.fields).collect();
    /// assert_eq!(rows, [&["it was the", "3"], &["best of times", "3"], &[".", "1"]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_sink<C: Into<String>>(
        &self,
        sink: &str,
        columns: impl IntoIterator<Item = C>,
        function: impl SinkFunction<T>,
    ) -> Self {
        self.function_sink(sink, columns, None, function)
    }

    /// Writes with a function of one's own into a table in which rows of the same key, the first
    /// `key_columns` columns, replace each other: what is written again after a failure does no
    /// harm there.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    /// use weir::cluster::{self, ClusterOptions};
    /// use weir::connector::SinkContext;
    /// use weir::operator::Closure;
    ///
    /// let env = StreamExecutionEnvironment::new("guests");
    /// let steps = [("ann", "comes"), ("bob", "comes"), ("ann", "goes"), ("eve", "comes")];
    /// let steps = steps.map(|(who, what)| (who.to_string(), what.to_string()));
    /// let guests = |(who, what): (String, String), context: &mut SinkContext<'_>| match &*what {
    ///     "comes" => context.write(&[who]),
    ///     _ => context.delete(&[who]),
    /// };
    /// env.from_collection(steps.to_vec()).add_upsert_sink("guests", ["who"], 1, Closure(guests));
    /// let report = cluster::execute(ClusterOptions::new(1, 1), env.build()?)?;
    /// let rows: Vec<_> = report.sinks["guests"].rows.iter().map(|row| &row.fields).collect();
    /// assert_eq!(rows, [&["bob"], &["eve"]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_upsert_sink<C: Into<String>>(
        &self,
        sink: &str,
        columns: impl IntoIterator<Item = C>,
        key_columns: usize,
        function: impl SinkFunction<T>,
    ) -> Self {
        self.function_sink(sink, columns, Some(key_columns), function)
    }

    fn function_sink<C: Into<String>>(
        &self,
        sink: &str,
        columns: impl IntoIterator<Item = C>,
        key_columns: Option<usize>,
        function: impl SinkFunction<T>,
    ) -> Self {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        let (name, count): (Name, usize) = (sink.into(), columns.len());
        let build = move |context: &OperatorContext, _: Outputs| {
            let looks = (name.clone(), count, key_columns.is_some());
            let sink = FunctionSink::open::<T>(context, looks, function.clone())?;
            Ok(erase(Box::new(sink) as Box<dyn Output<T>>))
        };
        let declaration = SinkDeclaration { name: sink.to_string(), columns, key_columns };
        self.outside_sink(sink, Some(declaration), build)
    }

    /// Writes every record as a row of these columns, by what takes part in a two-phase commit: a
    /// sink of one's own in which each row is seen once. Its transactions are called after `sink`.
    /// `open` is called for each subtask, with a call for when something has changed outside.
    ///
    /// Below, one keeps rows back until their checkpoint is complete. They are then shown as a part
    /// of the sink, of which there is one by each name: to show it again changes nothing.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    /// use weir::base::Name;
    /// use weir::cluster::{self, ClusterOptions};
    /// use weir::connector::{CommitOutcome, Done, SinkRow, TwoPhaseCommit};
    /// use weir::operator::OperatorContext;
    /// use weir::record::{Failure, Row};
    ///
    /// struct Ledger {
    ///     context: OperatorContext,
    ///     current: (Name, Vec<Row>),
    /// }
    ///
    /// impl TwoPhaseCommit for Ledger {
    ///     type Transaction = (Name, Vec<Row>);
    ///
    ///     fn name(&self, (name, _): &Self::Transaction) -> Name {
    ///         name.clone()
    ///     }
    ///
    ///     fn begin(&mut self, name: &Name) {
    ///         self.current = (name.clone(), Vec::new());
    ///     }
    ///
    ///     fn write(&mut self, rows: Vec<SinkRow>) -> Result<(), Failure> {
    ///         self.current.1.extend(rows.into_iter().map(|written| written.row));
    ///         Ok(())
    ///     }
    ///
    ///     fn pre_commit(&mut self, done: Done<Result<Self::Transaction, Failure>>) {
    ///         done(Ok(std::mem::take(&mut self.current)));
    ///     }
    ///
    ///     fn commit(&mut self, (name, rows): &Self::Transaction, done: Done<CommitOutcome>) {
    ///         let rows = (0..).zip(rows.clone()).collect();
    ///         self.context.host.outside.reveal("ledger", name, rows);
    ///         done(CommitOutcome::Committed);
    ///     }
    ///
    ///     fn abort(&mut self, _: &Self::Transaction, done: Done<()>) {
    ///         done(());
    ///     }
    /// }
    ///
    /// let env = StreamExecutionEnvironment::new("payments");
    /// env.from_sequence(3).two_phase_to("ledger", ["payment"], |context, _| {
    ///     Ok(Ledger { context: context.clone(), current: Default::default() })
    /// });
    /// let report = cluster::execute(ClusterOptions::new(1, 1), env.build()?)?;
    /// let rows: Vec<_> = report.sinks["ledger"].rows.iter().map(|row| &row.fields).collect();
    /// assert_eq!(rows, [&["0"], &["1"], &["2"]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn two_phase_to<C: Into<String>, S: TwoPhaseCommit>(
        &self,
        sink: &str,
        columns: impl IntoIterator<Item = C>,
        open: impl Fn(&OperatorContext, Rc<dyn Fn()>) -> Result<S, Failure> + Send + Sync + 'static,
    ) -> Self {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        let format = RowFormat::append(&sink.into(), columns.len());
        let build = move |context: &OperatorContext, _: Outputs| {
            let sink = |changed| open(context, changed);
            let sink = TwoPhaseCommitSink::<T, S>::open(context, &format, sink)?;
            Ok(erase(Box::new(sink) as Box<dyn Output<T>>))
        };
        let declaration = SinkDeclaration { name: sink.to_string(), columns, key_columns: None };
        self.outside_sink(sink, Some(declaration), build)
    }

    fn rows<C: Into<String>>(
        &self,
        sink: &str,
        columns: impl IntoIterator<Item = C>,
        kind: RowKind,
        key_columns: Option<usize>,
    ) -> Self {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        let format = SinkFormat::Rows { columns: columns.len(), kind };
        let declaration = SinkDeclaration { name: sink.to_string(), columns, key_columns };
        self.sink(sink, Some(declaration), format)
    }

    fn sink(&self, name: &str, declaration: Option<SinkDeclaration>, format: SinkFormat) -> Self {
        let sink: Name = declaration.as_ref().map_or(name, |sink| &sink.name).into();
        let build = move |context: &OperatorContext, _: Outputs| {
            let writer = SinkWriter::<T>::new(context, sink.clone(), format.clone());
            Ok(erase(Box::new(writer) as Box<dyn Output<T>>))
        };
        self.outside_sink(name, declaration, build)
    }

    /// A sink that is shown as `name` and, if the outside world sees it, addressed by its own.
    pub(super) fn outside_sink(
        &self,
        name: &str,
        declaration: Option<SinkDeclaration>,
        build: impl Fn(&OperatorContext, Outputs) -> Result<Box<dyn AnyOutput>, Failure>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let code = OperatorKind::operator(build);
        let stream = self.then::<T>(&format!("{name}: Writer"), StreamNodeKind::Sink, code);
        let Some(declaration) = declaration else { return stream };
        let uid = declaration.name.clone();
        stream.builder.borrow_mut().add_sink(declaration);
        stream.uid(&uid)
    }
}
