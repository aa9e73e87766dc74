//! Requests to a server that may not answer: they are asked again, and given up in the end.

use std::collections::BTreeMap;

use crate::base::{SimDuration, SimTime};

/// What is waited for. `C` says what was asked, and whom to tell.
pub struct Requests<C> {
    last: u64,
    give_up: SimDuration,
    pending: BTreeMap<u64, Pending<C>>,
}

struct Pending<C> {
    call: C,
    since: SimTime,
    tries: u32,
}

/// What becomes of a request for whose answer a while has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overdue {
    /// It was answered, or asked again since then.
    No,
    /// It is asked again.
    AskAgain,
    /// It is given up.
    GiveUp,
}

impl<C> Requests<C> {
    /// Those of a life that begins `now`: they are numbered from there, so that no answer to an
    /// earlier life is taken for one of its own. Each is given up after `give_up`.
    pub fn new(now: SimTime, give_up: SimDuration) -> Self {
        Self { last: now.0, give_up, pending: BTreeMap::new() }
    }

    /// Another; its number.
    pub fn add(&mut self, now: SimTime, call: C) -> u64 {
        self.last += 1;
        self.pending.insert(self.last, Pending { call, since: now, tries: 0 });
        self.last
    }

    /// One that is asked now, and the how manieth time that is.
    pub fn ask(&mut self, request: u64) -> Option<(&C, u32)> {
        let pending = self.pending.get_mut(&request)?;
        pending.tries += 1;
        Some((&pending.call, pending.tries))
    }

    /// One that is waited for.
    pub fn get(&self, request: u64) -> Option<&C> {
        self.pending.get(&request).map(|pending| &pending.call)
    }

    /// One that is waited for.
    pub fn get_mut(&mut self, request: u64) -> Option<&mut C> {
        self.pending.get_mut(&request).map(|pending| &mut pending.call)
    }

    /// A while has passed since a request was asked for the `tries`-th time.
    pub fn overdue(&self, now: SimTime, (request, tries): (u64, u32)) -> Overdue {
        match self.pending.get(&request).filter(|it| it.tries == tries) {
            None => Overdue::No,
            Some(pending) if now.since(pending.since) < self.give_up => Overdue::AskAgain,
            Some(_) => Overdue::GiveUp,
        }
    }

    /// One that is over.
    pub fn take(&mut self, request: u64) -> Option<C> {
        self.pending.remove(&request).map(|pending| pending.call)
    }

    /// Waits no longer for those that are not to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&C) -> bool) {
        self.pending.retain(|_, pending| keep(&pending.call));
    }
}
