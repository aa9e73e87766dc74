//! The control plane: Dispatcher, ResourceManager, JobMaster, TaskExecutor, client.
//!
//! Each component is a state machine whose handlers leave their effects in an outbox
//! ([`Component`]); [`shell`] is the one place that waits. Every message is on one page, [`rpc`].
//! How a job travels: the client submits it to the Dispatcher, which starts a JobMaster; that
//! declares to the ResourceManager how many slots it needs, which asks TaskExecutors; these offer
//! the slots to the JobMaster, which deploys the tasks into them and follows them to the end.
//!
//! Invariants: executions and jobs move only as [`execution_may_become`] and [`job_may_become`]
//! allow; a slot has at most one grant, and every grant ends; every job that is submitted ends
//! for its client exactly once; an idle cluster sends heartbeats and nothing else.
//!
//! Previous: [`crate::graph`], which plans the job. Next: [`crate::task`], which runs a subtask.

mod alarm;
mod backoff;
mod broker;
mod client;
mod database;
mod dispatcher;
mod heartbeat;
mod job_master;
mod journal;
mod log_client;
mod log_text;
mod node;
mod options;
mod outbox;
pub mod ports;
mod requests;
mod resource_manager;
pub mod rpc;
mod rpc_text;
pub mod session;
pub mod shell;
mod storage_client;
mod storage_server;
mod task_executor;

pub use broker::{Broker, BrokerAction, BrokerOptions, BrokerReport, BrokerTimer, TopicOptions};
pub use client::{Client, ClientTimer, JobResult, Submission};
pub use database::{Database, DatabaseAction, DatabaseOptions};
pub use dispatcher::{Dispatcher, StartJobMaster};
pub use job_master::{
    JobMaster, JobMasterAction, JobMasterReport, JobMasterTimer, execution_may_become,
    job_may_become,
};
pub use journal::{JournalFiles, JournalResult, JournalTimer, JournalWork};
pub use node::{
    StreamTaskRunner, TaskRunner, broker, client, database, database_client, jobmanager,
    log_client, storage, taskmanager,
};
pub use options::RuntimeOptions;
pub use outbox::{Component, Effect, Outbox};
pub use resource_manager::{ResourceManager, ResourceManagerTimer};
pub use rpc::JobPayload;
pub use task_executor::{TaskAction, TaskExecutor, TaskExecutorTimer, TaskReport};
