//! Whom a TaskExecutor belongs to: the ResourceManager, and the JobMasters that use its slots.
//!
//! Either is first asked to register the TaskExecutor, again and again with Flink's back-off,
//! and counts once it has answered. A retry is known by its connection's `generation`, so that
//! one that was set for an earlier connection does nothing.

use std::collections::BTreeMap;

use crate::base::JobId;
use crate::host::Address;
use crate::runtime::session::{JobMasterId, ResourceManagerId};

/// The way to the ResourceManager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResourceManagerConnection {
    /// It has not answered yet.
    Registering { tries: u32 },
    /// It knows this TaskExecutor.
    Registered(ResourceManagerId),
}

/// The way to a JobMaster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JobMasterConnection {
    pub(super) id: JobMasterId,
    pub(super) address: Address,
    /// Which connection of this TaskExecutor this is.
    pub(super) generation: u32,
    /// Registrations sent so far.
    pub(super) tries: u32,
    /// Whether it has answered.
    pub(super) registered: bool,
}

/// The JobMasters that use slots here, by job.
#[derive(Default)]
pub(super) struct JobTable {
    jobs: BTreeMap<JobId, JobMasterConnection>,
    generations: u32,
}

impl JobTable {
    pub(super) fn get(&self, job: JobId) -> Option<&JobMasterConnection> {
        self.jobs.get(&job)
    }

    pub(super) fn get_mut(&mut self, job: JobId) -> Option<&mut JobMasterConnection> {
        self.jobs.get_mut(&job)
    }

    /// The connection to this very life of a JobMaster.
    pub(super) fn current(&self, job: JobId, id: JobMasterId) -> Option<&JobMasterConnection> {
        self.jobs.get(&job).filter(|connection| connection.id == id)
    }

    /// Opens a connection, on which nothing was sent yet.
    pub(super) fn open(&mut self, job: JobId, id: JobMasterId, address: Address) {
        self.generations += 1;
        let generation = self.generations;
        let connection =
            JobMasterConnection { id, address, generation, tries: 0, registered: false };
        self.jobs.insert(job, connection);
    }

    pub(super) fn close(&mut self, job: JobId) -> Option<JobMasterConnection> {
        self.jobs.remove(&job)
    }

    /// The job whose JobMaster is at an address.
    pub(super) fn at(&self, address: Address) -> Option<JobId> {
        let found = self.jobs.iter().find(|(_, connection)| connection.address == address);
        found.map(|(&job, _)| job)
    }
}
