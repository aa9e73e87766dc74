//! One value per key, namespace and user key.
//!
//! In memory the entries of a key are one ordered map; in the tree each has its own address, so that
//! a map may be larger than memory. Invariant: entries are shown in the order of user keys.

use std::any::Any;
use std::collections::BTreeMap;

use super::export::{ExportRule, export_groups, left_of, write_address};
use super::{Common, CurrentNamespace, Export, Imported, StateTable, address_of};
use crate::record::format::{decode, decode_prefix, encode_into};
use crate::record::{Data, Key, KeyGroupRange, shown_map};
use crate::state::heap_cells::HeapCells;
use crate::state::lsm::LsmCells;
use crate::state::scope::Scope;
use crate::state::stamped::{Stamped, Stored};
use crate::state::ttl::Ttl;
use crate::state::{Namespace, StateError};

/// Where the values are.
pub(in super::super) enum MapCells<K, N, U, V> {
    Heap(HeapCells<K, N, BTreeMap<U, Stamped<V>>>),
    Lsm(LsmCells<Stamped<V>>),
}

/// See the module.
pub(in super::super) struct MapTable<K, N, U, V> {
    common: Common,
    namespace: CurrentNamespace<N>,
    cells: MapCells<K, N, U, V>,
    address: Vec<u8>,
    /// An expired value that is seen a last time.
    pub parting: Option<Stamped<V>>,
}

impl<K: Key, N: Namespace, U: Namespace, V: Data> MapTable<K, N, U, V> {
    pub fn new(common: Common, cells: MapCells<K, N, U, V>) -> Self {
        let namespace = CurrentNamespace::new();
        Self { common, namespace, cells, address: Vec::new(), parting: None }
    }

    pub fn set_namespace(&mut self, namespace: N) -> Result<(), StateError> {
        self.namespace.set(namespace)
    }

    /// The value of a user key, to read.
    #[inline]
    pub fn peek(
        &mut self,
        scope: &Scope<K>,
        user_key: &U,
    ) -> Result<Option<&Stamped<V>>, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            MapCells::Heap(cells) => {
                let map = cells.get_mut(current.hash_code, &current.key, namespace);
                Ok(map.and_then(|map| map.get(user_key)))
            }
            MapCells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                encode_into(user_key, address)?;
                cells.peek(address)
            }
        }
    }

    /// The value of a user key, to change.
    #[inline]
    pub fn change(
        &mut self,
        scope: &Scope<K>,
        user_key: &U,
    ) -> Result<Option<&mut Stamped<V>>, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            MapCells::Heap(cells) => {
                let map = cells.get_mut(current.hash_code, &current.key, namespace);
                Ok(map.and_then(|map| map.get_mut(user_key)))
            }
            MapCells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                encode_into(user_key, address)?;
                cells.change(address)
            }
        }
    }

    /// Puts a value for a user key.
    pub fn put(
        &mut self,
        scope: &Scope<K>,
        user_key: U,
        value: Stamped<V>,
    ) -> Result<(), StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            MapCells::Heap(cells) => {
                let (hash_code, key) = (current.hash_code, &current.key);
                let map = cells.get_or_insert_with(hash_code, key, namespace, BTreeMap::new);
                map.insert(user_key, value);
                Ok(())
            }
            MapCells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                encode_into(&user_key, address)?;
                cells.put(address, value)
            }
        }
    }

    /// Takes the value of a user key out.
    pub fn remove(
        &mut self,
        scope: &Scope<K>,
        user_key: &U,
    ) -> Result<Option<Stamped<V>>, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            MapCells::Heap(cells) => {
                let (hash_code, key) = (current.hash_code, &current.key);
                let Some(map) = cells.get_mut(hash_code, key, namespace) else { return Ok(None) };
                let value = map.remove(user_key);
                if map.is_empty() {
                    cells.remove(hash_code, key, namespace);
                }
                Ok(value)
            }
            MapCells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                encode_into(user_key, address)?;
                cells.remove(address)
            }
        }
    }

    /// Shows the entries of the current key and namespace in the order of user keys.
    pub fn visit(
        &mut self,
        scope: &Scope<K>,
        mut visitor: impl FnMut(&U, &Stamped<V>),
    ) -> Result<(), StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            MapCells::Heap(cells) => {
                let map = cells.get_mut(current.hash_code, &current.key, namespace);
                for (user_key, value) in map.into_iter().flatten() {
                    visitor(user_key, value);
                }
            }
            MapCells::Lsm(cells) => {
                let beginning = address_of(cells, current, &self.namespace, &mut self.address);
                let mut entries = Vec::new();
                cells.scan(beginning, |address, value| {
                    entries.push((decode::<U>(&address[beginning.len()..])?, value));
                    Ok(())
                })?;
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                for (user_key, value) in &entries {
                    visitor(user_key, value);
                }
            }
        }
        Ok(())
    }

    /// Whether the current key and namespace have an entry for which `counts` holds.
    pub fn any(
        &mut self,
        scope: &Scope<K>,
        counts: impl Fn(&Stamped<V>) -> bool,
    ) -> Result<bool, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            MapCells::Heap(cells) => {
                let map = cells.get_mut(current.hash_code, &current.key, namespace);
                Ok(map.into_iter().flatten().any(|(_, value)| counts(value)))
            }
            MapCells::Lsm(cells) => {
                let beginning = address_of(cells, current, &self.namespace, &mut self.address);
                cells.any(beginning, counts)
            }
        }
    }

    /// Removes all entries of the current key and namespace.
    pub fn clear(&mut self, scope: &Scope<K>) -> Result<(), StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            MapCells::Heap(cells) => {
                cells.remove(current.hash_code, &current.key, namespace);
            }
            MapCells::Lsm(cells) => {
                let beginning = address_of(cells, current, &self.namespace, &mut self.address);
                let mut addresses = Vec::new();
                cells.scan_bytes(beginning, |address, _| {
                    addresses.push(address.to_vec());
                    Ok(())
                })?;
                for address in addresses {
                    cells.remove(&address)?;
                }
            }
        }
        Ok(())
    }

    /// By which rule its values expire.
    #[inline]
    pub fn ttl(&self) -> Option<Ttl> {
        self.common.ttl
    }

    /// Looks for expired values, as far as it is configured to with every access.
    #[inline]
    pub fn clean_for_access(&mut self, scope: &Scope<K>) {
        if self.common.ttl.is_some() {
            self.clean(scope, false);
        }
    }

    fn clean(&mut self, scope: &Scope<K>, for_record: bool) {
        let Some(ttl) = self.common.ttl else { return };
        let Some(cleanup) = ttl.cleanup.incremental else { return };
        if for_record && !cleanup.run_for_every_record {
            return;
        }
        match &mut self.cells {
            MapCells::Heap(cells) => cells.clean(cleanup.entries, |map| {
                map.retain(|_, value| !ttl.is_expired(value.updated, scope.now));
                map.is_empty()
            }),
            // Its files are cleaned when they are merged.
            MapCells::Lsm(_) => {}
        }
    }
}

