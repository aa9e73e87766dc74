//! Every message between components, by the component that receives it (Flink's gateways).
//!
//! Messages of a pair arrive in order and at most once; there is no call and return, so answers
//! are messages too. What may be lost is made good by whoever needs it: registrations and the
//! client's requests are repeated, everything else by the reports in heartbeats.
#![allow(missing_docs, reason = "fields are called what their types are; variants have docs")]

use std::sync::Arc;

use super::session::{
    ExecutionReport, Grant, JobMasterId, ResourceManagerId, SlotReport, TaskExecutorId,
};
use crate::base::{AllocationId, AttemptId, CheckpointId, JobId, Name, SimDuration, SimTime};
use crate::checkpoint::CheckpointFailure;
use crate::graph::PhysicalPlan;
use crate::host::{
    Address, Append, DatabaseAnswer, DatabaseError, DatabaseRequest, Fetched, IsolationLevel,
    LogError, LogOffsets, Message, ProducerIdentity, StorageError, TopicPartition,
    TransactionResult,
};
use crate::operator::{AccumulatorResults, CoordinatorEvent, JobCode, OperatorEvent};
use crate::task::{CheckpointLetter, TaskAcknowledgement, TaskDescriptor};
use crate::trace::JobStatus;

/// A job as it is submitted.
#[derive(Clone)]
pub struct JobPayload {
    /// Its name.
    pub name: Name,
    /// Its plan.
    pub plan: Arc<PhysicalPlan>,
    /// Its code.
    pub code: Arc<JobCode>,
}

/// How a job does.
#[derive(Clone, Debug, PartialEq)]
pub struct JobState {
    /// Its status.
    pub status: JobStatus,
    /// The root cause, if it fails.
    pub cause: Option<String>,
    /// What its accumulators have come to, if it is over.
    pub accumulators: AccumulatorResults,
}

/// Any message.
pub enum Rpc {
    /// For the Dispatcher.
    Dispatcher(DispatcherRpc),
    /// For the client.
    Client(ClientRpc),
    /// For the ResourceManager.
    ResourceManager(ResourceManagerRpc),
    /// For a JobMaster.
    JobMaster(JobMasterRpc),
    /// For a TaskExecutor.
    TaskExecutor(TaskExecutorRpc),
    /// For durable storage.
    Storage(StorageRpc),
    /// For a client of durable storage.
    StorageClient(StorageClientRpc),
    /// For a broker of the log.
    Broker(BrokerRpc),
    /// For a client of the log.
    LogClient(LogClientRpc),
    /// For the database.
    Database(DatabaseRpc),
    /// For a client of the database.
    DatabaseClient(DatabaseClientRpc),
}

/// What the Dispatcher is told.
pub enum DispatcherRpc {
    /// The client submits a job; answered by [`ClientRpc::SubmitJobAcknowledged`].
    SubmitJob { job: JobId, payload: JobPayload },
    /// The client asks how a job does; answered by [`ClientRpc::JobStatus`], now and at its end.
    RequestJobStatus { job: JobId },
    /// The client wants a job cancelled.
    CancelJob { job: JobId },
    /// A JobMaster says how its job does.
    JobStatusChanged { job: JobId, id: JobMasterId, state: JobState },
}

/// What the client is told.
pub enum ClientRpc {
    /// The Dispatcher has the job.
    SubmitJobAcknowledged { job: JobId },
    /// How a job does.
    JobStatus { job: JobId, state: JobState },
    /// The Dispatcher knows no such job.
    JobNotFound { job: JobId },
}

/// What the ResourceManager is told.
pub enum ResourceManagerRpc {
    /// A TaskExecutor offers itself; answered by [`TaskExecutorRpc::TaskExecutorRegistered`].
    RegisterTaskExecutor { id: TaskExecutorId, slots: u16 },
    /// A TaskExecutor that was taken in says what its slots are used for.
    SendSlotReport { id: TaskExecutorId, report: SlotReport },
    /// A JobMaster begins; answered by [`JobMasterRpc::JobMasterRegistered`].
    RegisterJobMaster { job: JobId, id: JobMasterId },
    /// A JobMaster says how many slots its job needs, all in all.
    DeclareRequiredResources { job: JobId, id: JobMasterId, slots: u32 },
    /// A TaskExecutor has set a slot aside, as it was asked to.
    SlotRequestAcknowledged { id: TaskExecutorId, slot: u16, allocation: AllocationId },
    /// A TaskExecutor has not, since the slot is in use.
    SlotRequestRejected {
        id: TaskExecutorId,
        slot: u16,
        allocation: AllocationId,
        occupied: Option<Grant>,
    },
    /// A TaskExecutor's slot is free again.
    NotifySlotAvailable { id: TaskExecutorId, slot: u16, allocation: AllocationId },
    /// A JobMaster ends.
    DisconnectJobManager { job: JobId, id: JobMasterId },
    /// A TaskExecutor answers a heartbeat that was `sent` then.
    HeartbeatFromTaskManager { id: TaskExecutorId, sent: SimTime, report: SlotReport },
}

