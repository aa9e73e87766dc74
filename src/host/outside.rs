//! What sees a job's results: files, tables and screens that no failure takes back.

use crate::record::Row;

/// A node's access to the world outside the cluster.
pub trait Outside {
    /// Makes `rows` visible in `sink`, at once and for ever.
    fn publish(&self, sink: &str, subtask: &str, rows: Vec<Row>);
}
