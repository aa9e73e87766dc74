//! What was replaced or is dead changes nothing: no row, no checkpoint, no event.

use std::collections::BTreeMap;

use super::Fold;
use super::verdict::{Findings, Invariant};
use crate::base::{Incarnation, JobId, Name, NodeId, Step};
use crate::trace::{CheckpointEvent, Event, LogEvent, NodeEvent, Recorded, SinkEvent, TaskEvent};

/// See the module.
#[derive(Default)]
pub(super) struct Fencing {
    /// By sink and subtask: the latest attempt that has opened it.
    writers: BTreeMap<(Name, Name), (u32, Step)>,
    /// By job and subtask: the latest attempt.
    attempts: BTreeMap<(JobId, Name), (u32, Step)>,
    /// By producer: the epoch that the log has decided to admit at least.
    epochs: BTreeMap<u64, (u32, Step)>,
    /// By topic, partition and producer: the same, from the mark on with which the partition knows.
    marked: BTreeMap<(Name, u16, u64), (u32, Step)>,
    /// The lives that are over.
    dead: BTreeMap<NodeId, (Incarnation, Step)>,
}

impl Fencing {
    /// Producers that were replaced append nothing once the partition knows.
    fn on_log(&mut self, event: &LogEvent, at: Step, findings: &mut Findings) {
        match event {
            LogEvent::ProducerInitialized { producer, epoch, .. }
            | LogEvent::TransactionDecided { producer, epoch, .. } => {
                let known = self.epochs.entry(*producer).or_insert((*epoch, at));
                if *epoch > known.0 {
                    *known = (*epoch, at);
                }
            }
            LogEvent::MarkerWritten { topic, partition, producer, .. } => {
                if let Some((epoch, _)) = self.epochs.get(producer) {
                    self.marked.insert((topic.clone(), *partition, *producer), (*epoch, at));
                }
            }
            LogEvent::RecordsAppended { topic, partition, producer, epoch, .. } => {
                let marked = self.marked.get(&(topic.clone(), *partition, *producer));
                if let Some((latest, since)) = marked.filter(|(latest, _)| latest > epoch) {
                    findings.violate(Invariant::Fencing, &[*since, at], || {
                        format!(
                            "producer {producer} appends to {topic}-{partition} with epoch {epoch} \
                             (step {at}), though it is known there since step {since} that its \
                             epoch is {latest}"
                        )
                    });
                }
            }
            _ => {}
        }
    }

    fn on_attempt(
        &self,
        at: Step,
        (job, subtask, attempt): (JobId, &Name, u32),
        findings: &mut Findings,
    ) {
        let latest = self.attempts.get(&(job, subtask.clone()));
        if let Some((latest, since)) = latest.filter(|(latest, _)| *latest > attempt) {
            findings.violate(Invariant::Fencing, &[*since, at], || {
                format!(
                    "attempt {attempt} at {subtask} acknowledges a checkpoint (step {at}), though \
                     attempt {latest} has taken its place (step {since})"
                )
            });
        }
    }
}

impl Fold for Fencing {
    fn apply(&mut self, recorded: &Recorded, findings: &mut Findings) {
        let at = recorded.step;
        if let Some((life, killed)) = self.dead.get(&recorded.node)
            && recorded.incarnation <= *life
            && !matches!(recorded.event, Event::Node(_) | Event::Fault(_))
        {
            findings.violate(Invariant::Fencing, &[*killed, at], || {
                format!(
                    "node {} was killed (step {killed}), and its life {life} still does something \
                     (step {at})",
                    recorded.node
                )
            });
        }
        match &recorded.event {
            Event::Log(event) => self.on_log(event, recorded.step, findings),
            Event::Node(NodeEvent::NodeKilled { incarnation }) => {
                self.dead.insert(recorded.node, (*incarnation, at));
            }
            Event::Task(TaskEvent::ExecutionStateChanged { job, subtask, attempt, .. }) => {
                let known = self.attempts.entry((*job, subtask.clone())).or_insert((*attempt, at));
                if known.0 < *attempt {
                    *known = (*attempt, at);
                }
            }
            Event::Checkpoint(CheckpointEvent::CheckpointAcknowledged {
                job,
                subtask,
                attempt,
                ..
            }) => self.on_attempt(at, (*job, subtask, *attempt), findings),
            Event::Sink(SinkEvent::WriterOpened { sink, subtask, attempt }) => {
                let key = (sink.clone(), subtask.clone());
                let known = self.writers.entry(key).or_insert((*attempt, at));
                if known.0 < *attempt {
                    *known = (*attempt, at);
                }
            }
            Event::Sink(SinkEvent::RowsVisible { sink, subtask, attempt, .. }) => {
                let writer = self.writers.get(&(sink.clone(), subtask.clone()));
                if let Some((latest, since)) = writer.filter(|(latest, _)| latest > attempt) {
                    findings.violate(Invariant::Fencing, &[*since, at], || {
                        format!(
                            "attempt {attempt} at {subtask} makes rows visible in {sink} (step \
                             {at}), though attempt {latest} writes there since step {since}"
                        )
                    });
                }
            }
            _ => {}
        }
    }
}
