//! What the scratch files of a task cost: the traffic of its trees, paid at the node's disk.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::state::{LsmStore, Traffic};

/// The trees of a task. Shared by all operators of its chain.
#[derive(Default)]
pub struct ScratchTraffic {
    stores: RefCell<Vec<Arc<LsmStore>>>,
    paid: Cell<u64>,
}

impl ScratchTraffic {
    /// One more tree.
    pub(super) fn add(&self, store: Arc<LsmStore>) {
        self.stores.borrow_mut().push(store);
    }

    /// Takes the bytes that were read and written since the last call.
    pub fn take_unpaid(&self) -> u64 {
        let stores = self.stores.borrow();
        if stores.is_empty() {
            return 0;
        }
        let bytes = |store: &Arc<LsmStore>| {
            let Traffic { bytes_written, bytes_read } = store.traffic();
            bytes_written + bytes_read
        };
        let moved = stores.iter().map(bytes).sum();
        moved - self.paid.replace(moved)
    }
}
