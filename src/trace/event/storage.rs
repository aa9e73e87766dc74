//! What happens in durable storage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};

use crate::base::Name;

/// Durable storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EnumIter, IntoStaticStr, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum StorageEvent {
    /// A file is on disk and no crash takes it.
    FileStored {
        /// Where it is.
        path: Name,
        /// How long it is.
        bytes: u64,
        /// The checksum of what it holds, in hexadecimal.
        checksum: Name,
    },
    /// A file is read for somebody.
    FileRead {
        /// Where it is.
        path: Name,
        /// How long it is.
        bytes: u64,
    },
    /// A file is removed.
    FileDeleted {
        /// Where it was.
        path: Name,
    },
    /// A file has another name, and so is published: whoever reads the folder sees it.
    FileRenamed {
        /// Where it was.
        from: Name,
        /// Where it is.
        to: Name,
    },
    /// The disk has refused something.
    FileRefused {
        /// The file.
        path: Name,
        /// Why.
        cause: String,
    },
}
