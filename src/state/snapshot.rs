//! A snapshot of keyed state: by state and key group, the same bytes whichever backend it is of.
//!
//! Within a key group entries are in the order of keys, then namespaces, then user keys. An entry
//! is an address (these three, as the format writes them) and a value, each with its length before
//! it, so that a tool needs no type to find them; with the schemas of [`StateMeta`] it can show
//! them. Key groups are what rescaling moves: whoever restores takes those of its range, from as
//! many snapshots as it needs.
//!
//! Invariant: the digest of a key group does not depend on the order of its entries, and equals
//! that of any other place that has the same ones.
//!
//! Previous: the tables of a backend. Next: a checkpoint, and the tables of another one.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::{LsmManifest, StateKind};
use crate::record::format::{
    FormatError, Schema, decode_prefix, describe, describe_prefix, encode_into, from_document_as,
    to_document_as,
};
use crate::record::{KeyGroup, KeyGroupRange};

/// What a state is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateMeta {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: StateKind,
    /// Whether each value is stored behind the moment of its last update, in eight bytes.
    pub stamped: bool,
    /// The type of keys.
    pub key: Schema,
    /// The type of namespaces.
    pub namespace: Schema,
    /// The type of user keys, of map state.
    pub user_key: Option<Schema>,
    /// The type of values, of elements or of accumulators.
    pub value: Schema,
}

/// The entries of one key group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSnapshot {
    /// The key group.
    pub key_group: KeyGroup,
    /// How many entries there are.
    pub entries: u64,
    /// The sum of the entries' hashes.
    pub digest: u128,
    /// The entries.
    #[serde(with = "blob")]
    pub bytes: Vec<u8>,
}

/// The entries of one state. Key groups without any are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateSnapshot {
    /// What it is.
    pub meta: StateMeta,
    /// Its key groups, ascending.
    pub groups: Vec<GroupSnapshot>,
}

/// The state of a subtask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedSnapshot {
    /// Into how many groups keys are divided.
    pub max_parallelism: u32,
    /// How often state had been changed.
    pub state_version: u64,
    /// The states, by name.
    pub states: Vec<StateSnapshot>,
}

/// The type of snapshots, traced once.
static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::of::<KeyedSnapshot>);

/// A snapshot by the files that hold the state: the incremental form, of the `lsm` backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesSnapshot {
    /// Into how many groups keys are divided.
    pub max_parallelism: u32,
    /// How often state had been changed.
    pub state_version: u64,
    /// What the states are, by name.
    pub states: Vec<StateMeta>,
    /// The files.
    pub manifest: LsmManifest,
}

/// An entry as a tool shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedEntry {
    /// Its key group.
    pub key_group: KeyGroup,
    /// The key.
    pub key: String,
    /// The namespace.
    pub namespace: String,
    /// The user key, of map state.
    pub user_key: Option<String>,
    /// The value.
    pub value: String,
}

impl KeyedSnapshot {
    /// The snapshot as bytes that say what they are.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_document_as(&SCHEMA, self).expect("a snapshot is plain data")
    }

    /// The snapshot that these bytes are.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        from_document_as(&SCHEMA, bytes)
    }

    /// The state of this name.
    pub fn state(&self, name: &str) -> Option<&StateSnapshot> {
        self.states.iter().find(|state| state.meta.name == name)
    }

    /// How many bytes of entries there are.
    pub fn bytes(&self) -> u64 {
        self.states.iter().flat_map(|state| &state.groups).map(|it| it.bytes.len() as u64).sum()
    }
}

impl StateMeta {
    /// What is not the same in `other`, in words.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        if self.kind != other.kind {
            return Some(format!("it was {} state and is {} state", self.kind, other.kind));
        }
        let parts = [
            ("keys", Some(&self.key), Some(&other.key)),
            ("namespaces", Some(&self.namespace), Some(&other.namespace)),
            ("user keys", self.user_key.as_ref(), other.user_key.as_ref()),
            ("values", Some(&self.value), Some(&other.value)),
        ];
        parts.into_iter().find_map(|(part, was, is)| {
            let difference = was?.difference(is?)?;
            Some(format!("the type of its {part} has changed: {difference}"))
        })
    }

    /// The types in words.
    pub(super) fn types(&self) -> String {
        let mut text = format!("keys of {}, values of {}", self.key, self.value);
        if let Some(user_key) = &self.user_key {
            text.push_str(&format!(", user keys of {user_key}"));
        }
        if self.namespace.to_string() != "nothing" {
            text.push_str(&format!(", namespaces of {}", self.namespace));
        }
        text
    }
}

