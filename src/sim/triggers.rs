//! When faults strike and notes are shown.
//!
//! Each strikes at most once. Those with a time wait for the driver; the others are looked at
//! after every event that is recorded, before the recorder's caller goes on.
//! Previous: `world`, which records. Next: `inject`, which does what has struck.

use std::collections::VecDeque;

use super::{SimOptions, When};
use crate::base::{SimTime, Step};
use crate::trace::{Event, Level};

/// A fault or a note, by its place in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    Note(usize),
    Fault(usize),
}

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// Its moment has not come; so many events fitted.
    Waiting { seen: u32 },
    /// It struck.
    Struck,
    /// It struck, but there was nothing to do, in words.
    Idle(String),
}

/// See the module.
pub(super) struct Triggers {
    notes: Vec<(When, Fate)>,
    faults: Vec<(When, Fate)>,
    /// Those that wait for an event or a step, notes first.
    watching: Vec<Trigger>,
    /// Those that wait for a time, the latest first.
    timed: Vec<(SimTime, Trigger)>,
    /// Those that have struck and are still to be acted on.
    pending: VecDeque<Trigger>,
}

impl Triggers {
    pub(super) fn new(options: &SimOptions) -> Self {
        let waiting = |when: &When| (when.clone(), Fate::Waiting { seen: 0 });
        let mut triggers = Self {
            notes: options.notes.iter().map(|note| waiting(&note.when)).collect(),
            faults: options.faults.iter().map(|fault| waiting(&fault.when)).collect(),
            watching: Vec::new(),
            timed: Vec::new(),
            pending: VecDeque::new(),
        };
        let notes = (0..triggers.notes.len()).map(Trigger::Note);
        let faults = (0..triggers.faults.len()).map(Trigger::Fault);
        for trigger in notes.chain(faults).collect::<Vec<_>>() {
            match triggers.entry(trigger).0 {
                When::At(at) => triggers.timed.push((at, trigger)),
                When::Step(_) | When::Event { .. } => triggers.watching.push(trigger),
            }
        }
        // The sort is stable, so taken from the end those of one moment come in their order.
        triggers.timed.sort_by_key(|(at, _)| *at);
        triggers.timed.reverse();
        triggers
    }

    fn entry(&mut self, trigger: Trigger) -> &mut (When, Fate) {
        match trigger {
            Trigger::Note(i) => &mut self.notes[i],
            Trigger::Fault(i) => &mut self.faults[i],
        }
    }

    /// The moments for which the driver must be woken.
    pub(super) fn times(&self) -> Vec<SimTime> {
        self.timed.iter().map(|(at, _)| *at).collect()
    }

    /// The next of those.
    pub(super) fn next_time(&self) -> Option<SimTime> {
        self.timed.last().map(|(at, _)| *at)
    }

    /// Lets the next one that waits for a time strike.
    pub(super) fn strike_next(&mut self) {
        if let Some((_, trigger)) = self.timed.pop() {
            self.entry(trigger).1 = Fate::Struck;
            self.pending.push_back(trigger);
        }
    }

    /// Looks at an event that was just recorded on `node` as (or below) `step`.
    pub(super) fn notice(&mut self, step: Step, event: &Event, node: &str) {
        let mut i = 0;
        while i < self.watching.len() {
            let trigger = self.watching[i];
            let (when, fate) = self.entry(trigger);
            let struck = match (&*when, &mut *fate) {
                (When::Step(at), _) => event.level() == Level::Control && *at == step,
                (When::Event { pattern, nth }, Fate::Waiting { seen }) => {
                    if pattern.matches(event, node) {
                        *seen += 1;
                    }
                    *seen >= (*nth).max(1)
                }
                (When::Event { .. } | When::At(_), _) => false,
            };
            if struck {
                *fate = Fate::Struck;
                self.watching.remove(i);
                self.pending.push_back(trigger);
            } else {
                i += 1;
            }
        }
    }

    /// Whether nothing waits for an event or a step.
    pub(super) fn is_blind(&self) -> bool {
        self.watching.is_empty()
    }

    /// The next one to act on.
    pub(super) fn next_pending(&mut self) -> Option<Trigger> {
        self.pending.pop_front()
    }

    /// Notes that a fault that struck found nothing to do.
    pub(super) fn was_idle(&mut self, fault: usize, why: String) {
        self.faults[fault].1 = Fate::Idle(why);
    }

    /// Notes that it has found something after all.
    pub(super) fn has_struck(&mut self, fault: usize) {
        self.faults[fault].1 = Fate::Struck;
    }

    /// Everything that never had its moment, or nothing to do, in words.
    pub(super) fn vacuous(&self, options: &SimOptions) -> Vec<String> {
        let faults = self.faults.iter().zip(&options.faults).enumerate();
        let faults =
            faults.filter(|(_, (_, fault))| !fault.optional).map(|(i, ((when, fate), fault))| {
                (format!("fault {} ({})", i + 1, fault.action), when, fate)
            });
        let notes = self.notes.iter().enumerate().map(|(i, (when, fate))| {
            (format!("note {} ({:?})", i + 1, options.notes[i].text), when, fate)
        });
        let mut texts = Vec::new();
        for (name, when, fate) in faults.chain(notes) {
            match fate {
                Fate::Struck => {}
                Fate::Idle(why) => texts.push(format!("{name} had nothing to act on: {why}")),
                Fate::Waiting { seen: 0 } => texts.push(format!("{name} never came: {when}")),
                Fate::Waiting { seen } => {
                    texts.push(format!("{name} never came: {when}; only {seen} came"));
                }
            }
        }
        texts
    }
}
