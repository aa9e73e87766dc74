//! One value per key and namespace.

use std::any::Any;

use super::export::{ExportRule, export_groups, left_of, write_address};
use super::{Common, CurrentNamespace, Export, Imported, StateTable, address_of};
use crate::record::format::{decode, decode_prefix};
use crate::record::{Key, KeyGroupRange};
use crate::state::heap_cells::HeapCells;
use crate::state::lsm::LsmCells;
use crate::state::scope::Scope;
use crate::state::stamped::Stored;
use crate::state::ttl::Ttl;
use crate::state::{Namespace, StateError};

/// Where the values are.
pub(in super::super) enum Cells<K, N, W> {
    Heap(HeapCells<K, N, W>),
    Lsm(LsmCells<W>),
}

/// See the module.
pub(in super::super) struct CellTable<K, N, W> {
    common: Common,
    namespace: CurrentNamespace<N>,
    cells: Cells<K, N, W>,
    address: Vec<u8>,
    /// An expired value that is seen a last time.
    pub parting: Option<W>,
}

impl<K: Key, N: Namespace, W: Stored> CellTable<K, N, W> {
    pub fn new(common: Common, cells: Cells<K, N, W>) -> Self {
        let namespace = CurrentNamespace::new();
        Self { common, namespace, cells, address: Vec::new(), parting: None }
    }

    pub fn set_namespace(&mut self, namespace: N) -> Result<(), StateError> {
        self.namespace.set(namespace)
    }

    /// The value of the current key and namespace, to read.
    #[inline]
    pub fn peek(&mut self, scope: &Scope<K>) -> Result<Option<&W>, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            Cells::Heap(cells) => {
                Ok(cells.get_mut(current.hash_code, &current.key, namespace).map(|value| &*value))
            }
            Cells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                cells.peek(address)
            }
        }
    }

    /// The value of the current key and namespace, to change.
    #[inline]
    pub fn change(&mut self, scope: &Scope<K>) -> Result<Option<&mut W>, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            Cells::Heap(cells) => Ok(cells.get_mut(current.hash_code, &current.key, namespace)),
            Cells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                cells.change(address)
            }
        }
    }

    /// The same, with what `make` makes if there is none.
    #[inline]
    pub fn change_or_insert(
        &mut self,
        scope: &Scope<K>,
        make: impl FnOnce() -> W,
    ) -> Result<&mut W, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            Cells::Heap(cells) => {
                Ok(cells.get_or_insert_with(current.hash_code, &current.key, namespace, make))
            }
            Cells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                cells.change_or_insert(address, make)
            }
        }
    }

    /// Puts a value for the current key and namespace.
    #[inline]
    pub fn put(&mut self, scope: &Scope<K>, value: W) -> Result<(), StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            Cells::Heap(cells) => {
                let mut value = Some(value);
                let (hash_code, key) = (current.hash_code, &current.key);
                let mut given = || value.take().expect("it is given once");
                let cell = cells.get_or_insert_with(hash_code, key, namespace, &mut given);
                if let Some(value) = value {
                    *cell = value;
                }
                Ok(())
            }
            Cells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                cells.put(address, value)
            }
        }
    }

    /// Takes the value of the current key and namespace out.
    pub fn remove(&mut self, scope: &Scope<K>) -> Result<Option<W>, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            Cells::Heap(cells) => Ok(cells.remove(current.hash_code, &current.key, namespace)),
            Cells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                cells.remove(address)
            }
        }
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
            Cells::Heap(cells) => {
                cells.clean(cleanup.entries, |value| value.expire(&ttl, scope.now));
            }
            // Its files are cleaned when they are merged.
            Cells::Lsm(_) => {}
        }
    }
}

impl<K: Key, N: Namespace, W: Stored> StateTable<K> for CellTable<K, N, W> {
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
            Cells::Heap(cells) => {
                let (mut address, mut bytes) = (Vec::new(), Vec::new());
                let mut outcome = Ok(());
                cells.visit(range, |group, key, namespace, value| {
                    if outcome.is_err() {
                        return;
                    }
                    address.clear();
                    bytes.clear();
                    outcome = write_address(&(key, namespace), &mut address).and_then(|()| {
                        match left_of(value, ttl, scope.now) {
                            None => return Ok(()),
                            Some(left) => left.encode(stamps, &mut bytes)?,
                        }
                        export(group, &address, &bytes)
                    });
                });
                outcome
            }
            Cells::Lsm(cells) => {
                let rule = ExportRule { stamps, ttl, now: scope.now };
                export_groups::<K, N, (), W>(cells, range, rule, export)
            }
        }
    }

    fn show(&mut self, scope: &Scope<K>) -> Result<Option<String>, StateError> {
        let current = scope.key(&self.common.name)?;
        let namespace = self.namespace.get(&self.common.name)?;
        match &mut self.cells {
            Cells::Heap(cells) => {
                let found = cells.get_mut(current.hash_code, &current.key, namespace);
                Ok(found.map(|value| value.show()))
            }
            Cells::Lsm(cells) => {
                let address = address_of(cells, current, &self.namespace, &mut self.address);
                cells.show(address)
            }
        }
    }

    fn enter(&mut self, namespace: &dyn Any) -> Result<(), StateError> {
        self.namespace.set_if_of_type(namespace)
    }

    fn import(&mut self, entry: Imported<'_>) -> Result<(), StateError> {
        let Imported { group, address, value, stamps } = entry;
        match &mut self.cells {
            Cells::Heap(cells) => {
                let (key, rest) = decode_prefix::<K>(address)?;
                let namespace: N = decode(rest)?;
                let value = W::decode(value, stamps)?;
                cells.get_or_insert_with(key.hash_code(), &key, &namespace, || value);
                Ok(())
            }
            Cells::Lsm(cells) => {
                cells.begin_address(group, &mut self.address);
                self.address.extend_from_slice(address);
                if stamps == self.common.stamps() {
                    return cells.put_bytes(&self.address, value);
                }
                let mut bytes = Vec::new();
                W::decode(value, stamps)?.encode(self.common.stamps(), &mut bytes)?;
                cells.put_bytes(&self.address, &bytes)
            }
        }
    }

    fn forget(&mut self) {
        match &mut self.cells {
            Cells::Heap(cells) => cells.clear(),
            Cells::Lsm(cells) => cells.forget(),
        }
    }

    fn write_back(&mut self) -> Result<(), StateError> {
        match &mut self.cells {
            Cells::Heap(_) => Ok(()),
            Cells::Lsm(cells) => cells.write_back(),
        }
    }

    fn clean_for_record(&mut self, scope: &Scope<K>) {
        self.clean(scope, true);
    }

    fn cached_bytes(&self) -> usize {
        match &self.cells {
            Cells::Heap(_) => 0,
            Cells::Lsm(cells) => cells.cached_bytes(),
        }
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}