/// What a JobMaster is told.
pub enum JobMasterRpc {
    /// The ResourceManager knows it.
    JobMasterRegistered { id: ResourceManagerId },
    /// The ResourceManager has fewer slots than were asked for.
    NotifyNotEnoughResources { missing: u32 },
    /// A TaskExecutor introduces itself; answered by
    /// [`TaskExecutorRpc::TaskManagerRegistered`].
    RegisterTaskManager { id: TaskExecutorId },
    /// A TaskExecutor offers slots that were granted to the job; answered by
    /// [`TaskExecutorRpc::AcceptSlots`].
    OfferSlots { id: TaskExecutorId, slots: Vec<SlotOffer> },
    /// A TaskExecutor takes an offered slot back.
    FailSlot { id: TaskExecutorId, allocation: AllocationId },
    /// An execution is in another state.
    UpdateTaskExecutionState { id: TaskExecutorId, report: ExecutionReport },
    /// A subtask tells its operator's coordinator something.
    SendOperatorEventToCoordinator {
        id: TaskExecutorId,
        attempt: AttemptId,
        task: Name,
        event: OperatorEvent,
    },
    /// A subtask has stored its snapshot of a checkpoint.
    AcknowledgeCheckpoint {
        id: TaskExecutorId,
        attempt: AttemptId,
        task: Name,
        acknowledgement: Box<TaskAcknowledgement>,
    },
    /// A subtask has no snapshot of a checkpoint.
    DeclineCheckpoint {
        id: TaskExecutorId,
        attempt: AttemptId,
        task: Name,
        checkpoint: CheckpointId,
        failure: CheckpointFailure,
        reason: String,
    },
    /// A TaskExecutor is gone, or gave the JobMaster up.
    DisconnectTaskManager { id: TaskExecutorId, cause: String },
    /// The job is to be cancelled.
    CancelJob,
    /// A TaskExecutor answers a heartbeat that was `sent` then.
    HeartbeatFromTaskManager { id: TaskExecutorId, sent: SimTime, executions: Vec<ExecutionReport> },
}

/// A slot that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotOffer {
    /// Its index at its TaskExecutor.
    pub slot: u16,
    /// The grant.
    pub allocation: AllocationId,
}

/// What a TaskExecutor is told.
pub enum TaskExecutorRpc {
    /// The ResourceManager has taken it in.
    TaskExecutorRegistered { id: ResourceManagerId },
    /// The ResourceManager wants a slot set aside and offered to a JobMaster.
    RequestSlot {
        id: ResourceManagerId,
        executor: TaskExecutorId,
        slot: u16,
        grant: Grant,
        job_master: Address,
        job_master_id: JobMasterId,
    },
    /// The ResourceManager has given it up.
    DisconnectResourceManager { id: ResourceManagerId, cause: String },
    /// The ResourceManager asks for a sign of life.
    HeartbeatFromResourceManager { id: ResourceManagerId, executor: TaskExecutorId, sent: SimTime },
    /// A JobMaster knows it.
    TaskManagerRegistered { job: JobId, id: JobMasterId },
    /// A JobMaster takes some of the offered slots and not the others.
    AcceptSlots {
        job: JobId,
        id: JobMasterId,
        accepted: Vec<AllocationId>,
        rejected: Vec<AllocationId>,
    },
    /// A JobMaster wants a task run in one of its slots.
    SubmitTask { id: JobMasterId, allocation: AllocationId, descriptor: Box<TaskDescriptor> },
    /// A JobMaster wants a task stopped.
    CancelTask { id: JobMasterId, attempt: AttemptId, task: Name },
    /// The coordinator of an operator tells a subtask something.
    SendOperatorEventToTask {
        id: JobMasterId,
        attempt: AttemptId,
        task: Name,
        event: CoordinatorEvent,
    },
    /// A JobMaster begins a checkpoint at a task, or tells it what became of one.
    Checkpoint { id: JobMasterId, attempt: AttemptId, task: Name, letter: CheckpointLetter },
    /// A JobMaster returns a slot.
    FreeSlot { job: JobId, id: JobMasterId, allocation: AllocationId },
    /// A JobMaster ends, or has given the TaskExecutor up.
    DisconnectJobManager { job: JobId, id: JobMasterId, cause: String },
    /// A JobMaster asks for a sign of life.
    HeartbeatFromJobManager { job: JobId, id: JobMasterId, executor: TaskExecutorId, sent: SimTime },
}

/// What durable storage is asked; answered by a [`StorageClientRpc`] with the same number.
#[derive(Clone)]
pub enum StorageRpc {
    /// Store a file.
    PutFile { request: u64, path: Name, contents: Arc<[u8]> },
    /// Read a file.
    GetFile { request: u64, path: Name },
    /// Remove a file.
    DeleteFile { request: u64, path: Name },
    /// Give a file of rows the name under which others see it.
    PublishFile { request: u64, from: Name, path: Name },
}

