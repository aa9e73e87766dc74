//! Components as state machines: handlers that take a message and leave effects in an outbox.
//!
//! A handler reads no clock, sends nothing and never waits; all it does is in the [`Outbox`] when
//! it returns. [`super::shell`] performs the effects in their order.

use super::rpc::{Misdirected, Rpc};
use crate::base::{Name, SimTime};
use crate::host::{Address, Port};
use crate::trace::Event;

/// A component of the control plane.
pub trait Component: Sized {
    /// What it is sent.
    type Message: TryFrom<Rpc, Error = Misdirected>;
    /// What it may be reminded of.
    type Timer;
    /// What it asks of its shell beyond messages, timers and events.
    type Action;
    /// What comes back from those actions.
    type Report;

    /// What it is called in the trace.
    fn name(&self) -> Name;

    /// Where it listens.
    fn port(&self) -> Port;

    /// Its life begins. Called once, before anything else.
    fn on_start(&mut self, now: SimTime, out: &mut Outbox<Self>);

    /// A message has arrived.
    fn on_message(
        &mut self,
        now: SimTime,
        from: Address,
        message: Self::Message,
        out: &mut Outbox<Self>,
    );

    /// Something it sent has reached a machine on which `peer` is not there.
    fn on_reset(&mut self, now: SimTime, peer: Address, out: &mut Outbox<Self>);

    /// A timer is due. Timers are never taken back, so it may have lost its meaning.
    fn on_timer(&mut self, now: SimTime, timer: Self::Timer, out: &mut Outbox<Self>);

    /// Something came back from an action.
    fn on_report(&mut self, now: SimTime, report: Self::Report, out: &mut Outbox<Self>);
}

/// One effect of a handler.
pub enum Effect<C: Component> {
    /// Send a message.
    Send {
        /// To whom.
        to: Address,
        /// The message.
        rpc: Rpc,
    },
    /// Call `on_timer` later.
    Timer {
        /// When.
        at: SimTime,
        /// With what.
        timer: C::Timer,
    },
    /// Record an event.
    Trace(Event),
    /// Something that only this component's shell can do.
    Act(C::Action),
    /// End this component's life and close its port.
    Stop,
}

/// The effects of a handler, in order.
pub struct Outbox<C: Component> {
    effects: Vec<Effect<C>>,
}

impl<C: Component> Default for Outbox<C> {
    fn default() -> Self {
        Self { effects: Vec::new() }
    }
}

impl<C: Component> Outbox<C> {
    /// Sends a message.
    pub fn send(&mut self, to: Address, message: impl Into<Rpc>) {
        self.effects.push(Effect::Send { to, rpc: message.into() });
    }

    /// Has `on_timer` called at a moment.
    pub fn wake_at(&mut self, at: SimTime, timer: C::Timer) {
        self.effects.push(Effect::Timer { at, timer });
    }

    /// Records an event.
    pub fn trace(&mut self, event: Event) {
        self.effects.push(Effect::Trace(event));
    }

    /// Asks something of the component's shell.
    pub fn act(&mut self, action: C::Action) {
        self.effects.push(Effect::Act(action));
    }

    /// Ends the component's life.
    pub fn stop(&mut self) {
        self.effects.push(Effect::Stop);
    }

    /// Takes all effects out.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Effect<C>> {
        self.effects.drain(..)
    }
}
