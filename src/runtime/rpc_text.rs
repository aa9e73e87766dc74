//! What the trace and the wire need to know of a message: its name, what it is about in a few
//! words, its length.

use super::rpc::{
    ClientRpc, DispatcherRpc, JobMasterRpc, JobState, ResourceManagerRpc, Rpc, StorageAnswer,
    StorageClientRpc, StorageRpc, TaskExecutorRpc,
};
use super::session::{ExecutionReport, SlotReport};
use crate::base::{AllocationId, Name};
use crate::graph::PhysicalPlan;
use crate::operator::{AccumulatorResult, AccumulatorValue, CoordinatorEvent, OperatorEvent};
use crate::task::{CheckpointLetter, TaskAcknowledgement};
use crate::trace::moment;

/// What a message costs whatever it says: headers, method name, ids.
const ENVELOPE: u64 = 64;

impl Rpc {
    /// The method's name, Flink's where there is one.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dispatcher(message) => match message {
                DispatcherRpc::SubmitJob { .. } => "SubmitJob",
                DispatcherRpc::RequestJobStatus { .. } => "RequestJobStatus",
                DispatcherRpc::CancelJob { .. } => "CancelJob",
                DispatcherRpc::JobStatusChanged { .. } => "JobStatusChanged",
            },
            Self::Client(message) => match message {
                ClientRpc::SubmitJobAcknowledged { .. } => "SubmitJobAcknowledged",
                ClientRpc::JobStatus { .. } => "JobStatus",
                ClientRpc::JobNotFound { .. } => "JobNotFound",
            },
            Self::ResourceManager(message) => match message {
                ResourceManagerRpc::RegisterTaskExecutor { .. } => "RegisterTaskExecutor",
                ResourceManagerRpc::SendSlotReport { .. } => "SendSlotReport",
                ResourceManagerRpc::RegisterJobMaster { .. } => "RegisterJobMaster",
                ResourceManagerRpc::DeclareRequiredResources { .. } => "DeclareRequiredResources",
                ResourceManagerRpc::SlotRequestAcknowledged { .. } => "SlotRequestAcknowledged",
                ResourceManagerRpc::SlotRequestRejected { .. } => "SlotRequestRejected",
                ResourceManagerRpc::NotifySlotAvailable { .. } => "NotifySlotAvailable",
                ResourceManagerRpc::DisconnectJobManager { .. } => "DisconnectJobManager",
                ResourceManagerRpc::HeartbeatFromTaskManager { .. } => "HeartbeatFromTaskManager",
            },
            Self::JobMaster(message) => match message {
                JobMasterRpc::JobMasterRegistered { .. } => "JobMasterRegistered",
                JobMasterRpc::NotifyNotEnoughResources { .. } => "NotifyNotEnoughResources",
                JobMasterRpc::RegisterTaskManager { .. } => "RegisterTaskManager",
                JobMasterRpc::OfferSlots { .. } => "OfferSlots",
                JobMasterRpc::FailSlot { .. } => "FailSlot",
                JobMasterRpc::UpdateTaskExecutionState { .. } => "UpdateTaskExecutionState",
                JobMasterRpc::SendOperatorEventToCoordinator { .. } => {
                    "SendOperatorEventToCoordinator"
                }
                JobMasterRpc::DisconnectTaskManager { .. } => "DisconnectTaskManager",
                JobMasterRpc::AcknowledgeCheckpoint { .. } => "AcknowledgeCheckpoint",
                JobMasterRpc::DeclineCheckpoint { .. } => "DeclineCheckpoint",
                JobMasterRpc::CancelJob => "CancelJob",
                JobMasterRpc::HeartbeatFromTaskManager { .. } => "HeartbeatFromTaskManager",
            },
            Self::TaskExecutor(message) => match message {
                TaskExecutorRpc::TaskExecutorRegistered { .. } => "TaskExecutorRegistered",
                TaskExecutorRpc::RequestSlot { .. } => "RequestSlot",
                TaskExecutorRpc::DisconnectResourceManager { .. } => "DisconnectResourceManager",
                TaskExecutorRpc::HeartbeatFromResourceManager { .. } => {
                    "HeartbeatFromResourceManager"
                }
                TaskExecutorRpc::TaskManagerRegistered { .. } => "TaskManagerRegistered",
                TaskExecutorRpc::AcceptSlots { .. } => "AcceptSlots",
                TaskExecutorRpc::SubmitTask { .. } => "SubmitTask",
                TaskExecutorRpc::CancelTask { .. } => "CancelTask",
                TaskExecutorRpc::SendOperatorEventToTask { .. } => "SendOperatorEventToTask",
                TaskExecutorRpc::Checkpoint { letter, .. } => match letter {
                    CheckpointLetter::Trigger(_) => "TriggerCheckpoint",
                    CheckpointLetter::Complete(_) => "ConfirmCheckpoint",
                    CheckpointLetter::Aborted(_) => "AbortCheckpoint",
                },
                TaskExecutorRpc::FreeSlot { .. } => "FreeSlot",
                TaskExecutorRpc::DisconnectJobManager { .. } => "DisconnectJobManager",
                TaskExecutorRpc::HeartbeatFromJobManager { .. } => "HeartbeatFromJobManager",
            },
            Self::Storage(message) => match message {
                StorageRpc::PutFile { .. } => "PutFile",
                StorageRpc::GetFile { .. } => "GetFile",
                StorageRpc::DeleteFile { .. } => "DeleteFile",
                StorageRpc::PublishFile { .. } => "PublishFile",
            },
            Self::Broker(message) => message.name(),
            Self::LogClient(message) => message.name(),
            Self::Database(message) => message.name(),
            Self::DatabaseClient(message) => message.name(),
            Self::StorageClient(StorageClientRpc { answer, .. }) => match answer {
                StorageAnswer::Done => "FileDone",
                StorageAnswer::Contents(_) => "FileContents",
                StorageAnswer::Failed(_) => "FileFailed",
            },
        }
    }

    /// Whether it is a heartbeat or the answer to one.
    pub fn is_heartbeat(&self) -> bool {
        matches!(
            self,
            Self::ResourceManager(ResourceManagerRpc::HeartbeatFromTaskManager { .. })
                | Self::JobMaster(JobMasterRpc::HeartbeatFromTaskManager { .. })
                | Self::TaskExecutor(
                    TaskExecutorRpc::HeartbeatFromResourceManager { .. }
                        | TaskExecutorRpc::HeartbeatFromJobManager { .. }
                )
        )
    }

    /// Whether it moves records: traces tell of those by what becomes of them, and not by message.
    pub fn is_data(&self) -> bool {
        match self {
            Self::Broker(message) => message.is_data(),
            Self::LogClient(message) => message.is_data(),
            _ => false,
        }
    }

    /// What it is about, in a few words.
    pub fn about(&self) -> String {
        match self {
            Self::Dispatcher(message) => about_dispatcher(message),
            Self::Client(message) => about_client(message),
            Self::ResourceManager(message) => about_resource_manager(message),
            Self::JobMaster(message) => about_job_master(message),
            Self::TaskExecutor(message) => about_task_executor(message),
            Self::Storage(message) => message.path().to_string(),
            Self::Broker(message) => message.about(),
            Self::LogClient(message) => message.about(),
            Self::Database(message) => message.about(),
            Self::DatabaseClient(message) => message.about(),
            Self::StorageClient(StorageClientRpc { request: _, answer }) => match answer {
                StorageAnswer::Done => String::new(),
                StorageAnswer::Contents(contents) => format!("{} bytes", contents.len()),
                StorageAnswer::Failed(error) => error.to_string(),
            },
        }
    }
}

