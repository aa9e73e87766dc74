//! Why a command did not do what it was asked to.

use std::io;
use std::path::{Path, PathBuf};

use weir::cluster::ClusterError;
use weir::scenario::ScenarioError;
use weir::sim::SimError;
use weir::sweep::{SweepError, TokenError};

use crate::config::ConfigError;

/// Why a command did not do what it was asked to. Each kind has its exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The configuration of the terminal is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Something else that was given is wrong.
    #[error("{0}")]
    Usage(String),
    /// A file or folder cannot be used.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The result could not be printed.
    #[error("cannot write the result: {0}")]
    Print(#[from] io::Error),
    /// Something in Weir is wrong.
    #[error("{0}; this is a bug in Weir")]
    Bug(String),
}

impl Failure {
    /// `path` cannot be used.
    pub fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self::File { path, error }
    }

    /// The exit code of a command that ended so.
    pub fn exit_code(&self) -> u8 {
        match self {
            // Whoever read the result has seen enough of it.
            Self::Print(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Scenario(_)
            | Self::Config(_)
            | Self::Usage(_)
            | Self::File { .. }
            | Self::Print(_) => 2,
            Self::Bug(_) => super::BUG,
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Scenario(error) => error.into(),
            TokenError::NotAToken
            | TokenError::Damaged
            | TokenError::Version { .. }
            | TokenError::Impossible(_)
            | TokenError::Changed(_) => Self::Usage(error.to_string()),
        }
    }
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Scenario(error) => error.into(),
            SweepError::Cluster(error) => error.into(),
            SweepError::Interrupted => Self::Bug("an interrupted sweep went on".to_owned()),
        }
    }
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Graph { .. }
            | ClusterError::Zero(_)
            | ClusterError::TwoTables(_)
            | ClusterError::Table(_) => Self::Usage(error.to_string()),
            ClusterError::Nodes { .. } | ClusterError::Sim(SimError::Panicked { .. }) => {
                Self::Bug(error.to_string())
            }
            ClusterError::Sim(error) => Self::Usage(error.to_string()),
        }
    }
}
