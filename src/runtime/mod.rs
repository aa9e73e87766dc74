//! Dispatcher, ResourceManager, JobMaster, TaskExecutor, client.
