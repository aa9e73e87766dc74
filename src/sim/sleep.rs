//! Sleeping on a node's clock.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::ports::Life;
use super::queue::{Due, Key};
use crate::base::SimTime;

/// A sleep. It costs an entry of the queue while it lasts, and nothing once it is dropped.
pub(super) struct Sleeping {
    life: Life,
    deadline: SimTime,
    /// Its place in the queue, once it has been waited for.
    place: Option<Key>,
}

impl Sleeping {
    pub(super) fn new(life: Life, deadline: SimTime) -> Self {
        Self { life, deadline, place: None }
    }
}

impl Future for Sleeping {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !self.life.is_alive() {
            return Poll::Pending;
        }
        let world = self.life.world();
        let waker = context.waker();
        if let Some(place) = self.place {
            let waits = world.queue.borrow_mut().keep_waiting(place, waker);
            return if waits { Poll::Pending } else { Poll::Ready(()) };
        }
        let now = world.now();
        if self.deadline <= now {
            return Poll::Ready(());
        }
        let wakes_at = world.clocks.borrow()[usize::from(self.life.node.0)];
        let wakes_at = wakes_at.wakes_at(now, self.deadline);
        self.place = Some(world.schedule(wakes_at, Due::Wake(waker.clone())));
        Poll::Pending
    }
}

impl Drop for Sleeping {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let cancelled = self.life.world().queue.borrow_mut().cancel(place);
            drop(cancelled);
        }
    }
}
