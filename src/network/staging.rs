//! Records on their way into buffers, per channel.
//!
//! Where a batch is dealt over several channels, each of its records is written once more, column by
//! column. That is what parallelism costs a record, so the loop over them does nothing else: what a
//! batch has no column of is not looked at, and room is made where a buffer begins: for as many
//! records as those before it had, since some channels fill their buffers and others never do.
//!
//! Invariants: a channel's records keep their order; a buffer is sent with the record that fills it,
//! so that buffers leave in the order in which they fill, however the records came in batches.
//!
//! Previous: the dealers ([`super::Deal`]). Next: [`super::ResultPartition`].

use std::rc::Rc;

use crate::base::EventTime;
use crate::operator::{Channels, Meter};
use crate::record::{Batch, Data, Failure, LatencyMarker, RecordId};

/// See the module.
pub struct Staging<T> {
    lanes: Vec<Lane<T>>,
    buffers: Buffers,
    /// Where the next latency markers go: in turn, so that every channel is measured.
    marked: usize,
}

impl<T: Data> Staging<T> {
    pub(super) fn new(channels: Box<dyn Channels>, full: usize, meter: Rc<Meter>) -> Self {
        let lanes = (0..channels.count()).map(|_| Lane::new()).collect();
        Self { lanes, buffers: Buffers { channels, meter, full }, marked: 0 }
    }

    pub(super) fn channels(&self) -> &dyn Channels {
        &*self.buffers.channels
    }

    /// How many channels there are.
    pub(super) fn count(&self) -> usize {
        self.lanes.len()
    }

    /// Stages a whole batch for a channel.
    pub fn append(&mut self, channel: usize, mut batch: Batch<T>) -> Result<(), Failure> {
        if self.lanes[channel].is_empty() && batch.len() * 2 >= self.buffers.full {
            self.buffers.send(channel, batch);
            return Ok(());
        }
        let markers = std::mem::take(&mut batch.markers);
        self.scatter(batch, |_, _| Ok(channel))?;
        self.carry_to(channel, markers);
        Ok(())
    }

    /// Stages each record of a batch for the channel that `choose` names, given its place in the
    /// batch and itself. Latency markers are carried by whoever deals.
    pub fn scatter(
        &mut self,
        batch: Batch<T>,
        choose: impl FnMut(usize, &T) -> Result<usize, Failure>,
    ) -> Result<(), Failure> {
        let Batch { values, timestamps, ids, hashes, markers: _ } = batch;
        self.each(values, choose, |lane, at| {
            if let Some(column) = &timestamps {
                lane.timestamps.put(at.to, column[at.from]);
            }
            if let Some(column) = &ids {
                lane.ids.put(at.to, column[at.from]);
            }
            if let Some(column) = &hashes {
                lane.hashes.put(at.to, column[at.from]);
            }
        })
    }

    /// The same for a batch with hashes whose channels are known: `routes` has them by place. The
    /// columns that such a batch usually has are written without asking for the others.
    pub(super) fn scatter_by_key(
        &mut self,
        batch: Batch<T>,
        routes: &[u16],
    ) -> Result<(), Failure> {
        let choose = |from: usize, _: &T| Ok(usize::from(routes[from]));
        let Batch { values, timestamps, ids, hashes, markers } = batch;
        match (timestamps, ids, hashes) {
            (None, None, Some(hashes)) => {
                self.each(values, choose, |lane, at| lane.hashes.put(at.to, hashes[at.from]))
            }
            (Some(timestamps), None, Some(hashes)) => self.each(values, choose, |lane, at| {
                lane.hashes.put(at.to, hashes[at.from]);
                lane.timestamps.put(at.to, timestamps[at.from]);
            }),
            (timestamps, ids, hashes) => {
                self.scatter(Batch { values, timestamps, ids, hashes, markers }, choose)
            }
        }
    }

    /// The loop of the functions above, which say how the columns beside the values are written.
    #[inline]
    fn each(
        &mut self,
        values: Vec<T>,
        mut choose: impl FnMut(usize, &T) -> Result<usize, Failure>,
        put: impl Fn(&mut Lane<T>, Move),
    ) -> Result<(), Failure> {
        let (lanes, buffers) = (self.lanes.as_mut_slice(), &self.buffers);
        let full = buffers.full;
        for (from, value) in values.into_iter().enumerate() {
            let channel = choose(from, &value)?;
            let lane = &mut lanes[channel];
            let to = lane.values.len();
            if to == 0 {
                buffers.begin(lane);
            }
            lane.values.push(value);
            put(lane, Move { from, to });
            if to + 1 >= full {
                buffers.send(channel, lane.take());
            }
        }
        Ok(())
    }

