//! Where streams end.

use super::{DataStream, SinkDeclaration};
use crate::connector::{SinkFormat, SinkWriter};
use crate::graph::StreamNodeKind;
use crate::operator::{OperatorContext, OperatorKind};
use crate::record::{Data, Output, Outputs, RowKind, erase};

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
        let uid = declaration.as_ref().map(|sink| sink.name.clone());
        let sink: crate::base::Name = uid.as_deref().unwrap_or(name).into();
        let build = move |context: &OperatorContext, _: Outputs| {
            let writer = SinkWriter::<T>::new(context, sink.clone(), format.clone());
            Ok(erase(Box::new(writer) as Box<dyn Output<T>>))
        };
        let code = OperatorKind::operator(build);
        let name = format!("{name}: Writer");
        let stream = self.then::<T>(&name, StreamNodeKind::Sink, code);
        if let Some(declaration) = declaration {
            stream.builder.borrow_mut().add_sink(declaration);
        }
        match uid {
            Some(uid) => stream.uid(&uid),
            None => stream,
        }
    }
}