fn about_dispatcher(message: &DispatcherRpc) -> String {
    match message {
        DispatcherRpc::SubmitJob { job, payload } => format!("job {job}: {}", payload.name),
        DispatcherRpc::RequestJobStatus { job } | DispatcherRpc::CancelJob { job } => {
            format!("job {job}")
        }
        DispatcherRpc::JobStatusChanged { job, state, .. } => {
            with_cause(format!("job {job}: {:?}", state.status), state.cause.as_deref())
        }
    }
}

fn about_client(message: &ClientRpc) -> String {
    match message {
        ClientRpc::SubmitJobAcknowledged { job } | ClientRpc::JobNotFound { job } => {
            format!("job {job}")
        }
        ClientRpc::JobStatus { job, state } => {
            with_cause(format!("job {job}: {:?}", state.status), state.cause.as_deref())
        }
    }
}

fn about_resource_manager(message: &ResourceManagerRpc) -> String {
    match message {
        ResourceManagerRpc::RegisterTaskExecutor { slots, .. } => format!("{slots} slots"),
        ResourceManagerRpc::SendSlotReport { report, .. }
        | ResourceManagerRpc::HeartbeatFromTaskManager { report, .. } => about_report(report),
        ResourceManagerRpc::RegisterJobMaster { job, .. }
        | ResourceManagerRpc::DisconnectJobManager { job, .. } => format!("job {job}"),
        ResourceManagerRpc::DeclareRequiredResources { job, slots, .. } => {
            format!("job {job} needs {slots} slots")
        }
        ResourceManagerRpc::SlotRequestAcknowledged { slot, allocation, .. }
        | ResourceManagerRpc::SlotRequestRejected { slot, allocation, .. }
        | ResourceManagerRpc::NotifySlotAvailable { slot, allocation, .. } => {
            format!("slot {slot}, allocation {allocation}")
        }
    }
}

