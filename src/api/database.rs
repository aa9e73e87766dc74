//! The database as sink, and questions that somebody outside asks it.

use super::{DataStream, SinkDeclaration, StreamExecutionEnvironment};
use crate::connector::{
    DatabaseQuery, DatabaseSink, DeliveryGuarantee, TableWriter, TransactionalDatabase,
    TwoPhaseCommitSink, WriteAheadTable,
};
use crate::database::Table;
use crate::operator::OperatorContext;
use crate::record::{AnyOutput, Data, Failure, Output, Outputs, erase};

impl StreamExecutionEnvironment {
    /// Has somebody outside ask the database regularly while the program runs.
    pub fn query_database(&self, query: DatabaseQuery) -> &Self {
        self.builder.borrow_mut().add_query(query);
        self
    }
}

impl<T: Data> DataStream<T> {
    /// Writes every record to a table of the database.
    ///
    /// ```
    /// use weir::api::StreamExecutionEnvironment;
    /// use weir::cluster::{self, ClusterOptions};
    /// use weir::connector::DatabaseSink;
    /// use weir::database::{SqlType, Table};
    ///
    /// let visits = Table::new("visits")
    ///     .column("page", SqlType::Text)
    ///     .primary_key()
    ///     .column("visits", SqlType::Integer);
    /// let env = StreamExecutionEnvironment::new("visits");
    /// let pages = ["home", "cart", "home"].map(str::to_string);
    /// env.from_collection(pages.to_vec())
    ///     .map(|page| (page, 1_u64))
    ///     .key_by_field(|(page, _)| page)
    ///     .sum(|(_, visits)| visits)
    ///     .database_to(DatabaseSink::to(visits));
    /// let report = cluster::execute(ClusterOptions::new(1, 1).with_database(), env.build()?)?;
    /// let rows: Vec<_> = report.sinks["visits"].rows.iter().map(|row| &row.fields).collect();
    /// assert_eq!(rows, [&["cart", "1"], &["home", "2"]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn database_to(&self, sink: DatabaseSink<T>) -> Self {
        let table = sink.table.clone();
        let build = move |context: &OperatorContext, _: Outputs| {
            let output: Box<dyn Output<T>> = match sink.delivery {
                DeliveryGuarantee::ExactlyOnce => {
                    let database = |_| TransactionalDatabase::open(context, &sink.table.name);
                    Box::new(TwoPhaseCommitSink::<T, _>::open(context, &sink.format(), database)?)
                }
                DeliveryGuarantee::AtLeastOnce | DeliveryGuarantee::None => {
                    Box::new(TableWriter::open(context, &sink)?)
                }
            };
            Ok(erase(output))
        };
        self.table_sink(table, build)
    }

    /// Keeps every record in the checkpoint, and writes it to a table of the database when that is
    /// complete. Whatever `sink` promises: what is being written at a failure may be there twice.
    pub fn write_ahead_to(&self, sink: DatabaseSink<T>) -> Self {
        let table = sink.table.clone();
        let build = move |context: &OperatorContext, _: Outputs| {
            let table = |_| WriteAheadTable::open(context, &sink.table.name);
            let sink = TwoPhaseCommitSink::<T, _>::open(context, &sink.format(), table)?;
            Ok(erase(Box::new(sink) as Box<dyn Output<T>>))
        };
        self.table_sink(table, build)
    }

    fn table_sink(
        &self,
        table: Table,
        build: impl Fn(&OperatorContext, Outputs) -> Result<Box<dyn AnyOutput>, Failure>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let name = table.name.to_string();
        let declaration = SinkDeclaration {
            name: name.clone(),
            columns: table.columns.iter().map(|column| column.name.clone()).collect(),
            key_columns: Some(table.key_columns).filter(|columns| *columns > 0),
        };
        self.builder.borrow_mut().add_table(table);
        self.outside_sink(&name, Some(declaration), build)
    }
}
