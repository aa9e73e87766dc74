//! Durable storage: files that outlive every node that uses them.

use std::sync::Arc;

use thiserror::Error;

/// Where files of rows are that others see: in a folder named after their sink. Those whose names
/// begin with a dot are not published yet.
pub const PUBLISHED: &str = "files/";

/// Why storage does not give or take a file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StorageError {
    /// There is no such file.
    #[error("there is no file {0}")]
    NotFound(String),
    /// The disk refuses.
    #[error("{path} was refused: {cause}")]
    Refused {
        /// The file.
        path: String,
        /// Why.
        cause: String,
    },
    /// Nobody has answered.
    #[error("storage did not answer for {0}")]
    Unreachable(String),
}

/// Called once, with what became of a request.
pub type Done<T> = Box<dyn FnOnce(Result<T, StorageError>)>;

/// A node's way to durable storage. Requests are repeated until they are answered or given up, so
/// each may be carried out more than once: a file is written whole, and always with the same
/// contents.
pub trait DurableStorage {
    /// Stores a file. Done when no crash can take it.
    fn put(&self, path: &str, contents: Arc<[u8]>, done: Done<()>);
    /// Reads a file.
    fn get(&self, path: &str, done: Done<Arc<[u8]>>);
    /// Gives a file of rows ([`append_frame`](crate::record::append_frame)) a name under
    /// [`PUBLISHED`], in one step: from then on others see what is in it. That it has the name
    /// already is no error.
    fn publish(&self, from: &str, to: &str, done: Done<()>);
    /// Removes a file; that it is not there is no error.
    fn delete(&self, path: &str);
}
