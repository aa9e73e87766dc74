//! Entries one behind the other in a file.
//!
//! An entry is framed by its length and a checksum. What a crash tears is at the end, so reading
//! stops at the first frame that is not whole and says how many bytes are left.

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

use super::format::{decode, encode_into};

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames<E> {
    /// The entries that are whole, up to the first that is not.
    pub entries: Vec<E>,
    /// How many bytes they take.
    pub whole_bytes: usize,
    /// How many bytes are left behind them.
    pub torn_bytes: usize,
}

const LENGTH: usize = 4;
const HEAD: usize = LENGTH + 8;

/// Writes an entry behind what is in `bytes`.
pub fn append_frame<E: Serialize>(entry: &E, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEAD]);
    encode_into(entry, bytes).expect("entries consist of what the format can carry");
    let length = u32::try_from(bytes.len() - start - HEAD).expect("an entry is less than 4 GiB");
    let checksum = xxh3_64(&bytes[start + HEAD..]);
    bytes[start..start + LENGTH].copy_from_slice(&length.to_le_bytes());
    bytes[start + LENGTH..start + HEAD].copy_from_slice(&checksum.to_le_bytes());
}

/// Reads all entries up to the first that is torn or damaged.
pub fn read_frames<E: DeserializeOwned>(bytes: &[u8]) -> Frames<E> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while let Some((entry, behind)) = read_frame(rest) {
        entries.push(entry);
        rest = behind;
    }
    Frames { entries, whole_bytes: bytes.len() - rest.len(), torn_bytes: rest.len() }
}

fn read_frame<E: DeserializeOwned>(bytes: &[u8]) -> Option<(E, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    let (checksum, rest) = rest.split_first_chunk::<8>()?;
    let (payload, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    if xxh3_64(payload) != u64::from_le_bytes(*checksum) {
        return None;
    }
    Some((decode(payload).ok()?, rest))
}
