//! The binary format of records and state.
//!
//! A value is stored as `postcard` writes it: fields in order, whole numbers of variable length,
//! no names. What the names and types are is said once, by a [`Schema`] that is traced through the
//! type's own `serde` code; with it a tool that does not know the Rust type shows any stored value
//! as text ([`describe`]), and a later reader finds that a type has changed before it misreads one
//! byte. Whatever is kept as a file or sent as a whole is a *document*: a magic word, the version
//! of the format, the schema, then the value ([`to_document`]).
//!
//! Invariants: `decode` reads all bytes or fails; no bytes, however damaged, make anything here
//! panic.
//!
//! `postcard` was chosen by measurement (a flight of nine fields; a pane of two times, a count and a
//! sum; release build, one core):
//!
//! | format | flight: bytes, ns to write, to read | pane: bytes, ns to write, to read |
//! |---|---|---|
//! | postcard | 26, 37, 82 | 22, 25, 8 |
//! | bincode 1 | 59, 14, 79 | 32, 2, 6 |
//! | MessagePack | 40, 28, 111 | 31, 12, 13 |
//! | bitcode | 32, 569, 416 | 30, 223, 79 |
//! | JSON | 150, 122, 374 | 70, 72, 120 |
//!
//! It is the smallest by a third, and fast enough: a value in use is kept decoded, so most of what
//! the format costs is the bytes that idle ones take, on disk and on the wire.
//!
//! | file | what it is |
//! |---|---|
//! | this one | values to bytes and back |
//! | `schema` | names and types |
//! | `difference` | what differs between two schemas, in words |
//! | `tracer`, `probe`, `access` | how a schema is traced through a type |
//! | `describe` | a stored value as text |
//! | `document` | a value that says what it is |

mod access;
mod describe;
mod difference;
mod document;
mod probe;
mod schema;
mod tracer;

pub use describe::{describe, describe_prefix};
pub use document::{
    FORMAT_VERSION, from_document, from_document_as, read_header, to_document, to_document_as,
    write_header,
};
pub use schema::{Field, Plain, Schema, SchemaError, Shape, ShapeId, Variant, VariantShape};

use postcard::ser_flavors::{Flavor, Size};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why bytes cannot be read or a value cannot be written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FormatError {
    /// The type uses a part of serde that a format without names cannot carry.
    #[error("a {type_name} cannot be written: {reason}")]
    Unwritable {
        /// The type.
        type_name: &'static str,
        /// Why.
        reason: String,
    },
    /// The bytes are not a value of the type.
    #[error("the bytes are not a {type_name}: {reason}")]
    Damaged {
        /// The type.
        type_name: String,
        /// Why.
        reason: String,
    },
    /// There are bytes behind the value.
    #[error("{count} bytes are left over behind a {type_name}")]
    LeftOver {
        /// How many.
        count: usize,
        /// The type.
        type_name: String,
    },
    /// The bytes do not begin as a document does.
    #[error("this is not a document of Weir's")]
    NotADocument,
    /// The document was written by another version.
    #[error("the document has format version {found}; this Weir reads version {FORMAT_VERSION}")]
    Version {
        /// Its version.
        found: u8,
    },
    /// The document holds a value of another type.
    #[error("the stored type differs from the one that reads it: {0}")]
    SchemaChanged(String),
}

/// Appends to a byte vector, so that one buffer serves many values.
struct Appending<'a>(&'a mut Vec<u8>);

impl Flavor for Appending<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Writes a value behind what is in `bytes`; on failure nothing is added.
#[inline]
pub fn encode_into<T: Serialize + ?Sized>(
    value: &T,
    bytes: &mut Vec<u8>,
) -> Result<(), FormatError> {
    let before = bytes.len();
    postcard::serialize_with_flavor(value, Appending(bytes)).map_err(|error| {
        bytes.truncate(before);
        unwritable::<T>(&error)
    })
}

/// A value as bytes.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Vec::new();
    encode_into(value, &mut bytes)?;
    Ok(bytes)
}

/// How many bytes a value takes.
#[inline]
pub fn encoded_len<T: Serialize + ?Sized>(value: &T) -> Result<usize, FormatError> {
    postcard::serialize_with_flavor(value, Size::default()).map_err(|error| unwritable::<T>(&error))
}

/// The value that these bytes are.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FormatError> {
    let (value, rest) = decode_prefix(bytes)?;
    if rest.is_empty() {
        return Ok(value);
    }
    let type_name = std::any::type_name::<T>().to_string();
    Err(FormatError::LeftOver { count: rest.len(), type_name })
}

/// The value that these bytes begin with, and the rest.
#[inline]
pub fn decode_prefix<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), FormatError> {
    postcard::take_from_bytes(bytes).map_err(|error| FormatError::Damaged {
        type_name: std::any::type_name::<T>().to_string(),
        reason: error.to_string(),
    })
}

#[cold]
fn unwritable<T: ?Sized>(error: &postcard::Error) -> FormatError {
    FormatError::Unwritable { type_name: std::any::type_name::<T>(), reason: error.to_string() }
}
