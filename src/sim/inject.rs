//! What faults do, and how they end.

use std::rc::Rc;

use super::FaultAction;
use super::link::LinkId;
use super::queue::Due;
use super::triggers::Trigger;
use super::world::World;
use crate::base::{NodeId, SimDuration};
use crate::host::InjectedFailure;
use crate::trace::{Event, FaultEvent, NodeEvent};

impl World {
    /// Acts on what has struck.
    pub(super) fn act(&self, trigger: Trigger) {
        match trigger {
            Trigger::Note(i) => {
                let text = self.options.notes[i].text.clone();
                let shown = FaultEvent::NoteShown { note: i as u32 + 1, text };
                self.record(NodeId(0), &Event::Fault(shown));
            }
            Trigger::Fault(i) => self.inject(i),
        }
    }

    fn inject(&self, fault: usize) {
        let action = &self.options.faults[fault].action;
        if let Some(why) = self.obstacle(action) {
            self.triggers.borrow_mut().was_idle(fault, why);
            return;
        }
        let struck =
            FaultEvent::FaultInjected { fault: fault as u32 + 1, what: action.to_string() };
        self.record(self.subject(action), &Event::Fault(struck));
        match action {
            FaultAction::Kill { node, restart_after } => {
                self.kill(self.node_named(node));
                self.heal_after(fault, *restart_after);
            }
            FaultAction::Pause { node, duration } => {
                self.pause(self.node_named(node), fault);
                self.heal_after(fault, *duration);
            }
            FaultAction::Partition { duration, .. } => {
                for link in self.links_of(action) {
                    self.cut(link);
                }
                self.heal_after(fault, *duration);
            }
            FaultAction::Degrade { from, to, link, duration } => {
                let id = LinkId { from: self.node_named(from), to: self.node_named(to) };
                self.links.borrow_mut().get(id).degrade(fault, link.clone());
                self.heal_after(fault, *duration);
            }
            FaultAction::Clock { node, jump_us, drift_ppm } => {
                let id = self.node_named(node);
                let now = self.now();
                let offset_us = {
                    let clock = &mut self.clocks.borrow_mut()[usize::from(id.0)];
                    clock.set(now, *jump_us, *drift_ppm);
                    clock.offset_us(now)
                };
                let changed = NodeEvent::ClockChanged { offset_us, drift_ppm: *drift_ppm };
                self.record(id, &Event::Node(changed));
            }
            FaultAction::Disk { node, trouble, duration } => {
                let id = self.node_named(node);
                self.disks.borrow_mut()[usize::from(id.0)].afflict(fault, *trouble);
                self.heal_after(fault, *duration);
            }
            FaultAction::Lock { node, duration } => {
                let place = usize::from(self.node_named(node).0);
                self.locks.borrow_mut()[place].insert(fault);
                self.heal_after(fault, *duration);
            }
            FaultAction::Fail { subtask } => self.fail(subtask, InjectedFailure::Throws),
            FaultAction::Panic { subtask } => self.fail(subtask, InjectedFailure::Panics),
            FaultAction::Slow { subtask, factor, duration } => {
                self.slow.borrow_mut().insert(fault, (subtask.clone(), *factor));
                self.heal_after(fault, *duration);
            }
            FaultAction::Poison { subtask, duration } => {
                self.poison(fault, subtask);
                self.heal_after(fault, *duration);
            }
            FaultAction::Expire { node } => self.expire(fault, self.node_named(node)),
        }
    }

    fn heal_after(&self, fault: usize, duration: Option<SimDuration>) {
        if let Some(duration) = duration {
            self.schedule(self.now() + duration, Due::Heal(fault));
        }
    }

    /// Ends a fault that lasted.
    pub(super) fn heal(&self, fault: usize) {
        let action = &self.options.faults[fault].action;
        let what = match action {
            FaultAction::Kill { node, .. } => format!("restart {node}"),
            FaultAction::Pause { .. }
            | FaultAction::Partition { .. }
            | FaultAction::Degrade { .. }
            | FaultAction::Clock { .. }
            | FaultAction::Disk { .. }
            | FaultAction::Lock { .. }
            | FaultAction::Slow { .. }
            | FaultAction::Poison { .. }
            | FaultAction::Expire { .. }
            | FaultAction::Panic { .. }
            | FaultAction::Fail { .. } => format!("no more: {action}"),
        };
        let healed = FaultEvent::FaultHealed { fault: fault as u32 + 1, what };
        self.record(self.subject(action), &Event::Fault(healed));
        match action {
            FaultAction::Kill { node, .. } => self.start(self.node_named(node)),
            FaultAction::Pause { node, .. } => self.resume(self.node_named(node), fault),
            FaultAction::Partition { .. } => {
                for link in self.links_of(action) {
                    self.mend(link);
                }
            }
            FaultAction::Degrade { from, to, .. } => {
                let id = LinkId { from: self.node_named(from), to: self.node_named(to) };
                self.links.borrow_mut().get(id).restore(fault);
            }
            // A clock that was moved stays so, and what has failed has failed.
            FaultAction::Clock { .. }
            | FaultAction::Fail { .. }
            | FaultAction::Panic { .. }
            | FaultAction::Expire { .. } => {}
            FaultAction::Poison { .. } => {
                self.poisons.borrow_mut().remove(&fault);
            }
            FaultAction::Slow { .. } => {
                self.slow.borrow_mut().remove(&fault);
            }
            FaultAction::Disk { node, .. } => {
                let place = usize::from(self.node_named(node).0);
                self.disks.borrow_mut()[place].relieve(fault);
            }
            FaultAction::Lock { node, .. } => {
                let place = usize::from(self.node_named(node).0);
                self.locks.borrow_mut()[place].remove(&fault);
            }
        }
    }

