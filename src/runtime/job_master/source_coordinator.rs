//! The coordinators of a job's sources: what source subtasks report of their event time, and how
//! far each is told it may read ahead of the others.
//!
//! Each source announces at the update interval of its alignment group, to those of its subtasks
//! that have reported. Reports and announcements may be lost: the next ones say it anew.
//!
//! Unlike Flink: a source's coordinator begins with its first report, which brings the settings
//! of the group, since the JobMaster does not look into a job's code. A job without alignment so
//! sets no timer and sends nothing.
//!
//! Invariant: only executions that are not over hold anyone or are told anything.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{JobMaster, JobMasterTimer, Out};
use crate::base::{AttemptId, EventTime, Name, SimTime, SubtaskId, VertexId};
use crate::graph::VertexSubtask;
use crate::operator::{CoordinatorEvent, OperatorEvent};
use crate::runtime::options::task_executor;
use crate::runtime::rpc::TaskExecutorRpc;
use crate::runtime::session::TaskExecutorId;
use crate::time::{AlignmentAnnouncement, WatermarkAlignment, WatermarkAlignmentParams};
use crate::trace::JobStatus;

/// What is known of one source (Flink's `SourceCoordinator`).
struct SourceCoordinator {
    operator: Name,
    alignment: WatermarkAlignmentParams,
}

/// See the module.
#[derive(Default)]
pub(super) struct SourceCoordinators {
    alignment: WatermarkAlignment,
    sources: BTreeMap<VertexId, SourceCoordinator>,
}

impl SourceCoordinators {
    /// A subtask of a source reports its watermark. When the source is to announce, if this report
    /// is its first.
    fn on_reported_watermark(
        &mut self,
        now: SimTime,
        subtask: SubtaskId,
        operator: &Name,
        alignment: &WatermarkAlignmentParams,
        watermark: EventTime,
    ) -> Option<SimTime> {
        let index = u32::from(subtask.index);
        self.alignment.on_reported_watermark(alignment, operator, index, watermark);
        let Entry::Vacant(entry) = self.sources.entry(subtask.vertex) else { return None };
        let (operator, alignment) = (operator.clone(), alignment.clone());
        let at = now + alignment.update_interval;
        entry.insert(SourceCoordinator { operator, alignment });
        Some(at)
    }

    /// An execution is over.
    pub(super) fn on_subtask_over(&mut self, subtask: SubtaskId) {
        if let Some(source) = self.sources.get(&subtask.vertex) {
            let index = u32::from(subtask.index);
            self.alignment.on_subtask_over(&source.alignment, &source.operator, index);
        }
    }

    /// What a source announces now, and when again.
    fn announce(&self, now: SimTime, vertex: VertexId) -> Option<(AlignmentAnnouncement, SimTime)> {
        let SourceCoordinator { operator, alignment } = self.sources.get(&vertex)?;
        let announcement = self.alignment.announce_combined_watermark(alignment, operator);
        Some((announcement, now + alignment.update_interval))
    }
}

impl JobMaster {
    /// A subtask tells its operator's coordinator something.
    pub(super) fn on_operator_event(
        &mut self,
        now: SimTime,
        (id, attempt): (TaskExecutorId, AttemptId),
        event: &OperatorEvent,
        out: &mut Out,
    ) {
        if !self.is_connected(id) || self.status != JobStatus::Running {
            return;
        }
        let Some(place) = self.executions.find(attempt) else { return };
        if !self.executions.get(place).is_alive_on(id.node) {
            return;
        }
        match event {
            OperatorEvent::ReportedWatermark { operator, alignment, watermark } => {
                let subtask = attempt.subtask;
                let first = self
                    .sources
                    .on_reported_watermark(now, subtask, operator, alignment, *watermark);
                if let Some(at) = first {
                    out.wake_at(at, JobMasterTimer::AnnounceCombinedWatermark(subtask.vertex));
                }
            }
        }
    }

    /// Tells the subtasks of a source that have reported how far they may go. A job that is being
    /// stopped needs no telling; with that, or when all subtasks are over, the source falls silent.
    pub(super) fn on_announce_combined_watermark(
        &mut self,
        now: SimTime,
        vertex: VertexId,
        out: &mut Out,
    ) {
        let announced = self.sources.announce(now, vertex);
        let Some((announcement, again)) = announced
            .filter(|(it, _)| self.status == JobStatus::Running && !it.subtasks.is_empty())
        else {
            self.sources.sources.remove(&vertex);
            return;
        };
        let max_watermark = announcement.max_watermark;
        for index in announcement.subtasks {
            let place = self.executions.place(VertexSubtask { vertex, index });
            let execution = self.executions.get(place);
            let location = execution.location.expect("only what is deployed has reported");
            let event = TaskExecutorRpc::SendOperatorEventToTask {
                id: self.id,
                attempt: execution.attempt,
                task: execution.name.clone(),
                event: CoordinatorEvent::WatermarkAlignment { max_watermark },
            };
            out.send(task_executor(location.node), event);
        }
        out.wake_at(again, JobMasterTimer::AnnounceCombinedWatermark(vertex));
    }
}
