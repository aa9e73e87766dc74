//! The events of a run, to be read anywhere in it.
//!
//! They stay packed, so that one takes some tens of bytes and not some hundreds, and are unpacked a
//! block at a time; the blocks that were read last are kept. A log can grow while it is read.
//!
//! Previous: [`super::TraceFile`], or an observer of a run. Next: [`crate::replay::Timeline`].

use std::collections::VecDeque;
use std::ops::{Deref, Range};
use std::sync::{Arc, Mutex, PoisonError};

use super::format::{BlockReader, BlockWriter, read_section};
use super::recorded::Count;
use super::{Recorded, TraceFile};

/// See the module.
#[derive(Debug, Default)]
pub struct EventLog {
    /// Where blocks are. Of a file it is all of it, header and trailer too.
    bytes: Vec<u8>,
    blocks: Vec<Block>,
    writer: BlockWriter,
    recent: Recent,
}

/// Where events are packed.
#[derive(Clone, Copy, Debug)]
struct Block {
    /// Where its section begins.
    offset: usize,
    /// The index of its first event.
    first: usize,
    /// The index after its last.
    end: usize,
}

/// Blocks as they are read, those last read at the back, each with its number.
#[derive(Debug, Default)]
struct Recent(Mutex<VecDeque<(usize, Arc<[Recorded]>)>>);

impl Clone for Recent {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Clone for EventLog {
    fn clone(&self) -> Self {
        let Self { bytes, blocks, writer, recent } = self;
        let (bytes, blocks, writer) = (bytes.clone(), blocks.clone(), writer.clone());
        Self { bytes, blocks, writer, recent: recent.clone() }
    }
}

impl EventLog {
    /// The most events of a block.
    const BLOCK: usize = 1024;
    /// How many blocks are kept unpacked: more than a screen has rows, each of which may show an
    /// event of another block.
    const RECENT: usize = 96;

    /// The events of a trace.
    pub fn of(file: TraceFile) -> Self {
        let (bytes, infos) = file.into_blocks();
        let mut end = 0;
        let blocks = infos.iter().map(|info| {
            let first = end;
            end += info.count as usize;
            let offset = usize::try_from(info.offset).expect("it was read from there");
            Block { offset, first, end }
        });
        let blocks = blocks.collect();
        Self { bytes, blocks, writer: BlockWriter::default(), recent: Recent::default() }
    }

    /// Adds events that happened after all others.
    pub fn extend(&mut self, events: &[Recorded]) {
        // In a block only the first event is numbered; the others follow.
        let follow =
            |a: &Recorded, b: &Recorded| Count::of(a).next(b.event.is_control()) == Count::of(b);
        for run in events.chunk_by(follow) {
            for block in run.chunks(Self::BLOCK) {
                self.push_block(block);
            }
        }
    }

    fn push_block(&mut self, events: &[Recorded]) {
        let first = self.len();
        self.blocks.push(Block { offset: self.bytes.len(), first, end: first + events.len() });
        events.iter().for_each(|recorded| self.writer.push_recorded(recorded));
        self.writer.close(&mut self.bytes);
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.blocks.last().map_or(0, |block| block.end)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// An event, if there is one of this index.
    pub fn get(&self, index: usize) -> Option<EventRef> {
        self.page(index)?.event(index)
    }

    /// The events of a range, as far as there are any, from either end.
    pub fn range(&self, range: Range<usize>) -> Events<'_> {
        let end = range.end.min(self.len());
        Events { log: self, left: range.start.min(end)..end, front: None, back: None }
    }

    /// How many events are like that, if all that are come first.
    pub fn partition_point(&self, is_like_that: impl Fn(&Recorded) -> bool) -> usize {
        let number = self.blocks.partition_point(|block| {
            self.page(block.end - 1)
                .is_some_and(|page| page.events.last().is_some_and(&is_like_that))
        });
        let Some(block) = self.blocks.get(number) else { return self.len() };
        let page = self.page(block.first);
        block.first + page.map_or(0, |page| page.events.partition_point(is_like_that))
    }

    /// What is unpacked together with an event.
    fn page(&self, index: usize) -> Option<Page> {
        let number = self.blocks.partition_point(|block| block.end <= index);
        let block = self.blocks.get(number)?;
        let mut recent = self.recent.0.lock().unwrap_or_else(PoisonError::into_inner);
        let events = match recent.iter().rposition(|(of, _)| *of == number) {
            Some(at) => recent.remove(at)?.1,
            None => self.unpack(block),
        };
        recent.push_back((number, Arc::clone(&events)));
        if recent.len() > Self::RECENT {
            recent.pop_front();
        }
        Some(Page { events, first: block.first })
    }

    fn unpack(&self, block: &Block) -> Arc<[Recorded]> {
        let checked = "it was checked as it was read, or packed here";
        let section = read_section(&self.bytes, block.offset).expect(checked);
        let (_, mut reader) = BlockReader::open(section.body).expect(checked);
        (block.first..block.end).map(|_| reader.next().expect(checked).expect(checked).0).collect()
    }
}

/// Events that were unpacked together.
#[derive(Clone, Debug)]
struct Page {
    events: Arc<[Recorded]>,
    /// The index of the first.
    first: usize,
}

impl Page {
    fn event(&self, index: usize) -> Option<EventRef> {
        let at = index.checked_sub(self.first).filter(|at| *at < self.events.len())?;
        Some(EventRef { events: Arc::clone(&self.events), at })
    }
}

/// An event of a log.
#[derive(Clone, Debug)]
pub struct EventRef {
    events: Arc<[Recorded]>,
    at: usize,
}

impl Deref for EventRef {
    type Target = Recorded;

    fn deref(&self) -> &Recorded {
        &self.events[self.at]
    }
}

/// Events in their order, from either end.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    log: &'a EventLog,
    left: Range<usize>,
    /// Where the next are taken from.
    front: Option<Page>,
    back: Option<Page>,
}

impl Events<'_> {
    /// An event, out of `page` if it is there, otherwise out of the one it is turned to.
    fn take(log: &EventLog, page: &mut Option<Page>, index: usize) -> Option<EventRef> {
        if let Some(event) = page.as_ref().and_then(|page| page.event(index)) {
            return Some(event);
        }
        *page = log.page(index);
        page.as_ref()?.event(index)
    }
}

impl Iterator for Events<'_> {
    type Item = EventRef;

    fn next(&mut self) -> Option<EventRef> {
        let index = self.left.next()?;
        Self::take(self.log, &mut self.front, index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<EventRef> {
        let index = self.left.nth(n)?;
        Self::take(self.log, &mut self.front, index)
    }
}

impl DoubleEndedIterator for Events<'_> {
    fn next_back(&mut self) -> Option<EventRef> {
        let index = self.left.next_back()?;
        Self::take(self.log, &mut self.back, index)
    }
}

impl ExactSizeIterator for Events<'_> {}
