//! Reads a window of a run into a diagram.
//!
//! Numbers on a channel begin anew with each attempt at either of its ends, so that what an earlier
//! attempt has sent is never taken for received by a later one.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use super::calls::Call;
use super::happening::Where;
use super::outside::Outside;
use super::{
    Carries, Cut, CutAt, End, Happening, Lane, Lanes, Message, Moment, Point, Process, Side,
    SpaceTime, Wanted,
};
use crate::base::{CheckpointId, Name, NodeId};
use crate::replay::{Job, Timeline, subtask_name};
use crate::trace::{CheckpointEvent, Event, ExchangeEvent, Recorded, RpcEvent};

/// A channel: its edge, and the processes at its ends.
type Channel = (u16, usize, usize);
/// How often the tasks at its ends have started.
type Epoch = (u32, u32);

/// A barrier of the checkpoint that is looked at.
#[derive(Clone, Copy)]
struct Mark {
    seq: u64,
    /// How many records it has overtaken that have yet to leave their producer.
    overtaken: u64,
}

/// Of a message in a channel, to put it in the channel's order.
struct InChannel {
    channel: Channel,
    epoch: Epoch,
    seq: u64,
    records: u64,
}

/// Where a subtask took its snapshot, and in which of its attempts.
#[derive(Clone, Copy)]
struct Snapshot {
    attempt: u32,
    when: Moment,
    /// How often the subtask had started in the window.
    start: u32,
}

struct Reader<'a> {
    timeline: &'a Timeline,
    wanted: &'a Wanted,
    diagram: SpaceTime,
    by_name: BTreeMap<Name, usize>,
    /// The node on which each process was last seen.
    nodes: Vec<Option<NodeId>>,
    /// How often each task has started in the window.
    starts: Vec<u32>,
    /// For each message, its place in its channel.
    places: Vec<Option<InChannel>>,
    /// What was sent on channels and not yet received.
    pending: BTreeMap<(Channel, u64), usize>,
    calls: BTreeMap<(Name, Name, Name, String), VecDeque<usize>>,
    marks: BTreeMap<(Channel, Epoch), Mark>,
    /// The snapshots of the checkpoint.
    cuts: BTreeMap<usize, Snapshot>,
    /// Tasks that had finished when it began.
    finished: Vec<usize>,
}

pub(super) fn read(timeline: &Timeline, wanted: &Wanted) -> SpaceTime {
    let len = timeline.len();
    let around = wanted.around.min(len);
    let window = around.saturating_sub(wanted.reach)..around.saturating_add(wanted.reach).min(len);
    let Some(job) = timeline.end().jobs.get(wanted.job) else { return SpaceTime::default() };
    let mut reader = Reader::new(timeline, wanted, job);
    for (event, recorded) in window.clone().zip(timeline.range(window.clone())) {
        reader.take(Moment { event, at: recorded.at }, &recorded);
    }
    reader.finish(&window)
}

/// The subtasks of a job, in the order in which data flows.
fn subtasks(job: &Job) -> Vec<Name> {
    match &job.plan {
        Ok(plan) => {
            let vertices = plan.execution.job.vertices.iter();
            let of = |uid: &str, count: u32| -> Vec<Name> {
                (0..count).map(|index| subtask_name(uid, index)).collect()
            };
            vertices.flat_map(|vertex| of(&vertex.uid, vertex.parallelism)).collect()
        }
        Err(_) => job.tasks.keys().cloned().collect(),
    }
}