fn about_job_master(message: &JobMasterRpc) -> String {
    match message {
        JobMasterRpc::JobMasterRegistered { .. }
        | JobMasterRpc::RegisterTaskManager { .. }
        | JobMasterRpc::CancelJob => String::new(),
        JobMasterRpc::NotifyNotEnoughResources { missing } => format!("{missing} slots missing"),
        JobMasterRpc::OfferSlots { slots, .. } => {
            let slots = slots.iter().map(|offer| offer.allocation);
            format!("allocations {}", list(slots))
        }
        JobMasterRpc::FailSlot { allocation, .. } => format!("allocation {allocation}"),
        JobMasterRpc::UpdateTaskExecutionState { report, .. } => {
            with_cause(format!("{}: {:?}", report.task, report.state), report.cause.as_deref())
        }
        JobMasterRpc::SendOperatorEventToCoordinator { task, event, .. } => match event {
            OperatorEvent::ReportedWatermark { watermark, .. } => {
                format!("{task}: ReportedWatermark {}", moment(*watermark))
            }
        },
        JobMasterRpc::AcknowledgeCheckpoint { task, acknowledgement, .. } => {
            format!("{task}: checkpoint {}", acknowledgement.checkpoint)
        }
        JobMasterRpc::DeclineCheckpoint { task, checkpoint, reason, .. } => {
            format!("{task}: checkpoint {checkpoint}: {reason}")
        }
        JobMasterRpc::DisconnectTaskManager { cause, .. } => cause.clone(),
        JobMasterRpc::HeartbeatFromTaskManager { executions, .. } => {
            format!("{} executions", executions.len())
        }
    }
}

fn about_task_executor(message: &TaskExecutorRpc) -> String {
    match message {
        TaskExecutorRpc::TaskExecutorRegistered { .. }
        | TaskExecutorRpc::HeartbeatFromResourceManager { .. } => String::new(),
        TaskExecutorRpc::RequestSlot { slot, grant, .. } => {
            format!("slot {slot} for job {}, allocation {}", grant.job, grant.allocation)
        }
        TaskExecutorRpc::DisconnectResourceManager { cause, .. } => cause.clone(),
        TaskExecutorRpc::TaskManagerRegistered { job, .. }
        | TaskExecutorRpc::HeartbeatFromJobManager { job, .. } => format!("job {job}"),
        TaskExecutorRpc::AcceptSlots { accepted, rejected, .. } => {
            let mut text = format!("allocations {}", list(accepted.iter().copied()));
            if !rejected.is_empty() {
                text += &format!(", not {}", list(rejected.iter().copied()));
            }
            text
        }
        TaskExecutorRpc::SubmitTask { descriptor, .. } => descriptor.name.to_string(),
        TaskExecutorRpc::CancelTask { task, .. } => task.to_string(),
        TaskExecutorRpc::SendOperatorEventToTask { task, event, .. } => match event {
            CoordinatorEvent::WatermarkAlignment { max_watermark } => {
                format!("{task}: WatermarkAlignment {}", moment(*max_watermark))
            }
        },
        TaskExecutorRpc::Checkpoint { task, letter, .. } => {
            let checkpoint = match letter {
                CheckpointLetter::Trigger(barrier) => barrier.id,
                CheckpointLetter::Complete(id) | CheckpointLetter::Aborted(id) => *id,
            };
            format!("{task}: checkpoint {checkpoint}")
        }
        TaskExecutorRpc::FreeSlot { allocation, .. } => format!("allocation {allocation}"),
        TaskExecutorRpc::DisconnectJobManager { job, cause, .. } => format!("job {job}: {cause}"),
    }
}

