//! Faults that have struck and notes that were shown.

use super::Seen;
use crate::base::{SimTime, Step};
use crate::trace::{FaultEvent, Recorded};

/// A fault that has struck.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Its place in the scenario, from 1.
    pub fault: u32,
    /// What it did.
    pub what: String,
    /// When it struck.
    pub struck: SimTime,
    /// When it was undone, if it was.
    pub healed: Option<SimTime>,
}

/// A note that was shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Its place in the scenario, from 1.
    pub note: u32,
    /// Its text.
    pub text: String,
    /// The step at which it was shown.
    pub step: Step,
}

/// Faults and notes, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// The faults.
    pub faults: Vec<Fault>,
    /// The notes.
    pub notes: Vec<Note>,
}

impl Faults {
    /// Those that have struck and last.
    pub fn active(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.healed.is_none())
    }

    pub(super) fn apply(&mut self, recorded: &Recorded, event: &FaultEvent) -> Seen {
        match event {
            FaultEvent::FaultInjected { fault, what } => self.faults.push(Fault {
                fault: *fault,
                what: what.clone(),
                struck: recorded.at,
                healed: None,
            }),
            FaultEvent::FaultHealed { fault, .. } => {
                let struck = self.faults.iter_mut().rfind(|struck| struck.fault == *fault);
                if let Some(struck) = struck {
                    struck.healed = Some(recorded.at);
                }
            }
            FaultEvent::NoteShown { note, text } => {
                self.notes.push(Note { note: *note, text: text.clone(), step: recorded.step });
            }
        }
        // Each of them is worth a stop, though none is part of a job.
        Seen::Yes
    }
}