    /// Why an action would change nothing, if so.
    fn obstacle(&self, action: &FaultAction) -> Option<String> {
        match action {
            FaultAction::Kill { node, .. } | FaultAction::Pause { node, .. } => {
                let nodes = self.nodes.borrow();
                let state = &nodes[usize::from(self.node_named(node).0)];
                let pause = matches!(action, FaultAction::Pause { .. });
                if !state.pulse.get() {
                    Some(format!("{node} was down"))
                } else if pause && state.paused_by.is_some() {
                    Some(format!("{node} stood still already"))
                } else {
                    None
                }
            }
            FaultAction::Partition { .. } => {
                let mut links = self.links.borrow_mut();
                let whole = self.links_of(action).into_iter().any(|id| !links.get(id).is_cut());
                (!whole).then(|| "all those links were cut already, or there are none".to_owned())
            }
            FaultAction::Degrade { from, to, link, .. } => {
                let id = LinkId { from: self.node_named(from), to: self.node_named(to) };
                let same = self.links.borrow_mut().get(id).options() == link;
                same.then(|| "the link behaved so already".to_owned())
            }
            FaultAction::Clock { node, jump_us, drift_ppm } => {
                let clock = self.clocks.borrow()[usize::from(self.node_named(node).0)];
                let same = *jump_us == 0 && clock.drift_ppm() == *drift_ppm;
                same.then(|| format!("the clock of {node} ran so already"))
            }
            FaultAction::Disk { .. } => None,
            FaultAction::Lock { node, .. } => {
                let locks = self.locks.borrow();
                let locked = !locks[usize::from(self.node_named(node).0)].is_empty();
                locked.then(|| format!("the {node} was locked already"))
            }
            FaultAction::Expire { node } => {
                let id = self.node_named(node);
                if !self.nodes.borrow()[usize::from(id.0)].pulse.get() {
                    return Some(format!("{node} was down"));
                }
                let can = self.can_expire(id);
                (!can).then(|| format!("nothing on {node} coordinates transactions"))
            }
            FaultAction::Fail { subtask }
            | FaultAction::Panic { subtask }
            | FaultAction::Slow { subtask, .. }
            | FaultAction::Poison { subtask, .. } => {
                self.node_of(subtask).is_none().then(|| format!("no task {subtask} was running"))
            }
        }
    }

    /// The node at which an action shows in the trace.
    fn subject(&self, action: &FaultAction) -> NodeId {
        match action {
            FaultAction::Kill { node, .. }
            | FaultAction::Pause { node, .. }
            | FaultAction::Clock { node, .. }
            | FaultAction::Disk { node, .. }
            | FaultAction::Lock { node, .. }
            | FaultAction::Expire { node }
            | FaultAction::Degrade { from: node, .. } => self.node_named(node),
            FaultAction::Partition { from, .. } => self.node_named(&from[0]),
            FaultAction::Fail { subtask }
            | FaultAction::Panic { subtask }
            | FaultAction::Slow { subtask, .. }
            | FaultAction::Poison { subtask, .. } => self.node_of(subtask).unwrap_or(NodeId(0)),
        }
    }

    /// The links that a partition cuts.
    fn links_of(&self, action: &FaultAction) -> Vec<LinkId> {
        let FaultAction::Partition { from, to, one_way, .. } = action else { return Vec::new() };
        let near: Vec<NodeId> = from.iter().map(|name| self.node_named(name)).collect();
        let far: Vec<NodeId> = if to.is_empty() {
            let all = (0..self.names.len()).map(|place| NodeId(place as u16));
            all.filter(|id| !near.contains(id)).collect()
        } else {
            to.iter().map(|name| self.node_named(name)).collect()
        };
        let mut links = Vec::new();
        for &a in &near {
            for &b in far.iter().filter(|&&b| b != a) {
                links.push(LinkId { from: a, to: b });
                if !one_way {
                    links.push(LinkId { from: b, to: a });
                }
            }
        }
        // A node on both sides, or named twice, must not be cut off twice.
        links.sort();
        links.dedup();
        links
    }

    fn cut(&self, link: LinkId) {
        if self.links.borrow_mut().get(link).cut() {
            let to = self.names[usize::from(link.to.0)].clone();
            self.record(link.from, &Event::Node(NodeEvent::LinkCut { to }));
        }
    }

    fn mend(&self, link: LinkId) {
        let whole = self.links.borrow_mut().get(link).heal(self.now());
        if let Some(flushes) = whole {
            let to = self.names[usize::from(link.to.0)].clone();
            self.record(link.from, &Event::Node(NodeEvent::LinkHealed { to }));
            for (lane, at) in flushes {
                self.schedule(at, Due::Flush(link, lane));
            }
        }
    }
}

/// Something that is due happens, and whatever it triggers.
pub(super) fn happen(world: &Rc<World>, due: Due) {
    match due {
        Due::Parcel(parcel) => world.arrive(parcel),
        Due::Flush(link, lane) => world.flush(link, lane),
        Due::Wake(waker) => waker.wake(),
        Due::Heal(fault) => world.atomically(|| world.heal(fault)),
    }
}