fn about_report(report: &SlotReport) -> String {
    let free = report.iter().filter(|grant| grant.is_none()).count();
    format!("{free} of {} slots free", report.len())
}

fn with_cause(text: String, cause: Option<&str>) -> String {
    match cause {
        Some(cause) => format!("{text}: {cause}"),
        None => text,
    }
}

fn list(allocations: impl Iterator<Item = AllocationId>) -> String {
    let texts: Vec<_> = allocations.map(|allocation| allocation.to_string()).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(" ") }
}

/// The encoded length of a message. Plans and code dominate; for them it is an estimate by the
/// number of vertices and channels, since nothing here is really encoded.
pub(super) fn wire_size(rpc: &Rpc) -> u64 {
    let body = match rpc {
        Rpc::Dispatcher(DispatcherRpc::SubmitJob { payload, .. }) => plan_size(&payload.plan),
        Rpc::TaskExecutor(TaskExecutorRpc::SubmitTask { descriptor, .. }) => {
            plan_size(&descriptor.plan) + 12 * descriptor.producers.len() as u64
        }
        Rpc::ResourceManager(
            ResourceManagerRpc::SendSlotReport { report, .. }
            | ResourceManagerRpc::HeartbeatFromTaskManager { report, .. },
        ) => 9 * report.len() as u64,
        Rpc::JobMaster(JobMasterRpc::OfferSlots { slots, .. }) => 6 * slots.len() as u64,
        Rpc::JobMaster(JobMasterRpc::UpdateTaskExecutionState { report, .. }) => {
            report_size(report)
        }
        Rpc::JobMaster(JobMasterRpc::HeartbeatFromTaskManager { executions, .. }) => {
            executions.iter().map(report_size).sum()
        }
        Rpc::Dispatcher(DispatcherRpc::JobStatusChanged { state, .. })
        | Rpc::Client(ClientRpc::JobStatus { state, .. }) => {
            rpc.about().len() as u64 + results_size(state)
        }
        Rpc::JobMaster(JobMasterRpc::AcknowledgeCheckpoint { acknowledgement, .. }) => {
            acknowledgement_size(acknowledgement)
        }
        Rpc::Storage(StorageRpc::PutFile { path, contents, .. }) => {
            (path.len() + contents.len()) as u64
        }
        Rpc::StorageClient(StorageClientRpc {
            answer: StorageAnswer::Contents(contents), ..
        }) => contents.len() as u64,
        Rpc::Broker(message) => message.wire_size(),
        Rpc::LogClient(message) => message.wire_size(),
        Rpc::Database(message) => message.wire_size(),
        Rpc::DatabaseClient(message) => message.wire_size(),
        Rpc::Storage(_)
        | Rpc::StorageClient(_)
        | Rpc::Dispatcher(_)
        | Rpc::Client(_)
        | Rpc::ResourceManager(_)
        | Rpc::JobMaster(_)
        | Rpc::TaskExecutor(_) => rpc.about().len() as u64,
    };
    ENVELOPE + body
}

/// Handles, and the state that travels with them.
fn acknowledgement_size(acknowledgement: &TaskAcknowledgement) -> u64 {
    let state = &acknowledgement.state;
    let in_files: u64 = state.files().map(|file| file.bytes).sum();
    let handles: u64 = state.files().map(|file| 40 + file.path.len() as u64).sum();
    64 + handles + state.bytes() - in_files
}

fn report_size(report: &ExecutionReport) -> u64 {
    let ExecutionReport { attempt: _, task, state: _, cause, unusable: _, accumulators } = report;
    let accumulators: u64 = accumulators.iter().map(accumulator_size).sum();
    16 + task.len() as u64 + cause.as_ref().map_or(0, |cause| cause.len() as u64) + accumulators
}

fn results_size(state: &JobState) -> u64 {
    let size = |(name, result): (&Name, &AccumulatorResult)| match result {
        Ok(value) => accumulator_size((name, value)),
        Err(error) => (name.len() + error.to_string().len()) as u64,
    };
    state.accumulators.iter().map(size).sum()
}

fn accumulator_size((name, value): (&Name, &AccumulatorValue)) -> u64 {
    name.len() as u64 + value.encoded_len()
}

fn plan_size(plan: &PhysicalPlan) -> u64 {
    let job = &plan.execution.job;
    256 * job.vertices.len() as u64
        + 32 * job.edges.len() as u64
        + 8 * plan.execution.channels.len() as u64
}
