//! The values of one registered state, whatever holds them.
//!
//! A [`CellTable`] has one value per key and namespace (value, list, reducing and aggregating
//! state), a [`MapTable`] has one per user key as well. Each is an enum of its two backends, so that
//! use of state costs no dynamic call but for finding the table. Who does not know the types (the
//! backend, when it takes a snapshot) sees a [`StateTable`].

mod cell;
mod export;
mod map;

pub(super) use cell::{CellTable, Cells};
pub(super) use map::{MapCells, MapTable};

use std::any::Any;
use std::sync::Arc;

use super::lsm::LsmCells;
use super::scope::{CurrentKey, Scope};
use super::snapshot::StateMeta;
use super::stamped::{Stamps, Stored};
use super::ttl::Ttl;
use super::{Namespace, StateError};
use crate::record::format::encode_into;
use crate::record::{KeyGroup, KeyGroupRange};

/// Takes what a table exports: a key group, an address within it, a value.
pub(super) type Export<'a> = dyn FnMut(KeyGroup, &[u8], &[u8]) -> Result<(), StateError> + 'a;

/// An entry on its way from a snapshot into a table.
#[derive(Clone, Copy)]
pub(super) struct Imported<'a> {
    pub group: KeyGroup,
    pub address: &'a [u8],
    pub value: &'a [u8],
    pub stamps: Stamps,
}

/// A table whose types are not known.
pub(super) trait StateTable<K>: Any + Send {
    /// What is common to all tables.
    fn common(&self) -> &Common;
    /// Shows all entries of these key groups, by group and then in the order of keys, namespaces
    /// and user keys.
    fn export(
        &mut self,
        range: KeyGroupRange,
        scope: &Scope<K>,
        export: &mut Export<'_>,
    ) -> Result<(), StateError>;
    /// What there is of the key at work, shown to a person.
    fn show(&mut self, scope: &Scope<K>) -> Result<Option<String>, StateError>;
    /// Works for a namespace from now on, if the table's namespaces are of that type.
    fn enter(&mut self, namespace: &dyn Any) -> Result<(), StateError>;
    /// Takes an entry in.
    fn import(&mut self, entry: Imported<'_>) -> Result<(), StateError>;
    /// Forgets everything that is in memory.
    fn forget(&mut self);
    /// Writes what is in a cache to the tree.
    fn write_back(&mut self) -> Result<(), StateError>;
    /// Looks for expired values, as far as it is configured to with every record.
    fn clean_for_record(&mut self, scope: &Scope<K>);
    /// How many bytes its cache holds.
    fn cached_bytes(&self) -> usize;
    /// The table itself.
    fn as_any(&mut self) -> &mut dyn Any;
}

/// What all tables have.
pub(super) struct Common {
    pub name: Arc<str>,
    pub meta: StateMeta,
    pub ttl: Option<Ttl>,
}

impl Common {
    /// How the table stores its values.
    pub fn stamps(&self) -> Stamps {
        Stamps::of(self.ttl)
    }

    /// The rule by which a snapshot leaves values out.
    fn snapshot_ttl(&self) -> Option<Ttl> {
        self.ttl.filter(Ttl::leaves_out_of_snapshots)
    }
}

/// The current namespace of a state.
struct CurrentNamespace<N> {
    namespace: Option<N>,
    /// The namespace as the format writes it.
    bytes: Vec<u8>,
}

impl<N: Namespace> CurrentNamespace<N> {
    /// No namespace yet, unless there is only one. That one takes no bytes.
    fn new() -> Self {
        Self { namespace: super::namespace::only(), bytes: Vec::new() }
    }

    fn set(&mut self, namespace: N) -> Result<(), StateError> {
        self.bytes.clear();
        encode_into(&namespace, &mut self.bytes)?;
        self.namespace = Some(namespace);
        Ok(())
    }

    fn set_if_of_type(&mut self, namespace: &dyn Any) -> Result<(), StateError> {
        namespace.downcast_ref::<N>().map_or(Ok(()), |namespace| self.set(namespace.clone()))
    }

    #[inline]
    fn get(&self, state: &str) -> Result<&N, StateError> {
        self.namespace.as_ref().ok_or_else(|| StateError::NoNamespace(state.to_string()))
    }
}

/// Makes the address of the value of a key and namespace, or what those of its entries begin with.
#[inline]
fn address_of<'a, K, N, W: Stored>(
    cells: &LsmCells<W>,
    current: &CurrentKey<K>,
    namespace: &CurrentNamespace<N>,
    address: &'a mut Vec<u8>,
) -> &'a mut Vec<u8> {
    cells.begin_address(current.group, address);
    address.extend_from_slice(&current.bytes);
    address.extend_from_slice(&namespace.bytes);
    address
}