impl<'a> Reader<'a> {
    fn new(timeline: &'a Timeline, wanted: &'a Wanted, job: &Job) -> Self {
        let header = timeline.header();
        let node_of = |name: &str| {
            let index = header.nodes.iter().position(|node| **node == *name)?;
            u16::try_from(index).ok().map(NodeId)
        };
        let coordinator = header.nodes.iter().find(|name| name.starts_with("jobmanager")).cloned();
        let coordinator: Name = coordinator.unwrap_or_else(|| "jobmanager".into());
        let here = timeline.world().jobs.get(wanted.job).unwrap_or(job);
        let mut names = vec![coordinator.clone()];
        names.extend(subtasks(job));
        let nodes: Vec<Option<NodeId>> = names
            .iter()
            .enumerate()
            .map(|(process, name)| match process {
                0 => node_of(&coordinator),
                _ => here.tasks.get(name)?.taskmanager.as_deref().and_then(node_of),
            })
            .collect();
        let lane_names = match wanted.lanes {
            Lanes::Subtasks => &names,
            Lanes::Nodes => &header.nodes,
        };
        let lanes = lane_names.iter().map(|name| Lane { name: name.clone() }).collect();
        let processes = names.iter().zip(&nodes).enumerate().map(|(process, (name, node))| {
            let lane = match wanted.lanes {
                Lanes::Subtasks => process,
                Lanes::Nodes => node.map_or(0, |node| usize::from(node.0)),
            };
            Process { name: name.clone(), lane }
        });
        let diagram = SpaceTime { lanes, processes: processes.collect(), ..SpaceTime::default() };
        let by_name = names.iter().cloned().enumerate().skip(1).map(|(i, name)| (name, i));
        Self {
            timeline,
            wanted,
            diagram,
            by_name: by_name.collect(),
            starts: vec![0; nodes.len()],
            nodes,
            places: Vec::new(),
            pending: BTreeMap::new(),
            calls: BTreeMap::new(),
            marks: BTreeMap::new(),
            cuts: BTreeMap::new(),
            finished: Vec::new(),
        }
    }

    fn take(&mut self, when: Moment, recorded: &Recorded) {
        match &recorded.event {
            Event::Checkpoint(event) => self.on_checkpoint(when, recorded, event),
            Event::Exchange(event) => self.on_exchange(when, recorded, event),
            Event::Rpc(event) if self.wanted.shown.has_calls() => {
                self.on_call(when, recorded, event);
            }
            // What these mean is said by `Happening::of`, which names them all.
            _ => {}
        }
        let Some((what, place)) = Happening::of(self.wanted.job, &recorded.event) else { return };
        match place {
            Where::Everywhere => self.diagram.points.push(Point { when, lane: None, what }),
            Where::Coordinator => self.point(when, 0, recorded.node, what),
            Where::Subtask(name) => {
                if let Some(process) = self.by_name.get(name).copied() {
                    if matches!(what, Happening::Started(_)) {
                        self.starts[process] += 1;
                        self.pending
                            .retain(|((_, from, to), _), _| *from != process && *to != process);
                    }
                    self.point(when, process, recorded.node, what);
                }
            }
            Where::Node => self.on_node(when, recorded.node, &what),
        }
    }

    /// What happens to a node happens to all that runs there.
    fn on_node(&mut self, when: Moment, node: NodeId, what: &Happening) {
        let lanes: Vec<usize> = match self.wanted.lanes {
            Lanes::Nodes => vec![usize::from(node.0)],
            Lanes::Subtasks => {
                let here = self.nodes.iter().enumerate().filter(|(_, at)| **at == Some(node));
                // That a node is up says nothing yet of the tasks that were there.
                here.map(|(lane, _)| lane)
                    .filter(|lane| *lane == 0 || *what != Happening::Up)
                    .collect()
            }
        };
        for lane in lanes.into_iter().filter(|lane| *lane < self.diagram.lanes.len()) {
            self.diagram.points.push(Point { when, lane: Some(lane), what: what.clone() });
        }
    }

    /// The lane of a process that was just seen on a node.
    fn lane(&mut self, process: usize, node: NodeId) -> usize {
        self.nodes[process] = Some(node);
        if self.wanted.lanes == Lanes::Nodes && usize::from(node.0) < self.diagram.lanes.len() {
            self.diagram.processes[process].lane = usize::from(node.0);
        }
        self.diagram.processes[process].lane
    }

    fn point(&mut self, when: Moment, process: usize, node: NodeId, what: Happening) {
        let lane = Some(self.lane(process, node));
        self.diagram.points.push(Point { when, lane, what });
    }

