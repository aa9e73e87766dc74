//! The write-ahead log of a broker: one sequence of entries for all its partitions and all its
//! transactional ids.
//!
//! An entry is framed by its length and a checksum. What a crash tears is at the end, so reading
//! stops at the first frame that is not whole and says how many bytes are left.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::partition::Batch;
use super::transactions::TransactionChange;
use crate::base::Name;
use crate::host::{ProducerIdentity, TopicPartition};
use crate::record::format::{decode, encode_into};
use crate::trace::TransactionResult;

/// Something that has changed, for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WalEntry {
    /// A producer without a transactional id was given out.
    ProducerGiven {
        /// Its number.
        id: u64,
    },
    /// Records were appended to a partition.
    Appended {
        /// The partition.
        to: TopicPartition,
        /// The records.
        batch: Batch,
    },
    /// The end of a transaction was marked in a partition.
    Marker {
        /// The partition.
        partition: TopicPartition,
        /// The producer, perhaps with a later epoch than that of its records.
        producer: ProducerIdentity,
        /// How the transaction ends.
        result: TransactionResult,
    },
    /// Something happened to a transactional id.
    Transaction {
        /// Which.
        transactional_id: Name,
        /// What.
        change: TransactionChange,
    },
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalContents {
    /// The entries that are whole, up to the first that is not.
    pub entries: Vec<WalEntry>,
    /// How many bytes they take.
    pub whole_bytes: usize,
    /// How many bytes are left behind them.
    pub torn_bytes: usize,
}

const LENGTH: usize = 4;
const HEAD: usize = LENGTH + 8;

/// Writes an entry behind what is in `bytes`.
pub fn append_frame(entry: &WalEntry, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEAD]);
    encode_into(entry, bytes).expect("entries consist of what the format can carry");
    let length = u32::try_from(bytes.len() - start - HEAD).expect("a batch is less than 4 GiB");
    let checksum = xxh3_64(&bytes[start + HEAD..]);
    bytes[start..start + LENGTH].copy_from_slice(&length.to_le_bytes());
    bytes[start + LENGTH..start + HEAD].copy_from_slice(&checksum.to_le_bytes());
}

/// Reads all entries up to the first that is torn or damaged.
pub fn read_frames(bytes: &[u8]) -> WalContents {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while let Some((entry, behind)) = read_frame(rest) {
        entries.push(entry);
        rest = behind;
    }
    WalContents { entries, whole_bytes: bytes.len() - rest.len(), torn_bytes: rest.len() }
}

fn read_frame(bytes: &[u8]) -> Option<(WalEntry, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    let (checksum, rest) = rest.split_first_chunk::<8>()?;
    let (payload, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    if xxh3_64(payload) != u64::from_le_bytes(*checksum) {
        return None;
    }
    Some((decode(payload).ok()?, rest))
}
