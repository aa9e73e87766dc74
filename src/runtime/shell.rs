//! The one asynchronous part of every component: it waits, calls a handler, performs the effects.
//!
//! Everything a component could react to notifies one signal. Arrivals are handled in order,
//! then what its actions reported, then due timers by deadline and age; each handler's effects
//! are performed before the next handler runs.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use super::alarm::Alarm;
use super::outbox::{Component, Effect, Outbox};
use super::rpc::Rpc;
use crate::base::{Name, NodeId, SimTime};
use crate::host::{Address, Delivery, Host, Inbox, Lane, Message, Payload, Port, Signal};
use crate::trace::{Event, Level, RpcEvent};

/// The way back from a component's actions.
pub struct Reports<R> {
    queue: Rc<RefCell<VecDeque<R>>>,
    signal: Signal,
}

impl<R> Clone for Reports<R> {
    fn clone(&self) -> Self {
        Self { queue: Rc::clone(&self.queue), signal: self.signal.clone() }
    }
}

impl<R> Reports<R> {
    /// Tells the component something.
    pub fn push(&self, report: R) {
        self.queue.borrow_mut().push_back(report);
        self.signal.notify();
    }
}

/// A component and all that its life needs.
pub struct Shell<C: Component> {
    host: Host,
    nodes: Arc<[Name]>,
    component: C,
    name: Name,
    port: Port,
    inbox: Rc<dyn Inbox>,
    reports: Reports<C::Report>,
    timers: BTreeMap<(SimTime, u64), C::Timer>,
    timers_set: u64,
    outbox: Outbox<C>,
    stopped: bool,
}

impl<C: Component> Shell<C> {
    /// Opens the component's port. `nodes` are the names of all nodes, by id.
    pub fn new(host: Host, nodes: Arc<[Name]>, component: C) -> Self {
        let signal = Signal::default();
        let (name, port) = (component.name(), component.port());
        Self {
            inbox: host.wire.open(port, signal.clone()),
            reports: Reports { queue: Rc::default(), signal },
            timers: BTreeMap::new(),
            timers_set: 0,
            outbox: Outbox::default(),
            stopped: false,
            host,
            nodes,
            component,
            name,
            port,
        }
    }

    /// The way back from the component's actions.
    pub fn reports(&self) -> Reports<C::Report> {
        self.reports.clone()
    }

    /// Lives until the component stops itself; `act` performs its actions.
    pub async fn run(mut self, mut act: impl FnMut(C::Action)) {
        let mut alarm = Alarm::new(Rc::clone(&self.host.clock));
        let mut due = SimTime::ZERO;
        self.component.on_start(self.host.clock.now(), &mut self.outbox);
        self.perform(&mut act);
        loop {
            self.handle_all(due, &mut act);
            if self.stopped {
                return;
            }
            let deadline = self.timers.keys().next().map(|&(at, _)| at);
            let signal = self.reports.signal.clone();
            let mut notified = pin!(signal.wait());
            due = poll_fn(|context| {
                if let Some(due) = alarm.poll(context, deadline) {
                    return Poll::Ready(due);
                }
                notified.as_mut().poll(context).map(|()| SimTime::ZERO)
            })
            .await;
        }
    }

    /// Handles all there is. Timers up to `due` are due even if the node's timer ran fast.
    fn handle_all(&mut self, due: SimTime, act: &mut impl FnMut(C::Action)) {
        while !self.stopped {
            let now = self.host.clock.now();
            if let Some(delivery) = self.inbox.try_recv() {
                self.deliver(now, delivery);
            } else if let Some(report) = self.take_report() {
                self.component.on_report(now, report, &mut self.outbox);
            } else if let Some((at, timer)) = self.take_timer(now.max(due)) {
                self.component.on_timer(now.max(at), timer, &mut self.outbox);
            } else {
                return;
            }
            self.perform(act);
        }
    }

    fn take_report(&self) -> Option<C::Report> {
        self.reports.queue.borrow_mut().pop_front()
    }

    fn take_timer(&mut self, due: SimTime) -> Option<(SimTime, C::Timer)> {
        let first = self.timers.first_entry()?;
        let (at, _) = *first.key();
        (at <= due).then(|| (at, first.remove()))
    }

    fn deliver(&mut self, now: SimTime, Delivery { from, payload }: Delivery) {
        match payload {
            Payload::Message(message) => {
                let message: Box<dyn std::any::Any> = message;
                let rpc = message.downcast::<Rpc>().expect("components are sent nothing else");
                self.record_received(from.node, &rpc);
                let message = C::Message::try_from(*rpc)
                    .unwrap_or_else(|error| panic!("{} was sent to {}", error, self.name));
                self.component.on_message(now, from, message, &mut self.outbox);
            }
            Payload::Reset => {
                self.record(RpcEvent::ConnectionReset {
                    by: self.name.clone(),
                    peer: self.node(from.node),
                });
                self.component.on_reset(now, from, &mut self.outbox);
            }
        }
    }

    fn perform(&mut self, act: &mut impl FnMut(C::Action)) {
        let mut outbox = std::mem::take(&mut self.outbox);
        for effect in outbox.drain() {
            match effect {
                Effect::Send { to, rpc } => self.send(to, rpc),
                Effect::Timer { at, timer } => {
                    self.timers.insert((at, self.timers_set), timer);
                    self.timers_set += 1;
                }
                Effect::Trace(event) => self.host.trace.record(event),
                Effect::Act(action) => act(action),
                Effect::Stop => self.stopped = true,
            }
        }
        // Its memory serves the next handler.
        self.outbox = outbox;
    }

    fn send(&self, to: Address, rpc: Rpc) {
        if rpc.is_data() {
            // What moves records is told of by what becomes of them.
        } else if !rpc.is_heartbeat() {
            self.record(RpcEvent::RpcSent {
                from: self.name.clone(),
                to: self.node(to.node),
                message: rpc.name().into(),
                about: rpc.about(),
            });
        } else if self.host.trace.level() >= Level::Records {
            self.record(RpcEvent::HeartbeatSent {
                from: self.name.clone(),
                to: self.node(to.node),
            });
        }
        let lane = if rpc.is_data() { Lane::Data } else { Lane::Rpc };
        self.host.wire.send(self.port, to, lane, Box::new(rpc) as Box<dyn Message>);
    }

    fn record_received(&self, from: NodeId, rpc: &Rpc) {
        if rpc.is_data() {
            return;
        }
        if !rpc.is_heartbeat() {
            self.record(RpcEvent::RpcReceived {
                by: self.name.clone(),
                from: self.node(from),
                message: rpc.name().into(),
                about: rpc.about(),
            });
        } else if self.host.trace.level() >= Level::Records {
            self.record(RpcEvent::HeartbeatReceived {
                by: self.name.clone(),
                from: self.node(from),
            });
        }
    }

    fn record(&self, event: RpcEvent) {
        self.host.trace.record(Event::Rpc(event));
    }

    fn node(&self, node: NodeId) -> Name {
        self.nodes[usize::from(node.0)].clone()
    }
}
