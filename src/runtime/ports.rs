//! Who listens where: the well-known ports, one port per JobMaster, one per attempt of a task.

use crate::base::JobId;
use crate::host::Port;

/// The Dispatcher, on the JobManager's node.
pub const DISPATCHER: Port = Port(1);
/// The ResourceManager, on the JobManager's node.
pub const RESOURCE_MANAGER: Port = Port(2);
/// The TaskExecutor of every TaskManager's node.
pub const TASK_EXECUTOR: Port = Port(3);
/// The client.
pub const CLIENT: Port = Port(4);

/// Durable storage.
pub const STORAGE: Port = Port(5);
/// The client of durable storage of every node that uses it.
pub const STORAGE_CLIENT: Port = Port(6);

/// The broker of the log on every node that has one.
pub const BROKER: Port = Port(7);
/// The client of the log of every node that uses it.
pub const LOG_CLIENT: Port = Port(8);

/// The database.
pub const DATABASE: Port = Port(9);
/// The client of the database of every node that uses it.
pub const DATABASE_CLIENT: Port = Port(10);

const JOB_MASTERS: u32 = 0x1000;
const TASKS: u32 = 0x8000_0000;
/// How many bits of a task's port count the attempts of its job.
const ATTEMPT_BITS: u32 = 18;

/// The JobMaster of `job`, on the JobManager's node.
pub fn job_master(job: JobId) -> Port {
    Port(JOB_MASTERS + job.0)
}

/// The port of the `deployment`-th attempt that the JobMaster of `job` deploys, from 0. No two
/// attempts share one, but after 2^18 of them, so that what was meant for a dead attempt never
/// reaches its successor.
pub fn task(job: JobId, deployment: u32) -> Port {
    let deployment = deployment % (1 << ATTEMPT_BITS);
    assert!(job.0 < 1 << (31 - ATTEMPT_BITS), "a run has fewer than 2^13 jobs");
    Port(TASKS | job.0 << ATTEMPT_BITS | deployment)
}
