//! A whole trace, read back.
//!
//! Parsing checks everything, down to the last event and the digest, so that whoever iterates
//! afterwards meets no error. The events stay packed; an iterator unpacks one block at a time.
//!
//! Previous: [`super::Recorder`]. Next: the folds over a trace, [`super::render_line`],
//! [`super::Filter`].

use super::format::{
    BlockInfo, BlockReader, DIGEST_PREFIX, Digest, END, HeaderBody, MAGIC, Section, SectionKind,
    TrailerBody, read_section,
};
use super::header::FORMAT_VERSION;
use super::recorded::Count;
use super::{Header, Recorded, TraceError, Trailer, jsonl, kinds};
use crate::base::{SimTime, Step};

/// See the module.
#[derive(Clone, Debug)]
pub struct TraceFile {
    bytes: Vec<u8>,
    header: Header,
    trailer: Trailer,
    blocks: Vec<BlockInfo>,
}

impl TraceFile {
    /// Reads a trace, binary or JSON Lines.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, TraceError> {
        if bytes.starts_with(&MAGIC) {
            return parse_binary(bytes);
        }
        if bytes.first() == Some(&b'{') {
            return jsonl::parse(&bytes);
        }
        Err(TraceError::NotATrace)
    }

    /// What it is of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How it ends.
    pub fn trailer(&self) -> &Trailer {
        &self.trailer
    }

    /// How many events it holds.
    pub fn len(&self) -> usize {
        usize::try_from(self.trailer.kept).expect("every event was read while parsing")
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.trailer.kept == 0
    }

    /// Its bytes, in the binary format.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its bytes, and where its blocks are in them.
    pub(super) fn into_blocks(self) -> (Vec<u8>, Vec<BlockInfo>) {
        (self.bytes, self.blocks)
    }

    /// All events.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_block(0)
    }

    /// The events from `step` on.
    pub fn iter_from(&self, step: Step) -> Iter<'_> {
        let after = self.blocks.partition_point(|block| block.before_step < step.0);
        let mut iter = self.iter_block(after.saturating_sub(1));
        iter.advance_to(|event| event.step >= step);
        iter
    }

    /// The events from `at` on.
    pub fn iter_from_time(&self, at: SimTime) -> Iter<'_> {
        let after = self.blocks.partition_point(|block| block.first_at < at.0);
        let mut iter = self.iter_block(after.saturating_sub(1));
        iter.advance_to(|event| event.at >= at);
        iter
    }

    fn iter_block(&self, block: usize) -> Iter<'_> {
        Iter { file: self, next_block: block, reader: BlockReader::default(), peeked: None }
    }

    fn open_block(&self, block: usize) -> Option<BlockReader> {
        let info = self.blocks.get(block)?;
        let offset = usize::try_from(info.offset).expect("checked while parsing");
        let section = read_section(&self.bytes, offset).expect("checked while parsing");
        let (_, reader) = BlockReader::open(section.body).expect("checked while parsing");
        Some(reader)
    }
}

impl<'a> IntoIterator for &'a TraceFile {
    type Item = Recorded;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The events of a trace, in order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    file: &'a TraceFile,
    next_block: usize,
    reader: BlockReader,
    peeked: Option<Recorded>,
}

impl Iter<'_> {
    fn advance_to(&mut self, wanted: impl Fn(&Recorded) -> bool) {
        self.peeked = self.find(|event| wanted(event));
    }
}

impl Iterator for Iter<'_> {
    type Item = Recorded;

    fn next(&mut self) -> Option<Recorded> {
        if let Some(peeked) = self.peeked.take() {
            return Some(peeked);
        }
        loop {
            let next = self.reader.next().expect("every event was read while parsing");
            if let Some((recorded, _)) = next {
                return Some(recorded);
            }
            self.reader = self.file.open_block(self.next_block)?;
            self.next_block += 1;
        }
    }
}

fn damaged(offset: usize, expected: &str) -> TraceError {
    TraceError::Damaged { offset, expected: expected.into() }
}

fn parse_binary(bytes: Vec<u8>) -> Result<TraceFile, TraceError> {
    let (header, mut next) = parse_header(&bytes)?;
    let mut check = Check::new(&header);
    let mut blocks = Vec::new();
    loop {
        let offset = next;
        let section = read_section(&bytes, offset)?;
        next = section.next;
        match section.kind {
            SectionKind::Header => return Err(damaged(offset, "a block or the trailer")),
            SectionKind::Block => blocks.push(check.block(offset, &section)?),
            SectionKind::Trailer => {
                let trailer = check.trailer(&section, &blocks)?;
                check_end(&bytes, next, offset)?;
                return Ok(TraceFile { bytes, header, trailer, blocks });
            }
        }
    }
}

