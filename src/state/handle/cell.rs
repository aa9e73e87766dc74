//! Reading and changing one value that may expire.

use super::super::scope::Scope;
use super::super::stamped::Stamped;
use super::super::table::CellTable;
use super::super::{Namespace, StateError};
use crate::record::{Data, Key};

/// The table of such values.
pub(super) type ValueTable<K, N, V> = CellTable<K, N, Stamped<V>>;

/// The value of the current key, if it can be seen. Reading may renew it, or remove it.
pub(super) fn read<'t, K: Key, N: Namespace, V: Data>(
    table: &'t mut ValueTable<K, N, V>,
    scope: &Scope<K>,
) -> Result<Option<&'t V>, StateError> {
    table.clean_for_access(scope);
    if let Some(ttl) = table.ttl() {
        let Some(updated) = table.peek(scope)?.map(|cell| cell.updated) else { return Ok(None) };
        if ttl.is_expired(updated, scope.now) {
            table.parting = table.remove(scope)?.filter(|_| ttl.returns_expired);
            return Ok(table.parting.as_ref().map(|cell| &cell.value));
        }
        if ttl.renews_on_read
            && let Some(cell) = table.change(scope)?
        {
            cell.updated = scope.now;
        }
    }
    Ok(table.peek(scope)?.map(|cell| &cell.value))
}

/// Makes the table ready for a change: what has expired and cannot be seen is gone, and the change
/// is counted.
pub(super) fn before_change<K: Key, N: Namespace, V: Data>(
    table: &mut ValueTable<K, N, V>,
    scope: &mut Scope<K>,
) -> Result<(), StateError> {
    table.clean_for_access(scope);
    if let Some(ttl) = table.ttl()
        && let Some(cell) = table.peek(scope)?
        && ttl.is_hidden(cell.updated, scope.now)
    {
        table.remove(scope)?;
    }
    scope.state_version += 1;
    Ok(())
}
