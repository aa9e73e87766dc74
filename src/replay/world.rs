//! Everything the trace says about one moment.

use super::{
    Database, Faults, Files, Jobs, Log, Messages, Nodes, Place, Resources, Sinks, Transactions,
};
use crate::base::{Name, NodeId, SimTime, Step};
use crate::trace::{Event, Header, Level, Recorded};

/// Whether an event changed what a drawing of the running jobs shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It did.
    Yes,
    /// Jobs, tasks, channels, sinks and nodes look as before, but what is around them does not: the
    /// log, the database, files, transactions, slots, messages, clocks or links.
    Around,
    /// Nothing does look different.
    No,
}

impl Seen {
    /// `Yes` if `value` differed from `new`, which it now is.
    pub(super) fn set<T: PartialEq>(value: &mut T, new: T) -> Self {
        if *value == new {
            Self::No
        } else {
            *value = new;
            Self::Yes
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match self {
            Self::Yes => Self::Yes,
            Self::Around if other == Self::No => Self::Around,
            Self::Around | Self::No => other,
        }
    }

    /// The same of a part of the world that is around the running jobs.
    pub(super) fn around(self) -> Self {
        match self {
            Self::Yes | Self::Around => Self::Around,
            Self::No => Self::No,
        }
    }
}

/// Everything the trace says about one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// How much the trace tells.
    pub level: Level,
    /// The last control event so far.
    pub step: Step,
    /// The last record event below it so far.
    pub sub: u32,
    /// When the last event happened.
    pub at: SimTime,
    /// Machines, processes and the links between them.
    pub nodes: Nodes,
    /// Remote procedure calls on their way.
    pub messages: Messages,
    /// TaskExecutors and slots.
    pub resources: Resources,
    /// Jobs with their tasks and channels.
    pub jobs: Jobs,
    /// What the outside world sees.
    pub sinks: Sinks,
    /// The transactions with which sinks write.
    pub transactions: Transactions,
    /// The transactional log.
    pub log: Log,
    /// The database.
    pub database: Database,
    /// Durable storage.
    pub files: Files,
    /// Faults that have struck and notes that were shown.
    pub faults: Faults,
}

impl World {
    /// The world before the first event of the run that `header` heads.
    pub fn new(header: &Header) -> Self {
        Self {
            level: header.level,
            step: Step(0),
            sub: 0,
            at: SimTime::ZERO,
            nodes: Nodes::new(&header.nodes),
            messages: Messages::default(),
            resources: Resources::default(),
            jobs: Jobs::default(),
            sinks: Sinks::default(),
            transactions: Transactions::default(),
            log: Log::default(),
            database: Database::default(),
            files: Files::default(),
            faults: Faults::default(),
        }
    }

    /// The world after `recorded`.
    pub fn apply(&mut self, recorded: &Recorded) -> Seen {
        self.step = recorded.step;
        self.sub = recorded.sub;
        self.at = recorded.at;
        let node = self.nodes.name(recorded.node);
        match &recorded.event {
            Event::Node(event) => {
                let lost = self.messages.on_node(&node, event).around();
                self.nodes.apply(recorded.node, event).or(lost)
            }
            Event::Fault(event) => self.faults.apply(recorded, event),
            Event::Rpc(event) => self.messages.apply(recorded, &node, event).around(),
            Event::Resource(event) => self.resources.apply(event).around(),
            Event::Job(event) => self.jobs.apply(event),
            Event::Task(event) => self.jobs.apply_task(recorded.at, event),
            Event::Exchange(event) => self.jobs.apply_exchange(recorded.at, event),
            Event::Record(event) => self.jobs.apply_record(event),
            Event::Time(event) => self.jobs.apply_time(event),
            Event::Window(event) => self.jobs.apply_window(recorded, event),
            Event::Timer(event) => self.jobs.apply_timer(Place::of(recorded), event),
            Event::State(event) => self.jobs.apply_state(Place::of(recorded), event),
            Event::Checkpoint(event) => self.jobs.apply_checkpoint(recorded.at, event),
            Event::Recovery(event) => self.jobs.apply_recovery(recorded.at, event),
            Event::Storage(event) => self.files.apply(recorded.at, event).around(),
            Event::Log(event) => self.log.apply(event).around(),
            Event::Database(event) => self.database.apply(recorded.at, event).around(),
            Event::Transaction(event) => self.transactions.apply(recorded.at, event).around(),
            Event::Sink(event) => self.sinks.apply(event),
        }
    }

    /// Where in the trace that is.
    pub fn place(&self) -> Place {
        Place { step: self.step, sub: self.sub }
    }

    /// Whether a record event happened since the last control event before this moment: what a
    /// step from one control event to the next brings.
    pub fn is_fresh(&self, event: Place) -> bool {
        let since = if self.sub == 0 { self.step.0.checked_sub(1) } else { Some(self.step.0) };
        event == self.place() || since == Some(event.step.0)
    }

    /// Whether buffers, records, windows and state are known, or the trace kept none of them.
    pub fn knows_records(&self) -> bool {
        self.level >= Level::Records
    }

    /// The name of a node, also of one that the trace's header does not know.
    pub fn node_name(&self, node: NodeId) -> Name {
        self.nodes.name(node)
    }
}
