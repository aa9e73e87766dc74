//! From a table to a snapshot, in an order that does not tell which backend holds it.
//!
//! The `lsm` backend lists addresses in the order of their bytes, which is not that of keys; so the
//! entries of one key group at a time are sorted. Invariant: both backends export the same bytes in
//! the same order.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::Serialize;

use super::Export;
use crate::base::EventTime;
use crate::record::format::{decode, decode_prefix, encode_into};
use crate::record::{Key, KeyGroupRange};
use crate::state::lsm::LsmCells;
use crate::state::stamped::{Stamps, Stored};
use crate::state::ttl::Ttl;
use crate::state::{Namespace, StateError};

/// How values are exported.
#[derive(Clone, Copy)]
pub(super) struct ExportRule {
    pub stamps: Stamps,
    /// By which rule expired ones are left out.
    pub ttl: Option<Ttl>,
    pub now: EventTime,
}

/// What is left of a value when what is expired is left out; the value itself stays as it is.
pub(super) fn left_of<W: Stored>(
    value: &W,
    ttl: Option<Ttl>,
    now: EventTime,
) -> Option<Cow<'_, W>> {
    let Some(ttl) = ttl else { return Some(Cow::Borrowed(value)) };
    let mut left = value.clone();
    (!left.expire(&ttl, now)).then_some(Cow::Owned(left))
}

/// Writes the parts of an address.
pub(super) fn write_address(parts: &impl Serialize, bytes: &mut Vec<u8>) -> Result<(), StateError> {
    Ok(encode_into(parts, bytes)?)
}

/// An entry with what it is sorted by.
struct Entry<K, N, U> {
    key: K,
    namespace: N,
    user_key: U,
    address: Vec<u8>,
    value: Vec<u8>,
}

impl<K: Key, N: Namespace, U: Namespace> Entry<K, N, U> {
    fn read(address: &[u8], value: Vec<u8>) -> Result<Self, StateError> {
        let (key, rest) = decode_prefix(address)?;
        let (namespace, rest) = decode_prefix(rest)?;
        let user_key = decode(rest)?;
        Ok(Self { key, namespace, user_key, address: address.to_vec(), value })
    }

    fn order(&self, other: &Self) -> Ordering {
        let keys = self.key.compare(&other.key);
        let namespaces = || self.namespace.cmp(&other.namespace);
        keys.then_with(namespaces).then_with(|| self.user_key.cmp(&other.user_key))
    }
}

/// Exports the values of these key groups from a tree.
pub(super) fn export_groups<K: Key, N: Namespace, U: Namespace, W: Stored>(
    cells: &mut LsmCells<W>,
    range: KeyGroupRange,
    rule: ExportRule,
    export: &mut Export<'_>,
) -> Result<(), StateError> {
    let ExportRule { stamps, ttl, now } = rule;
    for group in range.start..=range.end {
        let mut entries = Vec::<Entry<K, N, U>>::new();
        cells.scan_group(group, |address, value| {
            let mut bytes = value.to_vec();
            if ttl.is_some() {
                let stored = W::decode(value, stamps)?;
                let Some(left) = left_of(&stored, ttl, now) else { return Ok(()) };
                bytes.clear();
                left.encode(stamps, &mut bytes)?;
            }
            entries.push(Entry::read(address, bytes)?);
            Ok(())
        })?;
        entries.sort_by(Entry::order);
        for entry in entries {
            export(group, &entry.address, &entry.value)?;
        }
    }
    Ok(())
}
