//! How a task waits, and how long it did.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use crate::base::{SimDuration, SimTime};
use crate::host::{Host, Signal};

/// Where a task's time went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// Working.
    pub(super) busy: SimDuration,
    /// Waiting for room for output.
    pub(super) back_pressured: SimDuration,
    /// Waiting for input.
    pub(super) idle: SimDuration,
}

/// Waits for the signal or the deadline, and tells how long it took.
pub(super) async fn wait(host: &Host, signal: &Signal, deadline: SimTime) -> SimDuration {
    let start = host.clock.now();
    let mut signalled = pin!(signal.wait());
    let mut sleep = (deadline < SimTime::MAX).then(|| host.clock.sleep_until(deadline));
    poll_fn(|context| {
        if signalled.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        match &mut sleep {
            Some(sleep) => sleep.as_mut().poll(context),
            None => Poll::Pending,
        }
    })
    .await;
    host.clock.now().since(start)
}

/// Lets others run.
pub(super) async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
