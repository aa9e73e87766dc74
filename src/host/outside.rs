//! What sees a job's results: files, tables and screens that no failure takes back.

use crate::base::SimDuration;
use crate::record::Row;

/// A node's access to the world outside the cluster.
pub trait Outside {
    /// Makes `rows` visible in `sink`, at once and for ever.
    fn publish(&self, sink: &str, subtask: &str, rows: Vec<Row>);

    /// Takes note of how long a latency marker was on its way.
    fn measure(&self, latency: SimDuration);
}
