//! The bytes of a binary trace, described in `docs/trace-format.md`.
//!
//! A file is: magic, header section, block sections, trailer section, end. Every section says
//! how long it is and carries a checksum over all of itself, so that a reader learns of damage
//! before it believes anything, and never allocates more than the file could hold.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::recorded::Count;
use super::{Event, Header, Recorded, TraceError, Trailer};
use crate::base::{Incarnation, NodeId, SimTime, Step};

/// How a binary trace begins.
pub const MAGIC: [u8; 8] = *b"WEIRTRC\0";
/// How a binary trace ends, after the offset of its trailer section.
pub const END: [u8; 8] = *b"WEIREND\0";
/// After how many bytes of events a block is closed.
pub const BLOCK_BYTES: usize = 64 * 1024;

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SectionKind {
    Header,
    Block,
    Trailer,
}

impl SectionKind {
    fn tag(self) -> u8 {
        match self {
            Self::Header => b'H',
            Self::Block => b'B',
            Self::Trailer => b'T',
        }
    }

    fn of(tag: u8) -> Option<Self> {
        [Self::Header, Self::Block, Self::Trailer].into_iter().find(|kind| kind.tag() == tag)
    }
}

/// Tag, length of the body.
const SECTION_HEAD: usize = 1 + 4;
/// The checksum after the body.
const CHECKSUM: usize = 8;

/// Appends a section whose body `write` appends.
pub(super) fn write_section(
    out: &mut Vec<u8>,
    kind: SectionKind,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.push(kind.tag());
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = u32::try_from(out.len() - start - SECTION_HEAD);
    let length = length.expect("an event of 4 GiB does not fit into memory limits");
    out[start + 1..start + SECTION_HEAD].copy_from_slice(&length.to_le_bytes());
    let checksum = xxh3_64(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// A section of a file.
pub(super) struct Section<'a> {
    pub kind: SectionKind,
    pub body: &'a [u8],
    /// Where its body begins.
    pub body_at: usize,
    /// Where the next section begins.
    pub next: usize,
}

/// Reads the section at `offset` and checks that it is whole.
pub(super) fn read_section(bytes: &[u8], offset: usize) -> Result<Section<'_>, TraceError> {
    let rest = bytes.get(offset..).unwrap_or_default();
    let truncated = |expected: String| TraceError::Truncated { offset, expected };
    let damaged = |expected: &str| TraceError::Damaged { offset, expected: expected.into() };
    let Some(&tag) = rest.first() else {
        return Err(truncated("a section".into()));
    };
    let kind = SectionKind::of(tag).ok_or_else(|| damaged("a section (`H`, `B` or `T`)"))?;
    let Some(head) = rest.get(1..SECTION_HEAD) else {
        return Err(truncated("the length of a section".into()));
    };
    let length = u32::from_le_bytes(head.try_into().expect("four bytes were taken")) as usize;
    let end = SECTION_HEAD + length;
    let Some(stored) = rest.get(end..end + CHECKSUM) else {
        return Err(truncated(format!("a section of {length} bytes")));
    };
    let stored = u64::from_le_bytes(stored.try_into().expect("eight bytes were taken"));
    if stored != xxh3_64(&rest[..end]) {
        return Err(damaged("a section that fits its checksum"));
    }
    Ok(Section {
        kind,
        body: &rest[SECTION_HEAD..end],
        body_at: offset + SECTION_HEAD,
        next: offset + end + CHECKSUM,
    })
}

/// The body of the header section.
#[derive(Serialize, Deserialize)]
pub(super) struct HeaderBody {
    /// Of the event types.
    pub fingerprint: u64,
    /// As JSON, so that another version can still read it.
    pub header: String,
}

impl HeaderBody {
    pub fn new(header: &Header) -> Self {
        Self {
            fingerprint: super::kinds::fingerprint(),
            header: serde_json::to_string(header).expect("a header is plain data"),
        }
    }
}

/// What is known of a block without unpacking it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BlockInfo {
    /// Where its section begins.
    pub offset: u64,
    /// The place of the last event before it: step and sub.
    pub before_step: u64,
    pub before_sub: u32,
    /// When its first event happened.
    pub first_at: u64,
    /// How many events it holds.
    pub count: u32,
    /// How many bytes they take unpacked.
    pub raw_bytes: u32,
}

impl BlockInfo {
    pub fn before(&self) -> Count {
        Count { step: self.before_step, sub: self.before_sub }
    }
}

/// The body of the trailer section.
#[derive(Serialize, Deserialize)]
pub(super) struct TrailerBody {
    pub trailer: Trailer,
    pub blocks: Vec<BlockInfo>,
}

/// A growing buffer that is reused, so that encoding an event allocates nothing.
pub(super) struct Append<'a>(pub &'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Appends the encoding of `value`.
pub(super) fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    postcard::serialize_with_flavor(value, Append(out)).expect("a buffer in memory takes all");
}

/// Bytes before the event in what the digest covers: previous digest, time, node, incarnation.
pub(super) const DIGEST_PREFIX: usize = 16 + 8 + 2 + 4;

/// The chained digest: each link covers the previous one and one control event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest(u128);

