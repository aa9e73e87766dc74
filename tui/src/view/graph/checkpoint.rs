//! Checkpoints in few columns: barriers, what a subtask is doing about them, how far the newest is.

use weir::base::CheckpointId;
use weir::replay::{CheckpointState, Job, Snapshotting, Task};

use super::super::look::{Look, Role};

/// A barrier: the sign and the number of its checkpoint.
pub(super) fn barrier(look: Look, checkpoint: CheckpointId) -> String {
    format!("{}{checkpoint}", look.glyphs().barrier)
}

/// What a subtask may be doing about a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Doing {
    /// Some of its channels wait for the barriers of the others.
    Aligning,
    /// It stores its snapshot.
    Storing,
    /// It stands still, being a source.
    Paused,
}

impl Doing {
    /// The most telling first.
    pub const ALL: [Self; 3] = [Self::Aligning, Self::Paused, Self::Storing];

    fn of(self, task: &Snapshotting) -> Option<CheckpointId> {
        match self {
            Self::Aligning => task.aligning.map(|since| since.checkpoint),
            Self::Paused => task.paused.map(|since| since.checkpoint),
            Self::Storing => task.storing.keys().next().copied(),
        }
    }

    /// Its sign, without the number of the checkpoint.
    pub fn sign(self, look: Look) -> String {
        let letter = match self {
            Self::Aligning => 'a',
            Self::Storing => 's',
            Self::Paused => 'p',
        };
        format!("{}{letter}", look.glyphs().barrier)
    }
}

/// What a subtask is doing, the most telling first: at length and in short.
pub(super) fn marks(look: Look, task: &Task) -> Vec<(String, String)> {
    let mark = |doing: Doing| {
        let checkpoint = doing.of(&task.snapshotting)?;
        let sign = doing.sign(look);
        Some((format!("{sign}{checkpoint}"), sign))
    };
    Doing::ALL.into_iter().filter_map(mark).collect()
}

/// How many of some subtasks are doing what.
pub(super) fn counts<'a>(
    look: Look,
    tasks: impl Iterator<Item = &'a Task> + Clone,
) -> impl Iterator<Item = String> {
    Doing::ALL.into_iter().filter_map(move |doing| {
        let number = tasks.clone().filter(|task| doing.of(&task.snapshotting).is_some()).count();
        let (sign, times) = (doing.sign(look), look.glyphs().times);
        (number > 0).then(|| format!("{sign}{times}{number}"))
    })
}

/// How far the newest checkpoint of a job is, and how often the job was started again.
pub(super) fn news(look: Look, job: &Job) -> Vec<(String, Role)> {
    let mut news = Vec::new();
    if let Some((id, newest)) = job.checkpoints.newest() {
        let barrier = barrier(look, id);
        news.push(match &newest.state {
            CheckpointState::InProgress => {
                let (done, all) = (newest.acknowledged(), newest.expected());
                (format!("{barrier} {done}/{all}"), Role::Checkpoint)
            }
            CheckpointState::Completed | CheckpointState::Discarded => {
                (format!("{barrier} completed"), Role::Done)
            }
            CheckpointState::Aborted(_) => (format!("{barrier} aborted"), Role::Failed),
        });
    }
    if job.restarts.count > 0 {
        news.push((format!("restart {}", job.restarts.count), Role::Waiting));
    }
    news
}