fn parse_header(bytes: &[u8]) -> Result<(Header, usize), TraceError> {
    let offset = MAGIC.len();
    let Some(version) = bytes.get(offset..offset + 2) else {
        return Err(TraceError::Truncated { offset, expected: "the format version".into() });
    };
    let found = u16::from_le_bytes(version.try_into().expect("two bytes were taken"));
    if found != FORMAT_VERSION {
        let found = found.into();
        return Err(TraceError::Version { found, expected: FORMAT_VERSION, offset });
    }
    let offset = offset + 2;
    let section = read_section(bytes, offset)?;
    if section.kind != SectionKind::Header {
        return Err(damaged(offset, "the header section (`H`)"));
    }
    let body = postcard::from_bytes::<HeaderBody>(section.body);
    let body = body.map_err(|_| damaged(section.body_at, "fingerprint and header"))?;
    let header = serde_json::from_str::<Header>(&body.header);
    let header = header.map_err(|_| damaged(section.body_at, "a header as JSON"))?;
    if header.format_version != FORMAT_VERSION {
        return Err(damaged(section.body_at, "the format version again"));
    }
    if body.fingerprint != kinds::fingerprint() {
        return Err(TraceError::OtherEvents { weir_version: header.weir_version });
    }
    Ok((header, section.next))
}

/// After the trailer section come its offset and the end mark, and nothing more.
fn check_end(bytes: &[u8], offset: usize, trailer_at: usize) -> Result<(), TraceError> {
    let mut expected = (trailer_at as u64).to_le_bytes().to_vec();
    expected.extend_from_slice(&END);
    let end = &bytes[offset..];
    if end == expected {
        Ok(())
    } else if expected.starts_with(end) {
        Err(TraceError::Truncated { offset, expected: "the end mark".into() })
    } else {
        Err(damaged(offset, "the trailer's offset, the end mark and nothing more"))
    }
}

/// What must hold from block to block.
struct Check {
    nodes: usize,
    level: super::Level,
    count: Count,
    digest: Digest,
    records_digest: Digest,
    last: SimTime,
    kept: u64,
    scratch: Vec<u8>,
}

impl Check {
    fn new(header: &Header) -> Self {
        Self {
            nodes: header.nodes.len(),
            level: header.level,
            count: Count::default(),
            digest: Digest::default(),
            records_digest: Digest::default(),
            last: SimTime::ZERO,
            kept: 0,
            scratch: Vec::with_capacity(DIGEST_PREFIX),
        }
    }

    fn block(&mut self, offset: usize, section: &Section<'_>) -> Result<BlockInfo, TraceError> {
        let (info, mut reader) = BlockReader::open(section.body)
            .ok_or_else(|| damaged(section.body_at, "a block that can be unpacked"))?;
        if info.offset != offset as u64 || info.before() != self.count || info.count == 0 {
            return Err(damaged(section.body_at, "the block that follows the one before"));
        }
        loop {
            let next = reader.next();
            let next = next.map_err(|_| damaged(section.body_at, "events of this version"))?;
            let Some((event, encoded)) = next else { return Ok(info) };
            if usize::from(event.node.0) >= self.nodes || event.event.level() > self.level {
                return Err(damaged(section.body_at, "events that fit the header"));
            }
            let is_control = event.event.is_control();
            let chain = if is_control { &mut self.digest } else { &mut self.records_digest };
            chain.prefix(event.at, event.node, event.incarnation, &mut self.scratch);
            self.scratch.extend_from_slice(encoded);
            *chain = Digest::of(&self.scratch);
            if is_control {
                self.last = event.at;
            }
            self.count = Count { step: event.step.0, sub: event.sub };
            self.kept += 1;
        }
    }

    fn trailer(&self, section: &Section<'_>, blocks: &[BlockInfo]) -> Result<Trailer, TraceError> {
        let body = postcard::from_bytes::<TrailerBody>(section.body);
        let body = body.map_err(|_| damaged(section.body_at, "a trailer"))?;
        let trailer = body.trailer;
        let fits = trailer.events == self.count.step
            && trailer.kept == self.kept
            && trailer.last_ns == self.last
            && trailer.digest == self.digest.to_string()
            && trailer.records_digest == self.records_digest.to_string()
            && body.blocks == blocks;
        if fits {
            Ok(trailer)
        } else {
            Err(damaged(section.body_at, "a trailer that fits the events"))
        }
    }
}