impl Digest {
    /// Puts what precedes the event's encoding into `scratch`.
    pub fn prefix(
        self,
        at: SimTime,
        node: NodeId,
        incarnation: Incarnation,
        scratch: &mut Vec<u8>,
    ) {
        scratch.clear();
        scratch.extend_from_slice(&self.0.to_le_bytes());
        scratch.extend_from_slice(&at.0.to_le_bytes());
        scratch.extend_from_slice(&node.0.to_le_bytes());
        scratch.extend_from_slice(&incarnation.0.to_le_bytes());
    }

    /// The next link, over a prefix and the event's encoding.
    pub fn of(scratch: &[u8]) -> Self {
        Self(xxh3_128(scratch))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// What precedes each event within a block.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct EntryHead {
    /// Time since the previous event of the block, or since the block's first.
    pub delta: u64,
    pub node: NodeId,
    pub incarnation: Incarnation,
}

/// When and where an event happened.
pub(super) struct EntryAt {
    pub at: SimTime,
    pub node: NodeId,
    pub incarnation: Incarnation,
}

/// A block as it is filled. Its buffers are used again for the next.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockWriter {
    info: BlockInfo,
    /// The events, not packed.
    raw: Vec<u8>,
    last_at: SimTime,
    packed: Vec<u8>,
}

impl BlockWriter {
    /// Adds an event; `before` is the place of the one that came before it.
    pub fn push(&mut self, before: Count, head: &EntryAt, encoded: &[u8]) {
        self.begin_entry(before, head);
        self.raw.extend_from_slice(encoded);
    }

    /// Adds an event that is not encoded yet.
    pub fn push_recorded(&mut self, recorded: &Recorded) {
        let Recorded { at, node, incarnation, ref event, .. } = *recorded;
        self.begin_entry(Count::before(recorded), &EntryAt { at, node, incarnation });
        encode(event, &mut self.raw);
    }

    fn begin_entry(&mut self, before: Count, head: &EntryAt) {
        let EntryAt { at, node, incarnation } = *head;
        if self.info.count == 0 {
            self.info.before_step = before.step;
            self.info.before_sub = before.sub;
            self.info.first_at = at.0;
            self.last_at = at;
        }
        // Wrapping, so that the format does not depend on time never going back.
        let delta = at.0.wrapping_sub(self.last_at.0);
        self.last_at = at;
        encode(&EntryHead { delta, node, incarnation }, &mut self.raw);
        self.info.count += 1;
    }

    /// Whether a block of this size is large enough.
    pub fn is_full(&self) -> bool {
        self.raw.len() >= BLOCK_BYTES
    }

    /// Appends the block as a section, if it holds anything, and begins the next.
    pub fn close(&mut self, out: &mut Vec<u8>) -> Option<BlockInfo> {
        if self.info.count == 0 {
            return None;
        }
        let mut info = std::mem::take(&mut self.info);
        info.offset = out.len() as u64;
        info.raw_bytes = u32::try_from(self.raw.len())
            .expect("an event of 4 GiB does not fit into memory limits");
        self.packed.resize(lz4_flex::block::get_maximum_output_size(self.raw.len()), 0);
        let packed = lz4_flex::block::compress_into(&self.raw, &mut self.packed)
            .expect("the buffer is as large as packing can need");
        let packed = &self.packed[..packed];
        write_section(out, SectionKind::Block, |out| {
            encode(&info, out);
            out.extend_from_slice(packed);
        });
        self.raw.clear();
        Some(info)
    }
}

/// Takes the events out of an unpacked block, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct BlockReader {
    raw: Vec<u8>,
    position: usize,
    left: u32,
    count: Count,
    at: u64,
}

impl BlockReader {
    /// Unpacks a block.
    pub fn open(body: &[u8]) -> Option<(BlockInfo, Self)> {
        let (info, packed) = postcard::take_from_bytes::<BlockInfo>(body).ok()?;
        let raw_bytes = info.raw_bytes as usize;
        // No byte of an LZ4 block unpacks to more than 255.
        if raw_bytes > packed.len().saturating_mul(255).saturating_add(64) {
            return None;
        }
        let raw = lz4_flex::block::decompress(packed, raw_bytes).ok()?;
        if raw.len() != raw_bytes {
            return None;
        }
        let (count, at) = (info.before(), info.first_at);
        Some((info, Self { raw, position: 0, left: info.count, count, at }))
    }

    /// The next event and its encoding, nothing at the end of the block, an error if there is
    /// something else than an event.
    pub fn next(&mut self) -> postcard::Result<Option<(Recorded, &[u8])>> {
        if self.left == 0 {
            return if self.position == self.raw.len() {
                Ok(None)
            } else {
                Err(postcard::Error::DeserializeBadEncoding)
            };
        }
        let rest = &self.raw[self.position..];
        let (head, after_head) = postcard::take_from_bytes::<EntryHead>(rest)?;
        let (event, after) = postcard::take_from_bytes::<Event>(after_head)?;
        let encoded = &after_head[..after_head.len() - after.len()];
        self.position = self.raw.len() - after.len();
        self.left -= 1;
        self.at = self.at.wrapping_add(head.delta);
        self.count = self.count.next(event.is_control());
        let recorded = Recorded {
            step: Step(self.count.step),
            sub: self.count.sub,
            at: SimTime(self.at),
            node: head.node,
            incarnation: head.incarnation,
            event,
        };
        Ok(Some((recorded, encoded)))
    }
}