impl StorageRpc {
    /// The request's number at its client.
    pub fn request(&self) -> u64 {
        match self {
            Self::PutFile { request, .. }
            | Self::GetFile { request, .. }
            | Self::DeleteFile { request, .. }
            | Self::PublishFile { request, .. } => *request,
        }
    }

    /// The file.
    pub fn path(&self) -> &Name {
        match self {
            Self::PutFile { path, .. }
            | Self::GetFile { path, .. }
            | Self::DeleteFile { path, .. }
            | Self::PublishFile { path, .. } => path,
        }
    }
}

/// What a client of durable storage is told.
pub struct StorageClientRpc {
    pub request: u64,
    pub answer: StorageAnswer,
}

/// What came of a request.
pub enum StorageAnswer {
    /// It is done, and durable.
    Done,
    /// What the file holds.
    Contents(Arc<[u8]>),
    /// It is not done.
    Failed(StorageError),
}

/// What a broker is told. Of a partition, and of a transactional id, one broker is in charge.
pub enum BrokerRpc {
    /// How many partitions has a topic?
    DescribeTopic { request: u64, topic: Name },
    /// A topic is to have so many partitions from now on.
    CreatePartitions { request: u64, topic: Name, partitions: u16 },
    /// Where does a partition begin and end?
    ListOffsets { request: u64, of: TopicPartition, isolation: IsolationLevel },
    /// Someone wants to be a producer.
    InitProducerId { request: u64, transactional_id: Option<Name>, timeout: SimDuration },
    /// A producer appends.
    Produce { request: u64, append: Append },
    /// A producer ends its transaction.
    EndTransaction {
        request: u64,
        transactional_id: Name,
        producer: ProducerIdentity,
        result: TransactionResult,
    },
    /// Which transactions are open? Or, with a prefix, which are or may be?
    ListTransactions { request: u64, prefix: Option<Name> },
    /// A reader wants records.
    Fetch {
        request: u64,
        from: TopicPartition,
        position: u64,
        isolation: IsolationLevel,
        at_most: u32,
    },
    /// The leader of a partition asks the coordinator of a transaction to add the partition to it.
    AddPartition { transactional_id: Name, producer: ProducerIdentity, partition: TopicPartition },
    /// The coordinator answers [`Self::AddPartition`].
    PartitionAdded {
        transactional_id: Name,
        producer: ProducerIdentity,
        partition: TopicPartition,
        result: Result<(), LogError>,
    },
    /// The coordinator of a transaction has its end marked in a partition.
    WriteMarker {
        transactional_id: Name,
        producer: ProducerIdentity,
        partition: TopicPartition,
        result: TransactionResult,
    },
    /// The leader of a partition answers [`Self::WriteMarker`]: it is durable.
    MarkerWritten { transactional_id: Name, producer: ProducerIdentity, partition: TopicPartition },
}

/// What a client of the log is told.
pub struct LogClientRpc {
    pub request: u64,
    pub answer: LogAnswer,
}

/// What came of a request.
pub enum LogAnswer {
    /// It is done, and durable.
    Done,
    /// So many partitions.
    Partitions(u16),
    /// The topic has as many partitions as it was to have.
    PartitionsCreated,
    /// The ends of a partition.
    Offsets(LogOffsets),
    /// The producer that was given out.
    Producer(ProducerIdentity),
    /// The offset of the first record that was appended.
    Appended(u64),
    /// The transactional ids of open transactions.
    Transactions(Vec<Name>),
    /// Records.
    Fetched(Fetched),
    /// It is not done.
    Failed(LogError),
}

/// What the database is told; answered by a [`DatabaseClientRpc`] with the same number.
pub struct DatabaseRpc {
    pub request: u64,
    pub what: DatabaseRequest,
}

/// What a client of the database is told.
pub struct DatabaseClientRpc {
    pub request: u64,
    pub answer: Result<DatabaseAnswer, DatabaseError>,
}

/// A message came to a component of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is for a component of another kind")]
pub struct Misdirected;

macro_rules! gateway {
    ($($variant:ident($inner:ident)),*) => {
        $(
            impl From<$inner> for Rpc {
                fn from(message: $inner) -> Self {
                    Self::$variant(message)
                }
            }

            impl TryFrom<Rpc> for $inner {
                type Error = Misdirected;

                fn try_from(rpc: Rpc) -> Result<Self, Misdirected> {
                    if let Rpc::$variant(message) = rpc { Ok(message) } else { Err(Misdirected) }
                }
            }
        )*
    };
}

gateway!(
    Dispatcher(DispatcherRpc),
    Client(ClientRpc),
    ResourceManager(ResourceManagerRpc),
    JobMaster(JobMasterRpc),
    TaskExecutor(TaskExecutorRpc),
    Storage(StorageRpc),
    StorageClient(StorageClientRpc),
    Broker(BrokerRpc),
    LogClient(LogClientRpc),
    Database(DatabaseRpc),
    DatabaseClient(DatabaseClientRpc)
);

impl Message for Rpc {
    fn wire_size(&self) -> u64 {
        super::rpc_text::wire_size(self)
    }
}
