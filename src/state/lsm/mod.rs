//! The `lsm` backend: state serialized in a log-structured merge tree, behind a cache of objects.
//!
//! | file | what it is |
//! |---|---|
//! | [`store`] | the tree in its directory: addresses and values as bytes |
//! | `cache` | decoded values, written back when they leave it |
//! | `cells` | the values of one registered state |
//! | [`table`] | one value per key, for operators that are generic over their store |
//! | `expiry` | leaves expired values out when files are merged |
//! | [`manifest`] | which files a snapshot consists of |
//!
//! An address is the key group, big-endian, then the number of the state, then key, namespace and
//! (of a map) user key as the format writes them. So everything of a key group lies together, and
//! no address is the beginning of another of the same state. Invariant: what is not in the cache is
//! in the tree as it was last changed; what is in the cache and not *dirty* is in the tree as well.

mod cache;
mod cells;
mod expiry;
pub mod manifest;
pub mod store;
pub mod table;

pub(super) use cells::LsmCells;
pub use manifest::{LsmManifest, StateFile};
pub use store::{LsmOptions, LsmStore, Traffic};
pub use table::LsmTable;

use crate::record::KeyGroup;

/// What an address of a state in a key group begins with.
fn prefix(group: KeyGroup, state: u16) -> [u8; PREFIX] {
    let ([a, b], [c, d]) = (group.to_be_bytes(), state.to_be_bytes());
    [a, b, c, d]
}

/// The length of that.
const PREFIX: usize = 4;