    /// Puts latency markers behind what is staged for the next channel in turn.
    pub(super) fn carry(&mut self, markers: Vec<LatencyMarker>) {
        if !markers.is_empty() {
            self.marked = (self.marked + 1) % self.lanes.len();
            self.carry_to(self.marked, markers);
        }
    }

    fn carry_to(&mut self, channel: usize, mut markers: Vec<LatencyMarker>) {
        if markers.is_empty() {
            return;
        }
        let lane = &mut self.lanes[channel];
        if lane.is_empty() {
            self.buffers.channels.staged();
        }
        lane.markers.append(&mut markers);
    }

    /// Sends whatever is staged.
    pub(super) fn send_all(&mut self) {
        for (channel, lane) in self.lanes.iter_mut().enumerate() {
            if !lane.is_empty() {
                self.buffers.send(channel, lane.take());
            }
        }
    }
}

/// From which place of a batch a record comes, and to which place of a lane it goes.
#[derive(Clone, Copy)]
struct Move {
    from: usize,
    to: usize,
}

/// How big buffers are, and where they go. What happens once a buffer is kept out of the loop over
/// records.
struct Buffers {
    channels: Box<dyn Channels>,
    meter: Rc<Meter>,
    /// How many records fill one.
    full: usize,
}

impl Buffers {
    /// Makes room for the records of a lane, of which the first has come.
    #[inline(never)]
    fn begin<T>(&self, lane: &mut Lane<T>) {
        lane.values.reserve(lane.expected);
        // If there are markers, they have told of themselves.
        if lane.markers.is_empty() {
            self.channels.staged();
        }
    }

    #[inline(never)]
    fn send<T: Data>(&self, channel: usize, batch: Batch<T>) {
        self.meter.count_out(batch.len());
        self.channels.add(channel, Box::new(batch));
    }
}

/// What is staged for one channel.
struct Lane<T> {
    values: Vec<T>,
    timestamps: Column<EventTime>,
    ids: Column<RecordId>,
    /// Of all records or, on an edge without keys, of none.
    hashes: Column<u32>,
    markers: Vec<LatencyMarker>,
    /// For how many records the next buffer has room at first.
    expected: usize,
}

/// For how many records the first buffer of a channel has room at first.
const FIRST_EXPECTED: usize = 16;

/// For how many records a buffer has room at first after one with so many, which had room for
/// `before` at first. One that was flushed early does not count for much.
fn expect(records: usize, before: usize) -> usize {
    records.max(before / 2)
}

impl<T> Lane<T> {
    fn new() -> Self {
        Self {
            values: Vec::new(),
            timestamps: Column::new(EventTime::NONE),
            ids: Column::new(RecordId::NONE),
            hashes: Column::new(0),
            markers: Vec::new(),
            expected: FIRST_EXPECTED,
        }
    }

    fn is_empty(&self) -> bool {
        self.values.is_empty() && self.markers.is_empty()
    }

    fn take(&mut self) -> Batch<T> {
        let records = self.values.len();
        self.expected = expect(records, self.expected);
        Batch {
            values: std::mem::take(&mut self.values),
            timestamps: self.timestamps.take(records),
            ids: self.ids.take(records),
            hashes: self.hashes.take(records),
            markers: std::mem::take(&mut self.markers),
        }
    }
}

/// A column of a lane. It is empty until a record has an entry in it, and from then on filled ahead
/// with blanks: a record without an entry has a blank, and nothing needs to be done about it.
struct Column<C> {
    cells: Vec<C>,
    blank: C,
    /// How far ahead it is filled at first.
    expected: usize,
}

impl<C: Copy> Column<C> {
    fn new(blank: C) -> Self {
        Self { cells: Vec::new(), blank, expected: FIRST_EXPECTED }
    }

    #[inline]
    fn put(&mut self, place: usize, cell: C) {
        match self.cells.get_mut(place) {
            Some(blank) => *blank = cell,
            None => self.put_ahead(place, cell),
        }
    }

