//! The first thing in a broker's life: what is on its disk.
//!
//! A torn end is cut off before anything is appended behind it. The log cannot be rewritten in
//! place, since a crash in the midst of that would take what was durable: first a copy is made
//! durable, then the log is rewritten, then the copy is removed. Whichever of the two has more
//! entries after a crash is the one to believe.
//!
//! A log that is not whole is believed only if it reads the same twice: what a failing disk makes
//! up is not cut off for good.

use super::leader::Shown;
use super::wal::{DiskWork, LogFiles, TRY_AGAIN};
use super::{Broker, BrokerAction, BrokerTimer, Out, Then};
use crate::base::SimTime;
use crate::broker::{Phase, read_frames};
use crate::host::DiskError;
use crate::trace::{Event, LogEvent};

/// How far it has come.
pub(super) enum Stage {
    /// The log is read.
    Reading {
        /// What was read last, if it is not whole.
        doubtful: Option<LogFiles>,
        /// What was just read.
        read: Option<LogFiles>,
    },
    /// The log is rewritten.
    Repairing {
        step: Repair,
        /// The bytes that are whole.
        contents: Vec<u8>,
        recovered: LogEvent,
    },
    /// It serves.
    Ready,
}

impl Default for Stage {
    fn default() -> Self {
        Self::Reading { doubtful: None, read: None }
    }
}

/// What is done with the two files, in this order.
#[derive(Clone, Copy)]
pub(super) enum Repair {
    WriteSpare,
    Rewrite,
    RemoveSpare,
}

impl Broker {
    pub(super) fn on_read_result(
        &mut self,
        now: SimTime,
        outcome: Result<(LogFiles, SimTime), DiskError>,
        out: &mut Out,
    ) {
        let Stage::Reading { read, .. } = &mut self.stage else { return };
        match outcome {
            Ok((files, done)) => {
                *read = Some(files);
                out.wake_at(done, BrokerTimer::Read);
            }
            Err(_) => out.wake_at(now + TRY_AGAIN, BrokerTimer::ReadAgain),
        }
    }

    pub(super) fn on_read(&mut self, now: SimTime, out: &mut Out) {
        let Stage::Reading { doubtful, read } = &mut self.stage else { return };
        let Some(files) = read.take() else { return };
        let log = read_frames(files.log.as_deref().unwrap_or_default());
        let spare = read_frames(files.spare.as_deref().unwrap_or_default());
        let is_whole = log.torn_bytes == 0 && files.spare.is_none();
        if !is_whole && doubtful.as_ref() != Some(&files) {
            *doubtful = Some(files);
            return out.wake_at(now + TRY_AGAIN, BrokerTimer::ReadAgain);
        }
        let believes_spare = spare.entries.len() > log.entries.len();
        let first = match (believes_spare, log.torn_bytes > 0) {
            (true, _) => Repair::Rewrite,
            (false, true) => Repair::WriteSpare,
            (false, false) => Repair::RemoveSpare,
        };
        let torn_bytes = log.torn_bytes as u64;
        let (contents, bytes) =
            if believes_spare { (spare, &files.spare) } else { (log, &files.log) };
        for entry in &contents.entries {
            self.state.apply(entry);
        }
        let entries = contents.entries.len() as u64;
        let recovered = LogEvent::LogRecovered { entries, torn_bytes };
        if files.log.is_none() && files.spare.is_none() {
            self.begin(now, None, out);
        } else if is_whole {
            self.begin(now, Some(recovered), out);
        } else {
            let bytes = bytes.as_deref().unwrap_or_default();
            let contents = bytes[..contents.whole_bytes].to_vec();
            self.stage = Stage::Repairing { step: first, contents, recovered };
            self.repair(out);
        }
    }

    fn repair(&mut self, out: &mut Out) {
        let Stage::Repairing { step, contents, .. } = &self.stage else { return };
        out.act(BrokerAction::DiskWork(match step {
            Repair::WriteSpare => DiskWork::WriteSpare(contents.clone()),
            Repair::Rewrite => DiskWork::Rewrite(contents.clone()),
            Repair::RemoveSpare => DiskWork::RemoveSpare,
        }));
    }

    /// The disk has refused a while ago.
    pub(super) fn on_write_again(&mut self, out: &mut Out) {
        match self.stage {
            Stage::Reading { .. } => {}
            Stage::Repairing { .. } => self.repair(out),
            Stage::Ready => self.wal.give_up(),
        }
    }

    /// What the disk was at is durable.
    pub(super) fn on_durable(&mut self, now: SimTime, out: &mut Out) {
        match &mut self.stage {
            Stage::Reading { .. } => {}
            Stage::Repairing { step, recovered, .. } => {
                *step = match step {
                    Repair::WriteSpare => Repair::Rewrite,
                    Repair::Rewrite => Repair::RemoveSpare,
                    Repair::RemoveSpare => {
                        let recovered = recovered.clone();
                        return self.begin(now, Some(recovered), out);
                    }
                };
                self.repair(out);
            }
            Stage::Ready => {
                for (partition, end) in self.wal.complete() {
                    if let Some(log) = self.state.partitions.get_mut(&partition) {
                        log.advance_high_watermark(end);
                    }
                }
                self.settle(now, out);
                self.on_watermarks_advanced(out);
            }
        }
    }

    /// All that was read is durable: it begins to serve.
    fn begin(&mut self, now: SimTime, recovered: Option<LogEvent>, out: &mut Out) {
        if let Some(recovered) = recovered {
            out.trace(Event::Log(recovered));
        }
        self.stage = Stage::Ready;
        self.state.all_is_durable();
        for (partition, log) in &self.state.partitions {
            let earliest = log.offsets(crate::host::IsolationLevel::ReadCommitted).earliest;
            let shown = Shown { stable: earliest, revealed: earliest };
            self.shown.insert(partition.clone(), shown);
        }
        self.on_watermarks_advanced(out);
        let transactions = self.state.transactions.iter();
        let all: Vec<_> = transactions.map(|(name, it)| (name.clone(), it.phase.clone())).collect();
        for (transactional_id, phase) in all {
            match phase {
                Phase::Empty | Phase::Complete { .. } => {}
                Phase::Ongoing { .. } => self.watch(transactional_id, out),
                Phase::Prepare { .. } => self.then(Then::Decided(transactional_id)),
            }
        }
        for (from, message) in std::mem::take(&mut self.early) {
            self.handle(now, from, message, out);
        }
    }
}
