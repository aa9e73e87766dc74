//! Asks every so often how many partitions a topic has (`partition.discovery.interval.ms`).
//!
//! The first question is asked at once: what was found and is in no checkpoint yet is found again
//! right after a restart.

use std::cell::RefCell;
use std::rc::Rc;

use crate::base::{SimDuration, SimTime};
use crate::host::{LogAccess, LogError};
use crate::operator::OutsideWork;

/// See the module.
pub(super) struct Discovery {
    interval: SimDuration,
    /// When it asks again.
    next: SimTime,
    is_asking: bool,
    answer: Rc<RefCell<Option<Result<u16, LogError>>>>,
}

impl Discovery {
    /// One that begins `now`.
    pub(super) fn new(interval: SimDuration, now: SimTime) -> Self {
        Self { interval, next: now, is_asking: false, answer: Rc::default() }
    }

    /// The answer that has come since the last call.
    pub(super) fn take_answer(&mut self) -> Option<Result<u16, LogError>> {
        let answer = self.answer.take()?;
        self.is_asking = false;
        Some(answer)
    }

    /// Asks, if it is time. When it is time again, if no answer is to be waited for.
    pub(super) fn ask(
        &mut self,
        now: SimTime,
        access: &Rc<dyn LogAccess>,
        topic: &str,
        work: &Rc<OutsideWork>,
    ) -> Option<SimTime> {
        if self.is_asking {
            return None;
        }
        if self.next > now {
            return Some(self.next);
        }
        (self.is_asking, self.next) = (true, now + self.interval);
        let (answer, work) = (self.answer.clone(), work.clone());
        let done = move |count| {
            *answer.borrow_mut() = Some(count);
            work.wake();
        };
        access.partitions(topic, Box::new(done));
        None
    }
}