    fn on_checkpoint(&mut self, when: Moment, recorded: &Recorded, event: &CheckpointEvent) {
        if event.job() != self.wanted.job {
            return;
        }
        let chosen = self.wanted.checkpoint;
        match event {
            CheckpointEvent::CheckpointTriggered { checkpoint, finished, .. }
                if Some(*checkpoint) == chosen =>
            {
                let known = finished.iter().filter_map(|name| self.by_name.get(name));
                self.finished = known.copied().collect();
            }
            CheckpointEvent::SnapshotTaken { subtask, attempt, checkpoint, .. }
                if Some(*checkpoint) == chosen =>
            {
                let Some(process) = self.by_name.get(subtask) else { return };
                let taken = Snapshot { attempt: *attempt, when, start: self.starts[*process] };
                let known = self.cuts.entry(*process).or_insert(taken);
                // That of a later attempt is the one that counts.
                if known.attempt <= *attempt {
                    *known = taken;
                }
            }
            CheckpointEvent::BarrierSent { edge, from, to, checkpoint, seq, overtaken, .. } => {
                let Some(channel) = self.channel(*edge, from, to) else { return };
                self.mark(channel, *checkpoint, Mark { seq: *seq, overtaken: *overtaken });
                self.send(when, recorded, (channel, *seq), Carries::Barrier(*checkpoint));
            }
            CheckpointEvent::BarrierReceived { edge, from, to, checkpoint, seq, .. } => {
                let Some(channel) = self.channel(*edge, from, to) else { return };
                self.mark(channel, *checkpoint, Mark { seq: *seq, overtaken: 0 });
                self.receive(when, recorded, (channel, *seq), Carries::Barrier(*checkpoint));
            }
            // All others are points, or nothing that is shown.
            _ => {}
        }
    }

    fn on_exchange(&mut self, when: Moment, recorded: &Recorded, event: &ExchangeEvent) {
        if !self.wanted.shown.has_buffers() {
            return;
        }
        match event {
            ExchangeEvent::BufferSent { job, edge, from, to, seq, records, .. }
                if *job == self.wanted.job =>
            {
                let Some(channel) = self.channel(*edge, from, to) else { return };
                let carries = Carries::Buffer { seq: *seq, records: *records };
                self.send(when, recorded, (channel, *seq), carries);
            }
            ExchangeEvent::BufferConsumed { job, edge, from, to, seq, records }
                if *job == self.wanted.job =>
            {
                let Some(channel) = self.channel(*edge, from, to) else { return };
                let carries = Carries::Buffer { seq: *seq, records: *records };
                self.receive(when, recorded, (channel, *seq), carries);
            }
            // Of what passes in channels only buffers are shown.
            _ => {}
        }
    }

    fn channel(&self, edge: u16, from: &Name, to: &Name) -> Option<Channel> {
        Some((edge, *self.by_name.get(from)?, *self.by_name.get(to)?))
    }

    fn epoch(&self, (_, from, to): Channel) -> Epoch {
        (self.starts[from], self.starts[to])
    }

    /// What the sender says of a barrier is worth more than what the receiver says.
    fn mark(&mut self, channel: Channel, checkpoint: CheckpointId, mark: Mark) {
        if Some(checkpoint) == self.wanted.checkpoint {
            self.marks.entry((channel, self.epoch(channel))).or_insert(mark);
        }
    }

    fn add(&mut self, from: End, to: End, carries: Carries, place: Option<InChannel>) -> usize {
        self.diagram.messages.push(Message { from, to, carries, order: None, class: None });
        self.places.push(place);
        self.places.len() - 1
    }

    fn place(&self, (channel, seq): (Channel, u64), carries: Carries) -> InChannel {
        let records = match carries {
            Carries::Buffer { records, .. } => u64::from(records),
            Carries::Barrier(_)
            | Carries::Trigger(_)
            | Carries::Acknowledge(_)
            | Carries::Decline(_)
            | Carries::Complete(_)
            | Carries::Abort(_) => 0,
        };
        InChannel { channel, epoch: self.epoch(channel), seq, records }
    }

    /// An end of a message whose event this is.
    fn seen(&mut self, process: usize, node: NodeId, when: Moment) -> End {
        End { process, lane: self.lane(process, node), when: Some(when) }
    }

    /// An end of a message of which nothing is known yet.
    fn unseen(&self, process: usize) -> End {
        End { process, lane: self.diagram.processes[process].lane, when: None }
    }

    fn send(&mut self, when: Moment, by: &Recorded, key: (Channel, u64), carries: Carries) {
        let (_, from, to) = key.0;
        let place = self.place(key, carries);
        let (from, to) = (self.seen(from, by.node, when), self.unseen(to));
        let message = self.add(from, to, carries, Some(place));
        self.pending.insert(key, message);
    }

