//! Writing to the database and reading from it, as Flink's JDBC sinks do.
//!
//! Previous: [`crate::api`]. Next: the node's way to the database
//! ([`crate::host::DatabaseAccess`]).

mod query;
mod sink;
mod transactional;
mod write_ahead;
mod writer;

use std::rc::Rc;

pub use query::{DatabaseQuery, ask_regularly};
pub use sink::DatabaseSink;
pub use transactional::{DatabaseTransaction, TransactionalDatabase};
pub use write_ahead::{PendingRows, WriteAheadTable};
pub use writer::TableWriter;

use crate::host::DatabaseAccess;
use crate::operator::OperatorContext;
use crate::record::Failure;

/// The way to the database, which is there if a job uses it.
fn access(context: &OperatorContext) -> Result<Rc<dyn DatabaseAccess>, Failure> {
    context.services.database.clone().ok_or_else(|| {
        let subtask = &context.subtask;
        Failure(format!("{subtask} uses the database, but the cluster has none"))
    })
}
