//! The driver: the one task that makes time pass for everything else.
//!
//! It sleeps until something is due (a message, a sleeper, the end of a fault, a fault with a
//! time), lets all of it happen, and sleeps again. The executor's timers cannot be taken back,
//! so the driver never asks for one that is not earlier than all it has asked for: at most it
//! wakes once too often, and sleeps that are cancelled cost nothing.
//!
//! Faults with a time have timers of their own, set at the start and left out of that
//! reckoning: whether the driver is woken by a message must not depend on a fault to come, or
//! a run with one more fault would differ from the run without it before the fault.
//! Previous: `queue`. Next: `wire`, `inject`.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::inject::happen;
use super::world::World;
use crate::base::{SimDuration, SimTime};

/// When the driver wakes.
#[derive(Default)]
pub(super) struct Alarm {
    waker: Option<Waker>,
    /// Timers that will go off, the earliest last.
    set: Vec<SimTime>,
    /// Whether the driver is at work, or about to be.
    awake: bool,
}

impl Alarm {
    /// Whom to wake so that something at `at` happens in time, if the driver would sleep on.
    pub(super) fn must_wake(&mut self, at: SimTime) -> Option<Waker> {
        if self.awake || self.set.last().is_some_and(|&set| set <= at) {
            return None;
        }
        let waker = self.waker.clone()?;
        self.awake = true;
        Some(waker)
    }

    /// Forgets the timers that have gone off, and says for when a new one is needed so that
    /// something at `next` happens in time.
    fn missing_timer(&mut self, now: SimTime, next: Option<SimTime>) -> Option<SimTime> {
        while self.set.last().is_some_and(|&set| set <= now) {
            self.set.pop();
        }
        let next = next.filter(|&next| self.set.last().is_none_or(|&set| next < set))?;
        self.set.push(next);
        Some(next)
    }
}

/// Drives the world until its end.
pub(super) async fn drive(world: &Rc<World>) {
    // Its length is of no account (the executor would not let it be under a millisecond): only
    // its deadline is ever set.
    #[expect(clippy::disallowed_methods, reason = "this is the one sleep that all others stand on")]
    let mut timer = pin!(madsim::time::sleep(SimDuration::ZERO));
    let mut times = world.triggers.borrow().times();
    times.push(world.time_limit());
    poll_fn(|context| {
        world.alarm.borrow_mut().awake = true;
        for at in times.drain(..) {
            set_timer(world, timer.as_mut(), context, at);
        }
        loop {
            let now = world.now();
            turn(world, now);
            if world.is_over() {
                return Poll::Ready(());
            }
            let next = world.queue.borrow().next();
            let missing = world.alarm.borrow_mut().missing_timer(now, next);
            if let Some(at) = missing
                && set_timer(world, timer.as_mut(), context, at)
            {
                continue;
            }
            let mut alarm = world.alarm.borrow_mut();
            alarm.awake = false;
            match &mut alarm.waker {
                Some(waker) => waker.clone_from(context.waker()),
                None => alarm.waker = Some(context.waker().clone()),
            }
            return Poll::Pending;
        }
    })
    .await;
}

/// Sets one of the executor's timers; true if its moment has already come.
fn set_timer(
    world: &World,
    mut timer: Pin<&mut madsim::time::Sleep>,
    context: &mut Context<'_>,
    at: SimTime,
) -> bool {
    timer.as_mut().reset(world.instant(at));
    timer.poll(context).is_ready()
}

/// Lets everything happen that is due.
fn turn(world: &Rc<World>, now: SimTime) {
    world.check_limits(now);
    while !world.is_over() {
        let next = world.queue.borrow().next();
        let trigger = world.triggers.borrow().next_time();
        // Of one moment, what was under way comes before what strikes.
        let strikes = trigger.is_some_and(|at| at <= now && next.is_none_or(|next| at < next));
        if strikes {
            world.triggers.borrow_mut().strike_next();
            world.settle();
            continue;
        }
        let due = world.queue.borrow_mut().pop(now);
        match due {
            Some(due) => happen(world, due),
            None => break,
        }
    }
}