    fn receive(&mut self, when: Moment, by: &Recorded, key: (Channel, u64), carries: Carries) {
        let (_, from, to) = key.0;
        let to = self.seen(to, by.node, when);
        let sent = self.pending.remove(&key);
        let sent = sent.filter(|sent| self.diagram.messages[*sent].carries == carries);
        match sent {
            Some(sent) => self.diagram.messages[sent].to = to,
            None => {
                let (from, place) = (self.unseen(from), self.place(key, carries));
                self.add(from, to, carries, Some(place));
            }
        }
    }

    fn on_call(&mut self, when: Moment, recorded: &Recorded, event: &RpcEvent) {
        let here: Name = self.timeline.header().node_name(recorded.node).as_ref().into();
        match event {
            RpcEvent::RpcSent { from, to, message, about } => {
                let Some((call, task)) = self.call(message, about, from) else { return };
                let (sender, receiver) = call.ends(task);
                let from = self.seen(sender, recorded.node, when);
                let sent = self.add(from, self.unseen(receiver), call.carries, None);
                let key = (here, to.clone(), message.clone(), about.clone());
                self.calls.entry(key).or_default().push_back(sent);
            }
            RpcEvent::RpcReceived { by, from, message, about } => {
                let Some((call, task)) = self.call(message, about, by) else { return };
                let (sender, receiver) = call.ends(task);
                let to = self.seen(receiver, recorded.node, when);
                let key = (from.clone(), here, message.clone(), about.clone());
                match self.calls.get_mut(&key).and_then(VecDeque::pop_front) {
                    Some(sent) => self.diagram.messages[sent].to = to,
                    None => {
                        let from = self.unseen(sender);
                        self.add(from, to, call.carries, None);
                    }
                }
            }
            RpcEvent::ConnectionReset { .. }
            | RpcEvent::HeartbeatSent { .. }
            | RpcEvent::HeartbeatReceived { .. }
            | RpcEvent::HeartbeatTimedOut { .. } => {}
        }
    }

    /// A call about a checkpoint of the job, with its task. Another job's JobMaster is not heard.
    fn call<'b>(&self, message: &str, about: &'b str, by: &str) -> Option<(Call<'b>, usize)> {
        let call = Call::read(message, about)?;
        let master = format!("jobmaster-{}", self.wanted.job);
        let is_others = by.starts_with("jobmaster-") && by != master;
        let task = self.by_name.get(call.task).copied().filter(|_| !is_others)?;
        Some((call, task))
    }

    fn finish(mut self, window: &Range<usize>) -> SpaceTime {
        let Some(checkpoint) = self.wanted.checkpoint else { return self.diagram };
        let outside = Outside::new(self.timeline, self.wanted, checkpoint, window);
        let of = self.diagram.processes.iter().enumerate().map(|(process, known)| {
            match self.cuts.get(&process) {
                _ if process == 0 => CutAt::Unknown,
                Some(snapshot) => CutAt::At(snapshot.when),
                None if self.finished.contains(&process) => CutAt::Later,
                None => outside.of(&known.name),
            }
        });
        let cut = Cut { checkpoint, of: of.collect() };
        self.put_in_order(&cut);
        self.diagram.cut = Some(cut);
        self.diagram.classify();
        self.diagram
    }

    /// Says on which side of the barriers messages were given to their channels.
    fn put_in_order(&mut self, cut: &Cut) {
        for (message, place) in self.diagram.messages.iter_mut().zip(&self.places) {
            let Some(InChannel { channel, epoch, seq, records }) = place else { continue };
            message.order = match self.marks.get_mut(&(*channel, *epoch)) {
                Some(mark) if seq < &mark.seq => Some(Side::Before),
                Some(mark) if mark.overtaken > 0 && *records > 0 => {
                    mark.overtaken = mark.overtaken.saturating_sub(*records);
                    Some(Side::Before)
                }
                Some(_) => Some(Side::After),
                // The snapshot is taken and its barrier still waits behind what was given before.
                None => match (cut.of[channel.1], self.cuts.get(&channel.1)) {
                    (CutAt::At(_), Some(taken)) if taken.start == epoch.0 => Some(Side::Before),
                    (CutAt::At(_) | CutAt::Earlier | CutAt::Later | CutAt::Unknown, _) => None,
                },
            };
        }
    }
}
