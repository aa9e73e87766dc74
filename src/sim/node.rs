//! Nodes: how their lives begin, stop, go on and end.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::task::Poll;

use super::ports::Life;
use super::wire::PortState;
use super::world::{End, World};
use crate::base::{Incarnation, NodeId};
use crate::host::{Port, Task};
use crate::trace::{Event, NodeEvent};

/// A node, and its present life or its last one.
#[derive(Default)]
pub(super) struct Node {
    pub(super) life: Incarnation,
    /// True while that life goes on; shared with whatever acts in its name.
    pub(super) pulse: Rc<Cell<bool>>,
    /// The fault that keeps it still.
    pub(super) paused_by: Option<usize>,
    pub(super) ports: BTreeMap<Port, Rc<PortState>>,
    executor: Option<madsim::task::NodeId>,
}

impl Node {
    /// The life that a message sent now is meant for: while the node is down, its next one.
    pub(super) fn addressee(&self) -> Incarnation {
        if self.pulse.get() { self.life } else { Incarnation(self.life.0 + 1) }
    }

    /// Whether `life` goes on.
    pub(super) fn lives(&self, life: Incarnation) -> bool {
        self.life == life && self.pulse.get()
    }
}

thread_local! {
    /// The world of this thread. The executor wants what starts a node to be `Send`, so that
    /// finds the world here instead of holding it.
    static WORLD: RefCell<Weak<World>> = const { RefCell::new(Weak::new()) };
}

impl World {
    /// Makes this the world of this thread.
    pub(super) fn enter(self: &Rc<Self>) {
        WORLD.with(|world| *world.borrow_mut() = Rc::downgrade(self));
    }

    /// Begins a node's next life.
    pub(super) fn start(&self, id: NodeId) {
        let place = usize::from(id.0);
        let (incarnation, executor) = {
            let mut nodes = self.nodes.borrow_mut();
            let node = &mut nodes[place];
            node.life.0 += 1;
            node.pulse = Rc::new(Cell::new(true));
            (node.life, node.executor)
        };
        self.record(id, &Event::Node(NodeEvent::NodeStarted { incarnation }));
        match executor {
            // The executor holds locks while it starts a node: all it may do is spawn.
            Some(executor) => self.handle.restart(executor),
            None => {
                let name = self.names[place].to_string();
                let built = self.handle.create_node().name(name).init(move || first_task(id));
                self.nodes.borrow_mut()[place].executor = Some(built.build().id());
            }
        }
    }

    /// Ends a node's life, which must go on.
    pub(super) fn kill(&self, id: NodeId) {
        let place = usize::from(id.0);
        let (life, ports) = {
            let mut nodes = self.nodes.borrow_mut();
            let node = &mut nodes[place];
            node.pulse.set(false);
            node.paused_by = None;
            (node.life, std::mem::take(&mut node.ports))
        };
        self.record(id, &Event::Node(NodeEvent::NodeKilled { incarnation: life }));
        let before = self.disks.borrow()[place].used();
        let losses = self.disks.borrow_mut()[place].crash(self.now());
        self.account(self.disks.borrow()[place].used(), before);
        for (file, bytes) in losses {
            self.record(id, &Event::Node(NodeEvent::BytesLost { file, bytes }));
        }
        for port in ports.into_values() {
            self.clear(&port);
        }
        self.end_tasks(id);
    }

    /// Drops the tasks of a node at their next turn.
    fn end_tasks(&self, id: NodeId) {
        if let Some(executor) = self.nodes.borrow()[usize::from(id.0)].executor {
            // Tasks that stand still would otherwise be dropped at once, with locks held.
            self.handle.resume(executor);
            self.handle.kill(executor);
        }
    }

    /// Makes a node stand still.
    pub(super) fn pause(&self, id: NodeId, fault: usize) {
        let executor = {
            let node = &mut self.nodes.borrow_mut()[usize::from(id.0)];
            node.paused_by = Some(fault);
            node.executor.expect("a node that lives was started")
        };
        self.handle.pause(executor);
        self.record(id, &Event::Node(NodeEvent::NodePaused));
    }

    /// Lets a node go on if `fault` stopped it.
    pub(super) fn resume(&self, id: NodeId, fault: usize) {
        let executor = {
            let node = &mut self.nodes.borrow_mut()[usize::from(id.0)];
            if node.paused_by != Some(fault) {
                return;
            }
            node.paused_by = None;
            node.executor.expect("a node that stands still was started")
        };
        self.record(id, &Event::Node(NodeEvent::NodeResumed));
        self.handle.resume(executor);
    }

    /// Frees whatever still lives once the run is over.
    pub(super) fn shut_down(&self) {
        let count = self.names.len();
        for id in (0..count).map(|place| NodeId(place as u16)) {
            let ports = std::mem::take(&mut self.nodes.borrow_mut()[usize::from(id.0)].ports);
            ports.into_values().for_each(|port| self.clear(&port));
            self.end_tasks(id);
        }
        let queued = self.queue.borrow_mut().drain();
        let held = self.links.borrow_mut().take_held();
        drop((queued, held));
    }
}

/// What a node runs from its start. A node lives until it is killed, even with nothing to do.
async fn first_task(id: NodeId) {
    let world = WORLD.with(|world| world.borrow().upgrade());
    let world = world.expect("nodes run only while their world is there");
    let life = Life::current(world, id);
    let host = life.host();
    let booted = life.clone();
    guarded(life, Box::pin(async move { (booted.world().boot)(host).await })).await;
    pending::<()>().await;
}

/// Runs a task so that its panic ends the run with the node's name, instead of the executor.
pub(super) async fn guarded(life: Life, mut task: Task) {
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context)));
        polled.unwrap_or_else(|panic| {
            // What has been killed may stumble over the ports that refuse it.
            if life.is_alive() {
                let node = life.name();
                life.world().finish(End::Panicked { node, message: text(panic.as_ref()) });
            }
            Poll::Ready(())
        })
    })
    .await;
}

fn text(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a text".to_owned()
    }
}