    #[cold]
    fn put_ahead(&mut self, place: usize, cell: C) {
        // Twice as long each time, as a vector grows: entries come one by one.
        let length = (2 * place).max(place + 1).max(self.expected);
        self.cells.resize(length, self.blank);
        self.cells[place] = cell;
    }

    /// Takes the entries of so many records, if any of them has one.
    fn take(&mut self, records: usize) -> Option<Vec<C>> {
        if self.cells.is_empty() {
            return None;
        }
        self.expected = expect(records, self.expected);
        // It may also end before them, where the last ones have none.
        self.cells.resize(records, self.blank);
        Some(std::mem::take(&mut self.cells))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::record::{AnyBatch, Partitioning, StreamEvent, downcast};

    type Sent = Rc<RefCell<Vec<(usize, Batch<u32>)>>>;

    struct Recorded {
        count: usize,
        sent: Sent,
    }

    impl Channels for Recorded {
        fn count(&self) -> usize {
            self.count
        }
        fn edge(&self) -> u16 {
            0
        }
        fn max_parallelism(&self) -> u32 {
            128
        }
        fn partitioning(&self) -> Partitioning {
            Partitioning::Hash
        }
        fn add(&self, channel: usize, batch: Box<dyn AnyBatch>) {
            let batch = downcast(batch).expect("it is the type that was staged");
            self.sent.borrow_mut().push((channel, batch));
        }
        fn broadcast(&self, _event: StreamEvent) {}
        fn staged(&self) {}
    }

    /// A batch whose columns follow from its number.
    fn batch(number: u32) -> Batch<u32> {
        let values: Vec<u32> = (0..number % 23).map(|index| 100 * number + index).collect();
        let timestamps = values.iter().map(|value| EventTime(i64::from(*value)));
        let id = |value: &u32| RecordId { source: 0, split: 1, offset: u64::from(*value) };
        Batch {
            timestamps: number.is_multiple_of(2).then(|| timestamps.collect()),
            ids: number.is_multiple_of(3).then(|| values.iter().map(id).collect()),
            hashes: Some(values.iter().map(|value| value % 1009).collect()),
            values,
            markers: Vec::new(),
        }
    }

    fn route(value: u32, channels: usize) -> usize {
        (value.wrapping_mul(2_654_435_761) >> 16) as usize % channels
    }

    /// The buffers that come of staging one record after the other.
    fn one_by_one(channels: usize, full: usize) -> Vec<(usize, Batch<u32>)> {
        let mut lanes = vec![Batch::default(); channels];
        let mut sent = Vec::new();
        for batch in (0..200).map(batch) {
            for (index, &value) in batch.values.iter().enumerate() {
                let channel = route(value, channels);
                let lane: &mut Batch<u32> = &mut lanes[channel];
                lane.push(value, batch.timestamp(index), batch.id(index));
                lane.hashes.get_or_insert_default().push(value % 1009);
                if lane.len() == full {
                    sent.push((channel, lane.take()));
                }
            }
        }
        sent.extend(lanes.into_iter().enumerate().filter(|(_, lane)| !lane.is_empty()));
        sent
    }

    #[test]
    fn buffers_are_those_of_records_staged_one_by_one() {
        for (channels, full) in [(1, 64), (2, 64), (3, 1), (2, 16), (40, 64), (5, 1024)] {
            let sent = Sent::default();
            let recorded = Recorded { count: channels, sent: sent.clone() };
            let mut staging = Staging::<u32>::new(Box::new(recorded), full, Rc::default());
            for (number, batch) in (0..200).map(batch).enumerate() {
                let routes = batch.values.iter().map(|&value| route(value, channels));
                let staged = if number % 5 == 0 {
                    staging.scatter(batch, |_, &value| Ok(route(value, channels)))
                } else {
                    let routes: Vec<u16> = routes.map(|channel| channel as u16).collect();
                    staging.scatter_by_key(batch, &routes)
                };
                staged.expect("every record has a channel");
            }
            staging.send_all();
            let expected = one_by_one(channels, full);
            let is_like = format!("{expected:?}") == format!("{:?}", sent.borrow());
            assert!(is_like, "{channels} channels, {full} records a buffer");
        }
    }
}
