//! Numbers, digests and keeps the events of a run.
//!
//! Every control event takes a step and enters the digest at every level, so that runs at
//! different levels can be compared. What the level keeps is gathered into blocks, each of which
//! is packed once it is full: memory is bounded by the packed size. In the steady state an event
//! costs one encoding into a reused buffer, one hash, and no allocation.
//!
//! Previous: whatever records through [`crate::host::Trace`]. Next: [`super::TraceFile`].

use super::format::{
    BlockInfo, BlockWriter, DIGEST_PREFIX, Digest, END, EntryAt, HeaderBody, MAGIC, SectionKind,
    TrailerBody, encode, write_section,
};
use super::recorded::Count;
use super::{Event, Header, Level, Recorded, Trailer};
use crate::base::{Incarnation, NodeId, SimTime, Step};

/// Sees each event that is kept, as it is kept. It may send it to another thread, and may block:
/// nothing of the run depends on when it returns.
pub type Observer = Box<dyn FnMut(&Recorded) + Send>;

/// See the module.
pub struct Recorder {
    level: Level,
    nodes: usize,
    count: Count,
    /// The chain of control events.
    digest: Digest,
    /// The chain of record events, as far as they are kept.
    records_digest: Digest,
    last: SimTime,
    /// Previous digest, envelope and encoding of the event at hand.
    scratch: Vec<u8>,
    keep: Option<Keep>,
    observer: Option<Observer>,
    judge: Option<Observer>,
}

/// What a recorder comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The chained digest of all control events, in hexadecimal.
    pub digest: String,
    /// How many control events there were.
    pub events: u64,
    /// The encoded trace, unless the level is off.
    pub bytes: Option<Vec<u8>>,
}

impl Recorder {
    /// Begins a trace of `level`, which the header is made to say too.
    pub fn new(mut header: Header, level: Level) -> Self {
        header.level = level;
        Self {
            level,
            nodes: header.nodes.len(),
            count: Count::default(),
            digest: Digest::default(),
            records_digest: Digest::default(),
            last: SimTime::ZERO,
            scratch: Vec::new(),
            keep: (level > Level::Off).then(|| Keep::new(&header)),
            observer: None,
            judge: None,
        }
    }

    /// Shows `observer` every event that is kept from now on.
    pub fn observe(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }

    /// Shows `judge` every control event from now on, at any level.
    pub fn judge_by(&mut self, judge: Observer) {
        self.judge = Some(judge);
    }

    /// The last step that was taken.
    pub fn step(&self) -> Step {
        Step(self.count.step)
    }

    /// The place of the last event that was taken in, below its step; 0 for a control event.
    pub fn sub(&self) -> u32 {
        self.count.sub
    }

    /// The digest so far, in hexadecimal.
    pub fn digest(&self) -> String {
        self.digest.to_string()
    }

    /// Takes an event in; returns its step, or the step that a record event follows.
    ///
    /// # Panics
    /// If the header does not name `node`.
    pub fn record(
        &mut self,
        at: SimTime,
        node: NodeId,
        incarnation: Incarnation,
        event: &Event,
    ) -> Step {
        assert!(usize::from(node.0) < self.nodes, "the header names no node {node}");
        let is_control = event.is_control();
        if !is_control && self.level < Level::Records {
            return self.step();
        }
        let chain = if is_control { &mut self.digest } else { &mut self.records_digest };
        chain.prefix(at, node, incarnation, &mut self.scratch);
        encode(event, &mut self.scratch);
        *chain = Digest::of(&self.scratch);
        let before = self.count;
        self.count = before.next(is_control);
        if is_control {
            self.last = at;
        }
        if let Some(judge) = self.judge.as_mut().filter(|_| is_control) {
            let (step, event) = (Step(self.count.step), event.clone());
            judge(&Recorded { step, sub: 0, at, node, incarnation, event });
        }
        if let Some(keep) = &mut self.keep {
            let encoded = &self.scratch[DIGEST_PREFIX..];
            keep.push(before, &EntryAt { at, node, incarnation }, encoded);
            if let Some(observer) = &mut self.observer {
                let Count { step, sub } = self.count;
                let event = event.clone();
                observer(&Recorded { step: Step(step), sub, at, node, incarnation, event });
            }
        }
        self.step()
    }

    /// Ends the trace; `end` says why.
    pub fn finish(self, end: &str) -> Finished {
        let digest = self.digest.to_string();
        let events = self.count.step;
        let bytes = self.keep.map(|keep| {
            let trailer = Trailer {
                end: end.to_owned(),
                events,
                kept: keep.kept,
                last_ns: self.last,
                digest: digest.clone(),
                records_digest: self.records_digest.to_string(),
            };
            keep.finish(trailer)
        });
        Finished { digest, events, bytes }
    }
}

/// The file as it grows.
struct Keep {
    out: Vec<u8>,
    blocks: Vec<BlockInfo>,
    open: BlockWriter,
    kept: u64,
}

impl Keep {
    fn new(header: &Header) -> Self {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&header.format_version.to_le_bytes());
        let body = HeaderBody::new(header);
        write_section(&mut out, SectionKind::Header, |out| encode(&body, out));
        Self { out, blocks: Vec::new(), open: BlockWriter::default(), kept: 0 }
    }

    fn push(&mut self, before: Count, head: &EntryAt, encoded: &[u8]) {
        self.open.push(before, head, encoded);
        self.kept += 1;
        if self.open.is_full() {
            self.blocks.extend(self.open.close(&mut self.out));
        }
    }

    fn finish(mut self, trailer: Trailer) -> Vec<u8> {
        self.blocks.extend(self.open.close(&mut self.out));
        let offset = self.out.len() as u64;
        let body = TrailerBody { trailer, blocks: self.blocks };
        write_section(&mut self.out, SectionKind::Trailer, |out| encode(&body, out));
        self.out.extend_from_slice(&offset.to_le_bytes());
        self.out.extend_from_slice(&END);
        self.out
    }
}
