//! What each kind of node runs: its components, each in a shell.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::broker::{Broker, BrokerAction, BrokerOptions, BrokerReport};
use super::client::{Client, JobResult, Submission};
use super::database::{Database, DatabaseAction, DatabaseClient, DatabaseHandle, DatabaseOptions};
use super::dispatcher::{Dispatcher, StartJobMaster};
use super::job_master::{JobMaster, JobMasterAction, JobMasterReport};
use super::log_client::{LogClient, LogHandle};
use super::options::RuntimeOptions;
use super::ports;
use super::resource_manager::ResourceManager;
use super::shell::Shell;
use super::storage_client::{Answered, StorageClient, StorageHandle};
use super::storage_server::{StorageAction, StorageServer};
use super::task_executor::{TaskAction, TaskExecutor, TaskReport};
use crate::base::AttemptId;
use crate::database::TableError;
use crate::host::{Address, DatabaseAccess, DurableStorage, Host, LogAccess, Services, Task};
use crate::task::{self, TaskDescriptor, TaskHandle, TaskUpdate};

/// How a TaskExecutor starts tasks.
pub trait TaskRunner {
    /// Starts a task on `host`. Updates end with exactly one of `Finished`, `Canceled`, `Failed`.
    fn start(
        &self,
        host: &Host,
        descriptor: TaskDescriptor,
        services: Services,
        on_update: Box<dyn Fn(TaskUpdate)>,
    ) -> TaskHandle;
}

/// Runs tasks for real.
pub struct StreamTaskRunner;

impl TaskRunner for StreamTaskRunner {
    fn start(
        &self,
        host: &Host,
        descriptor: TaskDescriptor,
        services: Services,
        on_update: Box<dyn Fn(TaskUpdate)>,
    ) -> TaskHandle {
        task::start(host, descriptor, services, on_update)
    }
}

/// A JobManager's process: Dispatcher, ResourceManager, and a JobMaster for each job.
pub fn jobmanager(host: Host, options: RuntimeOptions) -> Task {
    Box::pin(async move {
        let nodes = || options.nodes.clone();
        let resource_manager = ResourceManager::new(options.clone(), host.clock.now());
        let resource_manager = Shell::new(host.clone(), nodes(), resource_manager);
        host.spawn.spawn(Box::pin(resource_manager.run(|action| match action {})));

        let dispatcher = Shell::new(host.clone(), nodes(), Dispatcher::new(options.clone()));
        let storage = storage_client(&host, &options);
        let start = |StartJobMaster { job, id, payload }| {
            let job_master = JobMaster::new(options.clone(), job, id, payload);
            let job_master = Shell::new(host.clone(), nodes(), job_master);
            let (reports, clock) = (job_master.reports(), host.clock.clone());
            let storage = storage.clone();
            let act = move |action| match action {
                JobMasterAction::ReadClock => {
                    reports.push(JobMasterReport::Clock(clock.processing_time().0));
                }
                JobMasterAction::Store { checkpoint, path, contents } => {
                    let reports = reports.clone();
                    let done =
                        move |result| reports.push(JobMasterReport::Stored(checkpoint, result));
                    if let Some(storage) = &storage {
                        storage.put(&path, contents, Box::new(done));
                    }
                }
                JobMasterAction::Delete { path } => {
                    if let Some(storage) = &storage {
                        storage.delete(&path);
                    }
                }
            };
            host.spawn.spawn(Box::pin(job_master.run(act)));
        };
        dispatcher.run(start).await;
    })
}

/// A TaskManager's process: its TaskExecutor, and the tasks that `runner` starts.
pub fn taskmanager(host: Host, options: RuntimeOptions, runner: Rc<dyn TaskRunner>) -> Task {
    Box::pin(async move {
        let executor = TaskExecutor::new(options.clone(), host.node, host.clock.now());
        let shell = Shell::new(host.clone(), options.nodes.clone(), executor);
        let reports = shell.reports();
        let services = Services {
            storage: storage_client(&host, &options),
            log: log_client(&host, &options),
            database: database_client(&host, &options),
        };
        let mut tasks: BTreeMap<AttemptId, TaskHandle> = BTreeMap::new();
        let act = |action| match action {
            TaskAction::Start(descriptor) => {
                let (attempt, reports) = (descriptor.attempt, reports.clone());
                let on_update = move |update| reports.push(TaskReport { attempt, update });
                let services = services.clone();
                let task = runner.start(&host, *descriptor, services, Box::new(on_update));
                tasks.insert(attempt, task);
            }
            TaskAction::Cancel(attempt) => {
                if let Some(task) = tasks.get(&attempt) {
                    task.cancel();
                }
            }
            TaskAction::SendOperatorEvent(attempt, event) => {
                if let Some(task) = tasks.get(&attempt) {
                    task.on_coordinator_event(event);
                }
            }
            TaskAction::Checkpoint(attempt, letter) => {
                if let Some(task) = tasks.get(&attempt) {
                    task.on_checkpoint(letter);
                }
            }
            TaskAction::Remove(attempt) => {
                tasks.remove(&attempt);
            }
        };
        shell.run(act).await;
    })
}

