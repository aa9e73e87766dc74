//! The ports of one life of one node, other than the wire.
//!
//! Invariant: nothing that goes through here after the life has ended changes anything.
//! Previous: `host`. Next: `world` and its parts.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use xxhash_rust::xxh3::xxh3_64;

use super::expiring::Expiring;
use super::failing::Failing;
use super::node::guarded;
use super::sleep::Sleeping;
use super::world::World;
use crate::base::{EventTime, Incarnation, Name, NodeId, SimDuration, SimTime, StreamRng};
use crate::host::{
    self, Clock, Disk, DiskError, Host, InjectedFailure, Outside, Random, ReadRecords, Scratch,
    Signal, Sleep, Spawn, Task, Writer,
};
use crate::record::{Row, RowNumber};
use crate::sim::disk::DiskState;
use crate::trace::{Event, Level, RowRange, SinkEvent};

/// One life of one node.
#[derive(Clone)]
pub(super) struct Life {
    world: Rc<World>,
    pub(super) node: NodeId,
    pub(super) incarnation: Incarnation,
    pulse: Rc<Cell<bool>>,
}

impl Life {
    /// The life that `node` has now.
    pub(super) fn current(world: Rc<World>, node: NodeId) -> Self {
        let (incarnation, pulse) = {
            let nodes = world.nodes.borrow();
            let state = &nodes[usize::from(node.0)];
            (state.life, state.pulse.clone())
        };
        Self { world, node, incarnation, pulse }
    }

    /// Its ports.
    pub(super) fn host(&self) -> Host {
        let life = Rc::new(self.clone());
        Host {
            node: self.node,
            name: self.name(),
            clock: life.clone(),
            wire: life.clone(),
            disk: life.clone(),
            random: life.clone(),
            spawn: life.clone(),
            trace: life.clone(),
            scratch: life.clone(),
            outside: life,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        self.pulse.get()
    }

    pub(super) fn world(&self) -> &Rc<World> {
        &self.world
    }

    pub(super) fn name(&self) -> Name {
        self.world.names[self.place()].clone()
    }

    fn place(&self) -> usize {
        usize::from(self.node.0)
    }

    /// Tells, at level `records`, which rows a writer writes. Whether it lives to show them.
    fn announce(&self, writer: Writer<'_>, rows: &[Row]) -> bool {
        if host::Trace::level(self) >= Level::Records {
            let (sink, subtask) = (writer.sink.into(), writer.subtask.into());
            let written = SinkEvent::RowsWritten { sink, subtask, rows: rows.to_vec() };
            host::Trace::record(self, Event::Sink(written));
        }
        self.is_alive()
    }

    /// Makes rows visible, and tells of it: with the rows themselves if the sink is judged.
    fn show(&self, Writer { sink, subtask, attempt }: Writer<'_>, rows: Vec<Row>) {
        let (hash, count) = (hash_of(&rows), rows.len() as u32);
        let judged = self.world.options.judged.contains(sink);
        let numbers = numbers_of(&rows);
        // Without identities: a run may do without them, and its digest is the same.
        let plain = |row: &Row| Row { id: None, number: None, ..row.clone() };
        let shown = if judged { rows.iter().map(plain).collect() } else { Vec::new() };
        self.world.sinks.borrow_mut().entry(sink.to_owned()).or_default().extend(rows);
        let (sink, subtask) = (sink.into(), subtask.into());
        let visible =
            SinkEvent::RowsVisible { sink, subtask, attempt, rows: count, hash, numbers, shown };
        host::Trace::record(self, Event::Sink(visible));
    }

    /// Does something on the disk; the moment at which it is done is told as the deadline of a
    /// sleep that this node's clock does not end earlier.
    fn on_disk<T>(
        &self,
        work: impl FnOnce(&mut DiskState, SimTime) -> Result<(T, SimTime), DiskError>,
    ) -> Result<(T, SimTime), DiskError> {
        if !self.is_alive() {
            return Err(DiskError::Dead);
        }
        let now = self.world.now();
        let (before, after, result) = {
            let disk = &mut self.world.disks.borrow_mut()[self.place()];
            let before = disk.used();
            let result = work(disk, now);
            (before, disk.used(), result)
        };
        self.world.account(after, before);
        let (value, done) = result?;
        Ok((value, self.world.clocks.borrow()[self.place()].sleep_past(now, done)))
    }
}

impl Clock for Life {
    fn now(&self) -> SimTime {
        self.world.now()
    }

