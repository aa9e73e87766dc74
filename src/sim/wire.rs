//! The network: ports, and what happens at the two ends of a link.
//!
//! A parcel is meant for one life of its receiver. If that life is over when it arrives, or
//! the port is closed, the machine answers with a reset, as TCP does; a partition keeps both
//! the parcel and the answer back. Parcels that are held back when their sender dies are gone,
//! since there is nobody left to send them again; those on their way arrive.
//! Previous: `host::Wire`. Next: `link`, which says when a parcel arrives.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::link::{LinkId, Load, Parcel};
use super::ports::Life;
use super::queue::Due;
use super::world::World;
use crate::base::Incarnation;
use crate::host::{Address, Delivery, Inbox, Lane, Message, Payload, Port, Signal, Wire};

/// What has arrived at an open port, and who is told.
pub(super) struct PortState {
    signal: Signal,
    arrived: RefCell<VecDeque<(Delivery, u64)>>,
}

impl World {
    /// Sends a message to whichever life the receiver has or has next.
    fn send(&self, life: &Life, port: Port, to: Address, lane: Lane, message: Box<dyn Message>) {
        let from = Address { node: life.node, port };
        let link = LinkId { from: from.node, to: to.node };
        let limited = self.links.borrow_mut().get(link).is_limited();
        let size = if limited { message.wire_size() } else { 0 };
        let to_life = self.nodes.borrow()[usize::from(to.node.0)].addressee();
        let load = Load::Message(message);
        self.dispatch(Parcel { from, from_life: life.incarnation, to, to_life, lane, size, load });
    }

    fn dispatch(&self, parcel: Parcel) {
        let now = self.now();
        let at = {
            let mut links = self.links.borrow_mut();
            links.get(parcel.link()).arrival(now, parcel.lane, parcel.size)
        };
        self.account(parcel.weight(), 0);
        self.schedule(at, Due::Parcel(parcel));
    }

    /// A parcel is at the end of its link.
    pub(super) fn arrive(&self, parcel: Parcel) {
        let accepted = self.links.borrow_mut().get(parcel.link()).accept(parcel);
        if let Some(parcel) = accepted {
            self.deliver(parcel);
        }
    }

    /// A link that was cut delivers what waited.
    pub(super) fn flush(&self, link: LinkId, lane: Lane) {
        let (parcels, next) = self.links.borrow_mut().get(link).flush(self.now(), lane);
        for parcel in parcels {
            let sent_again = match parcel.load {
                Load::Message(_) => {
                    self.nodes.borrow()[usize::from(parcel.from.node.0)].lives(parcel.from_life)
                }
                Load::Reset => true,
            };
            if sent_again {
                self.deliver(parcel);
            } else {
                self.account(0, parcel.weight());
            }
        }
        if let Some(at) = next {
            self.schedule(at, Due::Flush(link, lane));
        }
    }

    fn deliver(&self, parcel: Parcel) {
        let weight = parcel.weight();
        let open = {
            let nodes = self.nodes.borrow();
            let node = &nodes[usize::from(parcel.to.node.0)];
            if node.lives(parcel.to_life) { node.ports.get(&parcel.to.port).cloned() } else { None }
        };
        if let Load::Reset = parcel.load {
            let mut links = self.links.borrow_mut();
            links.get(parcel.link()).reset_arrived(parcel.from.port, parcel.to.port);
        }
        let Some(open) = open else {
            self.account(0, weight);
            self.answer_with_reset(parcel);
            return;
        };
        let payload = match parcel.load {
            Load::Message(message) => Payload::Message(message),
            Load::Reset => Payload::Reset,
        };
        open.arrived.borrow_mut().push_back((Delivery { from: parcel.from, payload }, weight));
        open.signal.notify();
    }

    /// Tells the sender of a message that nobody was there, once until it knows.
    fn answer_with_reset(&self, parcel: Parcel) {
        match parcel.load {
            Load::Reset => return,
            Load::Message(message) => drop(message),
        }
        let sender_lives =
            self.nodes.borrow()[usize::from(parcel.from.node.0)].lives(parcel.from_life);
        let back = LinkId { from: parcel.to.node, to: parcel.from.node };
        if sender_lives
            && self.links.borrow_mut().get(back).announce_reset(parcel.to.port, parcel.from.port)
        {
            self.dispatch(Parcel {
                from: parcel.to,
                from_life: Incarnation::default(),
                to: parcel.from,
                to_life: parcel.from_life,
                lane: parcel.lane,
                size: 0,
                load: Load::Reset,
            });
        }
    }

    /// Empties a port that is no longer open.
    pub(super) fn clear(&self, port: &PortState) {
        let unread = std::mem::take(&mut *port.arrived.borrow_mut());
        self.account(0, unread.iter().map(|(_, weight)| weight).sum());
    }
}

impl Wire for Life {
    fn open(&self, port: Port, signal: Signal) -> Rc<dyn Inbox> {
        let state = Rc::new(PortState { signal, arrived: RefCell::default() });
        if self.is_alive() {
            let mut nodes = self.world().nodes.borrow_mut();
            let taken = nodes[usize::from(self.node.0)].ports.insert(port, state.clone());
            assert!(taken.is_none(), "port {} of {} is open already", port.0, self.name());
        }
        Rc::new(OpenPort { life: self.clone(), port, state })
    }

    fn send(&self, port: Port, to: Address, lane: Lane, message: Box<dyn Message>) {
        if self.is_alive() {
            self.world().send(self, port, to, lane, message);
        }
    }
}

struct OpenPort {
    life: Life,
    port: Port,
    state: Rc<PortState>,
}

impl Inbox for OpenPort {
    fn try_recv(&self) -> Option<Delivery> {
        if !self.life.is_alive() {
            return None;
        }
        let (delivery, weight) = self.state.arrived.borrow_mut().pop_front()?;
        self.life.world().account(0, weight);
        Some(delivery)
    }
}

impl Drop for OpenPort {
    fn drop(&mut self) {
        // Tasks of a dead life are dropped late, when the port may be open again.
        if self.life.is_alive() {
            let mut nodes = self.life.world().nodes.borrow_mut();
            nodes[usize::from(self.life.node.0)].ports.remove(&self.port);
        }
        self.life.world().clear(&self.state);
    }
}
