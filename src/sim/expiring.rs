//! Services that can be made to take the time of what is open for passed.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use super::world::World;
use crate::base::NodeId;

/// Such a service, in one life of its node.
pub(super) struct Expiring {
    /// Whether that life goes on.
    pub(super) pulse: Rc<Cell<bool>>,
    /// Tells the service; gone with it.
    pub(super) expire: Weak<dyn Fn()>,
    /// The faults of which it was told and has not said what it had open, in order.
    pub(super) told: VecDeque<usize>,
}

impl World {
    /// Whether there is somebody to tell on a node.
    pub(super) fn can_expire(&self, node: NodeId) -> bool {
        let services = self.expiring.borrow();
        let alive = |it: &Expiring| it.pulse.get() && it.expire.strong_count() > 0;
        services.get(&node).is_some_and(alive)
    }

    /// Tells the service of a node.
    pub(super) fn expire(&self, fault: usize, node: NodeId) {
        let name = &self.names[usize::from(node.0)];
        let why = format!("no transaction of {name} was open");
        self.triggers.borrow_mut().was_idle(fault, why);
        let expire = self.expiring.borrow_mut().get_mut(&node).and_then(|it| {
            it.told.push_back(fault);
            it.expire.upgrade()
        });
        if let Some(expire) = expire {
            expire();
        }
    }

    /// The service of a node says how much it had open when it was told.
    pub(super) fn on_expired(&self, node: NodeId, count: usize) {
        let fault = self.expiring.borrow_mut().get_mut(&node).and_then(|it| it.told.pop_front());
        if let Some(fault) = fault
            && count > 0
        {
            self.triggers.borrow_mut().has_struck(fault);
        }
    }
}