impl StateSnapshot {
    /// A state without entries.
    pub(super) fn empty(meta: StateMeta) -> Self {
        Self { meta, groups: Vec::new() }
    }

    /// Adds an entry behind all others.
    pub(super) fn push(
        &mut self,
        key_group: KeyGroup,
        address: &[u8],
        value: &[u8],
    ) -> Result<(), FormatError> {
        if self.groups.last().is_none_or(|last| last.key_group != key_group) {
            let bytes = Vec::new();
            self.groups.push(GroupSnapshot { key_group, entries: 0, digest: 0, bytes });
        }
        let group = self.groups.last_mut().expect("there is one now");
        let before = group.bytes.len();
        for part in [address, value] {
            encode_into(&(part.len() as u64), &mut group.bytes)?;
            group.bytes.extend_from_slice(part);
        }
        group.entries += 1;
        group.digest = group.digest.wrapping_add(xxh3_128(&group.bytes[before..]));
        Ok(())
    }

    /// The groups that lie in `range`.
    pub fn within(&self, range: KeyGroupRange) -> impl Iterator<Item = &GroupSnapshot> {
        self.groups.iter().filter(move |group| range.contains(group.key_group))
    }

    /// All entries as text.
    pub fn describe(&self) -> Result<Vec<DescribedEntry>, FormatError> {
        let mut described = Vec::new();
        for group in &self.groups {
            for entry in group.entries() {
                let (address, value) = entry?;
                let (key, rest) = describe_prefix(address, &self.meta.key)?;
                let (namespace, rest) = describe_prefix(rest, &self.meta.namespace)?;
                let user_key = self.meta.user_key.as_ref();
                let user_key = user_key.map(|schema| describe(rest, schema)).transpose()?;
                let value = self.describe_value(value)?;
                let key_group = group.key_group;
                described.push(DescribedEntry { key_group, key, namespace, user_key, value });
            }
        }
        Ok(described)
    }

    fn describe_value(&self, value: &[u8]) -> Result<String, FormatError> {
        let skip = if self.meta.stamped { 8 } else { 0 };
        let cut = |bytes| cut(bytes, skip);
        match self.meta.kind {
            StateKind::Value | StateKind::Map | StateKind::Reducing | StateKind::Aggregating => {
                describe(cut(value)?, &self.meta.value)
            }
            StateKind::List => {
                let (count, mut rest): (u64, _) = decode_prefix(cut(value)?)?;
                let mut items = Vec::new();
                while items.len() as u64 != count && (!rest.is_empty() || items.len() < 1000) {
                    let (item, behind) = describe_prefix(cut(rest)?, &self.meta.value)?;
                    items.push(item);
                    rest = behind;
                }
                Ok(format!("[{}]", items.join(", ")))
            }
        }
    }
}

fn cut(bytes: &[u8], count: usize) -> Result<&[u8], FormatError> {
    bytes.get(count..).ok_or_else(|| too_short("moment"))
}

fn too_short(type_name: &str) -> FormatError {
    let (type_name, reason) = (type_name.to_string(), "it ends too soon".to_string());
    FormatError::Damaged { type_name, reason }
}

impl GroupSnapshot {
    /// The entries: address and value.
    pub fn entries(&self) -> impl Iterator<Item = Result<(&[u8], &[u8]), FormatError>> {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let address = take_part(&mut rest);
            Some(address.and_then(|address| Ok((address, take_part(&mut rest)?))))
        })
        .scan(false, |failed, entry| {
            // After damage there is no telling where the next entry begins.
            let ends = std::mem::replace(failed, entry.is_err());
            (!ends).then_some(entry)
        })
    }
}

fn take_part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], FormatError> {
    let (len, bytes): (u64, &'a [u8]) = decode_prefix(rest)?;
    let len = usize::try_from(len).ok().filter(|len| *len <= bytes.len());
    let (part, behind) = bytes.split_at(len.ok_or_else(|| too_short("entry"))?);
    *rest = behind;
    Ok(part)
}

/// Bytes as bytes, and not one by one.
pub(crate) mod blob {
    use std::fmt;

    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_byte_buf(Blob)
    }

    struct Blob;

    impl Visitor<'_> for Blob {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }
    }
}
