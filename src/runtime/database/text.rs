//! What the trace and the wire need to know of the database's messages.

use super::super::rpc::{DatabaseClientRpc, DatabaseRpc};
use crate::host::{DatabaseAnswer, DatabaseRequest};
use crate::record::Row;

impl DatabaseRpc {
    pub(in crate::runtime) fn name(&self) -> &'static str {
        match self.what {
            DatabaseRequest::Connect { .. } => "Connect",
            DatabaseRequest::Execute { .. } => "ExecuteBatch",
            DatabaseRequest::Prepare { .. } => "PrepareTransaction",
            DatabaseRequest::CommitPrepared { .. } => "CommitPrepared",
            DatabaseRequest::RollbackPrepared { .. } => "RollbackPrepared",
            DatabaseRequest::ListPrepared { .. } => "ListPrepared",
            DatabaseRequest::MarkCommitted { .. } => "CommitCheckpoint",
            DatabaseRequest::ListCommitted { .. } => "IsCheckpointCommitted",
            DatabaseRequest::Query { .. } => "ExecuteQuery",
        }
    }

    pub(in crate::runtime) fn about(&self) -> String {
        match &self.what {
            DatabaseRequest::Connect { writer } => {
                format!("{} to {} (attempt {})", writer.subtask, writer.sink, writer.attempt)
            }
            DatabaseRequest::Execute { table, rows, .. } => {
                format!("{} changes of {table}", rows.len())
            }
            DatabaseRequest::Prepare { transaction, rows, .. } => {
                format!("{transaction}: {} changes", rows.len())
            }
            DatabaseRequest::CommitPrepared { transaction }
            | DatabaseRequest::RollbackPrepared { transaction }
            | DatabaseRequest::MarkCommitted { transaction } => transaction.to_string(),
            DatabaseRequest::ListPrepared { prefix }
            | DatabaseRequest::ListCommitted { prefix } => format!("{prefix}*"),
            DatabaseRequest::Query { sql } => sql.to_string(),
        }
    }

    pub(in crate::runtime) fn wire_size(&self) -> u64 {
        match &self.what {
            DatabaseRequest::Execute { rows, .. } | DatabaseRequest::Prepare { rows, .. } => {
                rows.iter().map(size).sum()
            }
            _ => self.about().len() as u64,
        }
    }
}

impl DatabaseClientRpc {
    pub(in crate::runtime) fn name(&self) -> &'static str {
        match self.answer {
            Ok(DatabaseAnswer::Done) => "DatabaseDone",
            Ok(DatabaseAnswer::Transactions(_)) => "PreparedListed",
            Ok(DatabaseAnswer::Rows(_)) => "QueryDone",
            Err(_) => "DatabaseRequestFailed",
        }
    }

    pub(in crate::runtime) fn about(&self) -> String {
        match &self.answer {
            Ok(DatabaseAnswer::Done) => String::new(),
            Ok(DatabaseAnswer::Transactions(names)) => names.join(", "),
            Ok(DatabaseAnswer::Rows(rows)) => format!("{} rows", rows.len()),
            Err(error) => error.to_string(),
        }
    }

    pub(in crate::runtime) fn wire_size(&self) -> u64 {
        match &self.answer {
            Ok(DatabaseAnswer::Rows(rows)) => {
                rows.iter().flatten().map(|field| 2 + field.len() as u64).sum()
            }
            _ => self.about().len() as u64,
        }
    }
}

fn size(row: &Row) -> u64 {
    16 + row.fields.iter().map(|field| 2 + field.len() as u64).sum::<u64>()
}
