//! The services outside the cluster that a node reaches.

use std::rc::Rc;

use super::{DatabaseAccess, DurableStorage, LogAccess};

/// See the module.
#[derive(Clone, Default)]
pub struct Services {
    /// Durable storage.
    pub storage: Option<Rc<dyn DurableStorage>>,
    /// The transactional log.
    pub log: Option<Rc<dyn LogAccess>>,
    /// The database.
    pub database: Option<Rc<dyn DatabaseAccess>>,
}
