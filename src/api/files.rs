//! Files as sink.

use super::{DataStream, SinkDeclaration};
use crate::connector::{FileSink, FileWriter, RowFormat, TwoPhaseCommitSink};
use crate::operator::OperatorContext;
use crate::record::{Data, Output, Outputs, erase};

impl<T: Data> DataStream<T> {
    /// Writes every record to files that others see when their checkpoint is complete.
    pub fn files_to(&self, sink: FileSink) -> Self {
        let (name, columns) = (sink.name.to_string(), sink.columns.clone());
        let format = RowFormat::append(&sink.name, columns.len());
        let build = move |context: &OperatorContext, _: Outputs| {
            let files = |changed| FileWriter::open(context, &sink, changed);
            let sink = TwoPhaseCommitSink::<T, _>::open(context, &format, files)?;
            Ok(erase(Box::new(sink) as Box<dyn Output<T>>))
        };
        let declaration = SinkDeclaration { name: name.clone(), columns, key_columns: None };
        self.outside_sink(&name, Some(declaration), build)
    }
}
