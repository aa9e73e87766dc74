//! A value with the moment of its last update, and how such values are stored.
//!
//! The moment is stored only for state that has a time to live, as eight bytes before the value, so
//! that whoever merges files can judge an entry without knowing its type. A list begins with the
//! latest of its elements' moments.

use super::ttl::Ttl;
use crate::base::EventTime;
use crate::record::format::{FormatError, decode_prefix, encode_into, encoded_len};
use crate::record::{Data, shown, shown_list};

/// Elements that take no bytes are believed up to this number.
const MOST_EMPTY_ITEMS: usize = 1 << 20;

/// A value that is as old as that.
#[derive(Clone, Debug)]
pub(super) struct Stamped<V> {
    /// When it was last updated.
    pub updated: EventTime,
    /// The value.
    pub value: V,
}

impl<V> Stamped<V> {
    pub fn new(value: V, updated: EventTime) -> Self {
        Self { updated, value }
    }
}

/// Whether values are stored with their moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamps {
    /// They are.
    Stored,
    /// They are not, and count as updated at this moment.
    Absent(EventTime),
}

impl Stamps {
    pub fn of(ttl: Option<Ttl>) -> Self {
        if ttl.is_some() { Self::Stored } else { Self::Absent(EventTime(0)) }
    }
}

/// What a state keeps at one address.
pub(super) trait Stored: Clone + Send + 'static {
    /// Writes it behind what is in `bytes`.
    fn encode(&self, stamps: Stamps, bytes: &mut Vec<u8>) -> Result<(), FormatError>;
    /// Reads it.
    fn decode(bytes: &[u8], stamps: Stamps) -> Result<Self, FormatError>;
    /// How many bytes it takes.
    fn size(&self) -> usize;
    /// Removes what is expired; true if nothing is left.
    fn expire(&mut self, ttl: &Ttl, now: EventTime) -> bool;
    /// Shows it to a person, cut where it is long.
    fn show(&self) -> String;
}

fn damaged<T>(reason: &str) -> FormatError {
    let type_name = std::any::type_name::<T>().to_string();
    FormatError::Damaged { type_name, reason: reason.to_string() }
}

fn encode_stamp(updated: EventTime, stamps: Stamps, bytes: &mut Vec<u8>) {
    if stamps == Stamps::Stored {
        bytes.extend_from_slice(&updated.0.to_le_bytes());
    }
}

/// The moment that stored bytes begin with.
pub(super) fn decode_stamp(bytes: &[u8]) -> Result<(EventTime, &[u8]), FormatError> {
    let stamp = bytes.split_first_chunk();
    let (stamp, rest) = stamp.ok_or_else(|| damaged::<EventTime>("it ends too soon"))?;
    Ok((EventTime(i64::from_le_bytes(*stamp)), rest))
}

fn decode_one<V: Data>(bytes: &[u8], stamps: Stamps) -> Result<(Stamped<V>, &[u8]), FormatError> {
    let (updated, bytes) = match stamps {
        Stamps::Stored => decode_stamp(bytes)?,
        Stamps::Absent(moment) => (moment, bytes),
    };
    let (value, rest) = decode_prefix(bytes)?;
    Ok((Stamped { updated, value }, rest))
}

fn nothing_left<V>(rest: &[u8]) -> Result<(), FormatError> {
    match rest.len() {
        0 => Ok(()),
        count => {
            let type_name = std::any::type_name::<V>().to_string();
            Err(FormatError::LeftOver { count, type_name })
        }
    }
}

impl<V: Data> Stored for Stamped<V> {
    fn encode(&self, stamps: Stamps, bytes: &mut Vec<u8>) -> Result<(), FormatError> {
        encode_stamp(self.updated, stamps, bytes);
        encode_into(&self.value, bytes)
    }

    fn decode(bytes: &[u8], stamps: Stamps) -> Result<Self, FormatError> {
        let (value, rest) = decode_one(bytes, stamps)?;
        nothing_left::<V>(rest)?;
        Ok(value)
    }

    fn size(&self) -> usize {
        encoded_len(&self.value).unwrap_or(0)
    }

    fn expire(&mut self, ttl: &Ttl, now: EventTime) -> bool {
        ttl.is_expired(self.updated, now)
    }

    fn show(&self) -> String {
        shown(&self.value)
    }
}

impl<V: Data> Stored for Vec<Stamped<V>> {
    fn encode(&self, stamps: Stamps, bytes: &mut Vec<u8>) -> Result<(), FormatError> {
        let latest = self.iter().map(|item| item.updated).max().unwrap_or(EventTime::NONE);
        encode_stamp(latest, stamps, bytes);
        encode_into(&(self.len() as u64), bytes)?;
        self.iter().try_for_each(|item| item.encode(stamps, bytes))
    }

    fn decode(bytes: &[u8], stamps: Stamps) -> Result<Self, FormatError> {
        let bytes = match stamps {
            Stamps::Stored => decode_stamp(bytes)?.1,
            Stamps::Absent(_) => bytes,
        };
        let (count, mut bytes): (u64, _) = decode_prefix(bytes)?;
        let mut items = Vec::new();
        for _ in 0..count {
            let (item, rest) = decode_one(bytes, stamps)?;
            if rest.len() == bytes.len() && items.len() == MOST_EMPTY_ITEMS {
                return Err(damaged::<Self>("it has too many empty items"));
            }
            items.push(item);
            bytes = rest;
        }
        nothing_left::<Self>(bytes)?;
        Ok(items)
    }

    fn size(&self) -> usize {
        self.iter().map(|item| item.size() + size_of::<EventTime>()).sum()
    }

    fn expire(&mut self, ttl: &Ttl, now: EventTime) -> bool {
        self.retain(|item| !ttl.is_expired(item.updated, now));
        self.is_empty()
    }

    fn show(&self) -> String {
        shown_list(self.iter().map(|item| &item.value))
    }
}