impl<K: Key, N: Namespace, U: Namespace, V: Data> StateTable<K> for MapTable<K, N, U, V> {
    fn common(&self) -> &Common {
        &self.common
    }

    fn export(
        &mut self,
        range: KeyGroupRange,
        scope: &Scope<K>,
        export: &mut Export<'_>,
    ) -> Result<(), StateError> {
        let (stamps, ttl) = (self.common.stamps(), self.common.snapshot_ttl());
        match &mut self.cells {
            MapCells::Heap(cells) => {
                let (mut address, mut bytes) = (Vec::new(), Vec::new());
                let mut outcome = Ok(());
                cells.visit(range, |group, key, namespace, map| {
                    for (user_key, value) in map {
                        if outcome.is_err() {
                            return;
                        }
                        address.clear();
                        bytes.clear();
                        let parts = (key, namespace, user_key);
                        outcome = write_address(&parts, &mut address).and_then(|()| {
                            match left_of(value, ttl, scope.now) {
                                None => return Ok(()),
                                Some(left) => left.encode(stamps, &mut bytes)?,
                            }
                            export(group, &address, &bytes)
                        });
                    }
                });
                outcome
            }
            MapCells::Lsm(cells) => {
                let rule = ExportRule { stamps, ttl, now: scope.now };
                export_groups::<K, N, U, Stamped<V>>(cells, range, rule, export)
            }
        }
    }

    fn show(&mut self, scope: &Scope<K>) -> Result<Option<String>, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            MapCells::Heap(cells) => {
                let map = cells.get_mut(current.hash_code, &current.key, namespace);
                let map = map.filter(|map| !map.is_empty());
                Ok(map.map(|map| shown_map(map.iter().map(|(key, value)| (key, value.show())))))
            }
            MapCells::Lsm(cells) => {
                let beginning = address_of(cells, current, &self.namespace, &mut self.address);
                let mut shown = Vec::new();
                for (user_key, value) in cells.show_all(beginning)? {
                    shown.push((decode::<U>(&user_key)?, value));
                }
                shown.sort_by(|(a, _), (b, _)| a.cmp(b));
                Ok((!shown.is_empty()).then(|| shown_map(shown)))
            }
        }
    }

    fn enter(&mut self, namespace: &dyn Any) -> Result<(), StateError> {
        self.namespace.set_if_of_type(namespace)
    }

    fn import(&mut self, entry: Imported<'_>) -> Result<(), StateError> {
        let Imported { group, address, value, stamps } = entry;
        match &mut self.cells {
            MapCells::Heap(cells) => {
                let (key, rest) = decode_prefix::<K>(address)?;
                let (namespace, rest) = decode_prefix::<N>(rest)?;
                let (user_key, value) = (decode(rest)?, Stamped::decode(value, stamps)?);
                let hash_code = key.hash_code();
                let map = cells.get_or_insert_with(hash_code, &key, &namespace, BTreeMap::new);
                map.insert(user_key, value);
                Ok(())
            }
            MapCells::Lsm(cells) => {
                cells.begin_address(group, &mut self.address);
                self.address.extend_from_slice(address);
                if stamps == self.common.stamps() {
                    return cells.put_bytes(&self.address, value);
                }
                let mut bytes = Vec::new();
                Stamped::<V>::decode(value, stamps)?.encode(self.common.stamps(), &mut bytes)?;
                cells.put_bytes(&self.address, &bytes)
            }
        }
    }

    fn forget(&mut self) {
        match &mut self.cells {
            MapCells::Heap(cells) => cells.clear(),
            MapCells::Lsm(cells) => cells.forget(),
        }
    }

    fn write_back(&mut self) -> Result<(), StateError> {
        match &mut self.cells {
            MapCells::Heap(_) => Ok(()),
            MapCells::Lsm(cells) => cells.write_back(),
        }
    }

    fn clean_for_record(&mut self, scope: &Scope<K>) {
        self.clean(scope, true);
    }

    fn cached_bytes(&self) -> usize {
        match &self.cells {
            MapCells::Heap(_) => 0,
            MapCells::Lsm(cells) => cells.cached_bytes(),
        }
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}