/// A client's process: submits jobs, numbered from 1 in this order, and calls `on_end` once for
/// each.
pub fn client(
    host: Host,
    options: RuntimeOptions,
    submissions: Vec<Submission>,
    on_end: Rc<dyn Fn(JobResult)>,
) -> Task {
    Box::pin(async move {
        let nodes = options.nodes.clone();
        let shell = Shell::new(host, nodes, Client::new(options, submissions));
        shell.run(|result| on_end(result)).await;
    })
}

/// A process of durable storage.
pub fn storage(host: Host, options: RuntimeOptions) -> Task {
    Box::pin(async move {
        let shell = Shell::new(host.clone(), options.nodes.clone(), StorageServer::default());
        let reports = shell.reports();
        let act = |action| match action {
            StorageAction::Disk(work) => {
                reports.push(work.perform(&*host.disk, host.clock.now()));
            }
            StorageAction::Reveal { sink, part, rows } => host.outside.reveal(&sink, &part, rows),
        };
        shell.run(act).await;
    })
}

/// A process of a broker of the log.
pub fn broker(host: Host, options: RuntimeOptions, log: BrokerOptions) -> Task {
    Box::pin(async move {
        let shell = Shell::new(host.clone(), options.nodes.clone(), Broker::new(log));
        let reports = shell.reports();
        let told = reports.clone();
        // Kept as long as the broker lives.
        let expire: Rc<dyn Fn()> = Rc::new(move || told.push(BrokerReport::ExpireAll));
        host.outside.expect_expiry(&expire);
        let act = |action| match action {
            BrokerAction::Journal(work) => {
                let result = work.perform(&*host.disk, host.clock.now());
                reports.push(BrokerReport::Journal(result));
            }
            BrokerAction::Reveal { topic, partition, rows } => {
                host.outside.reveal(&topic, &format!("{topic}-{partition}"), rows);
            }
            BrokerAction::Expired { transactions } => host.outside.on_expired(transactions),
        };
        shell.run(act).await;
    })
}

/// A process of the database.
///
/// # Errors
/// If its tables cannot be made.
pub fn database(
    host: Host,
    options: &RuntimeOptions,
    database: DatabaseOptions,
) -> Result<Task, TableError> {
    let outside = host.outside.clone();
    let component = Database::new(database, move || outside.is_refusing())?;
    let shell = Shell::new(host.clone(), options.nodes.clone(), component);
    Ok(Box::pin(async move {
        let reports = shell.reports();
        let act = |action| match action {
            DatabaseAction::Journal(work) => {
                reports.push(work.perform(&*host.disk, host.clock.now()));
            }
            DatabaseAction::Reveal(visible) => {
                host.outside.reveal(&visible.table, &visible.table, visible.rows);
            }
        };
        shell.run(act).await;
    }))
}

/// The node's way to durable storage, if there is any.
fn storage_client(host: &Host, options: &RuntimeOptions) -> Option<Rc<dyn DurableStorage>> {
    let address = Address { node: options.storage?, port: ports::STORAGE };
    let client = StorageClient::new(address, host.clock.now());
    let shell = Shell::new(host.clone(), options.nodes.clone(), client);
    let handle = StorageHandle(shell.reports());
    host.spawn.spawn(Box::pin(shell.run(|answered: Answered| answered.perform())));
    Some(Rc::new(handle))
}

/// The node's way to the log, if there is one.
pub fn log_client(host: &Host, options: &RuntimeOptions) -> Option<Rc<dyn LogAccess>> {
    if options.brokers.is_empty() {
        return None;
    }
    let client = LogClient::new(options.brokers.clone(), host.clock.now());
    let shell = Shell::new(host.clone(), options.nodes.clone(), client);
    let handle = LogHandle(shell.reports());
    host.spawn.spawn(Box::pin(shell.run(|answered: Answered| answered.perform())));
    Some(Rc::new(handle))
}

/// The node's way to the database, if there is one.
pub fn database_client(host: &Host, options: &RuntimeOptions) -> Option<Rc<dyn DatabaseAccess>> {
    let address = Address { node: options.database?, port: ports::DATABASE };
    let client = DatabaseClient::new(address, host.clock.now());
    let shell = Shell::new(host.clone(), options.nodes.clone(), client);
    let handle = DatabaseHandle(shell.reports());
    host.spawn.spawn(Box::pin(shell.run(|answered: Answered| answered.perform())));
    Some(Rc::new(handle))
}