    fn processing_time(&self) -> EventTime {
        self.world.clocks.borrow()[self.place()].show(self.world.now())
    }

    fn sleep_until(&self, deadline: SimTime) -> Sleep {
        Box::pin(Sleeping::new(self.clone(), deadline))
    }
}

impl Scratch for Life {
    fn directory(&self) -> io::Result<PathBuf> {
        self.world.scratch.directory()
    }
}

impl Disk for Life {
    fn append(&self, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError> {
        Ok(self.on_disk(|disk, now| Ok(((), disk.append(now, path, bytes)?)))?.1)
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<SimTime, DiskError> {
        Ok(self.on_disk(|disk, now| Ok(((), disk.write(now, path, bytes)?)))?.1)
    }

    fn transfer(&self, bytes: u64) -> Result<SimTime, DiskError> {
        Ok(self.on_disk(|disk, now| Ok(((), disk.transfer_scratch(now, bytes)?)))?.1)
    }

    fn sync(&self, path: &str) -> Result<SimTime, DiskError> {
        Ok(self.on_disk(|disk, now| Ok(((), disk.sync(now, path)?)))?.1)
    }

    fn read(&self, path: &str) -> Result<(Vec<u8>, SimTime), DiskError> {
        self.on_disk(|disk, now| disk.read(now, path))
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        self.on_disk(|disk, now| disk.remove(path).map(|()| ((), now)))?;
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        self.on_disk(|disk, now| disk.rename(from, to).map(|()| ((), now)))?;
        Ok(())
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, DiskError> {
        Ok(self.on_disk(|disk, now| Ok((disk.list(prefix)?, now)))?.0)
    }
}

impl Random for Life {
    fn stream(&self, name: &str) -> StreamRng {
        // Another life draws other numbers, else a retry would repeat what led to the crash.
        let (node, life) = (&self.world.names[self.place()], self.incarnation);
        self.world.options.seed.stream(&format!("{name} of {node} {life}"))
    }
}

impl Spawn for Life {
    fn spawn(&self, task: Task) {
        if self.is_alive() {
            madsim::task::spawn_local(guarded(self.clone(), task));
        }
    }
}

impl host::Trace for Life {
    fn record(&self, event: Event) {
        if self.is_alive() {
            self.world.record(self.node, &event);
            self.world.settle();
        }
    }

    fn level(&self) -> Level {
        self.world.options.level
    }
}

impl Outside for Life {
    fn open(&self, writer: Writer<'_>) {
        if !self.is_alive() {
            return;
        }
        let Writer { sink, subtask, attempt } = writer;
        {
            let mut writers = self.world.writers.borrow_mut();
            let subtasks = writers.entry(sink.to_owned()).or_default();
            let current = subtasks.entry(subtask.to_owned()).or_default();
            *current = attempt.max(*current);
        }
        let opened =
            SinkEvent::WriterOpened { sink: sink.into(), subtask: subtask.into(), attempt };
        host::Trace::record(self, Event::Sink(opened));
    }

    fn publish(&self, writer: Writer<'_>, rows: Vec<Row>) {
        if rows.is_empty() {
            return;
        }
        let Writer { sink, subtask, attempt } = writer;
        let current = {
            let writers = self.world.writers.borrow();
            let current = writers.get(sink).and_then(|subtasks| subtasks.get(subtask));
            current.copied().unwrap_or_default()
        };
        if !self.world.options.fencing.admits(attempt, current) {
            let (sink, subtask, rows) = (sink.into(), subtask.into(), rows.len() as u32);
            let refused = SinkEvent::WriteRefused { sink, subtask, attempt, rows };
            return host::Trace::record(self, Event::Sink(refused));
        }
        if self.announce(writer, &rows) {
            self.show(writer, rows);
        }
    }

    fn reveal(&self, sink: &str, part: &str, rows: Vec<(u64, Row)>) {
        let key = (sink.to_owned(), part.to_owned());
        let next = self.world.revealed.borrow().get(&key).copied().unwrap_or_default();
        let Some(last) = rows.iter().map(|(offset, _)| *offset).rfind(|it| *it >= next) else {
            return;
        };
        let unseen = rows.into_iter().filter(|(offset, _)| *offset >= next);
        let rows: Vec<Row> = unseen.map(|(_, row)| row).collect();
        let writer = Writer { sink, subtask: part, attempt: 0 };
        if self.announce(writer, &rows) {
            self.world.revealed.borrow_mut().insert(key, last + 1);
            self.show(writer, rows);
        }
    }

    fn slowness(&self, subtask: &str) -> f64 {
        let slow = self.world.slow.borrow();
        slow.values().filter(|(of, _)| of == subtask).map(|(_, factor)| factor).product()
    }

    fn expect_failure(&self, subtask: &str, signal: Signal) -> Rc<Cell<Option<InjectedFailure>>> {
        let fails = Rc::new(Cell::new(None));
        let failing = Failing {
            node: self.node,
            pulse: self.pulse.clone(),
            fails: Rc::downgrade(&fails),
            signal,
        };
        let mut subtasks = self.world.failing.borrow_mut();
        let attempts = subtasks.entry(subtask.to_owned()).or_default();
        attempts.retain(Failing::is_alive);
        attempts.push(failing);
        fails
    }

    fn poisoned(&self, read: ReadRecords<'_>) -> Option<u64> {
        // Only what is read by the living is read.
        if self.is_alive() { self.world.poisoned(read) } else { None }
    }

    fn expect_expiry(&self, expire: &Rc<dyn Fn()>) {
        if self.is_alive() {
            let (pulse, expire) = (self.pulse.clone(), Rc::downgrade(expire));
            let service = Expiring { pulse, expire, told: VecDeque::new() };
            self.world.expiring.borrow_mut().insert(self.node, service);
        }
    }

    fn on_expired(&self, transactions: usize) {
        if self.is_alive() {
            self.world.on_expired(self.node, transactions);
        }
    }

    fn is_refusing(&self) -> bool {
        !self.world.locks.borrow()[self.place()].is_empty()
    }

    fn measure(&self, sink: &str, latency: SimDuration) {
        if !self.is_alive() {
            return;
        }
        let mut latencies = self.world.latencies.borrow_mut();
        match latencies.get_mut(sink) {
            Some(known) => known.push(latency),
            None => drop(latencies.insert(sink.to_owned(), vec![latency])),
        }
    }
}

/// Which rows these are, those in a row as one.
fn numbers_of(rows: &[Row]) -> Vec<RowRange> {
    let mut ranges: Vec<RowRange> = Vec::new();
    for number in rows.iter().filter_map(|row| row.number) {
        let behind = |it: &&mut RowRange| {
            let next = it.first.number + u64::from(it.rows);
            number == RowNumber { number: next, ..it.first }
        };
        match ranges.last_mut().filter(behind) {
            Some(range) => range.rows += 1,
            None => ranges.push(RowRange { first: number, rows: 1 }),
        }
    }
    ranges
}

/// The sum of the rows' hashes. Identities do not enter: a run may do without them.
fn hash_of(rows: &[Row]) -> u64 {
    let mut bytes = Vec::new();
    let mut sum = 0_u64;
    for row in rows {
        bytes.clear();
        bytes.extend_from_slice(row.kind.short().as_bytes());
        for field in &row.fields {
            bytes.extend_from_slice(&(field.len() as u64).to_le_bytes());
            bytes.extend_from_slice(field.as_bytes());
        }
        sum = sum.wrapping_add(xxh3_64(&bytes));
    }
    sum
}
