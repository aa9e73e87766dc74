//! A value that says what it is: for whatever is stored as a file or sent as a whole.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FormatError, Schema, decode, decode_prefix, encode_into};

/// The version of the format that this Weir writes, and the only one it reads.
pub const FORMAT_VERSION: u8 = 1;

const MAGIC: &[u8; 4] = b"Weir";

/// Writes what a document begins with.
pub fn write_header(schema: &Schema, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(MAGIC);
    bytes.push(FORMAT_VERSION);
    encode_into(schema, bytes).expect("a schema is plain data");
}

/// Reads what a document begins with: the schema, and the bytes of the value.
pub fn read_header(bytes: &[u8]) -> Result<(Schema, &[u8]), FormatError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(FormatError::NotADocument)?;
    let (version, rest) = rest.split_first().ok_or(FormatError::NotADocument)?;
    if *version != FORMAT_VERSION {
        return Err(FormatError::Version { found: *version });
    }
    decode_prefix(rest)
}

/// A value as a document.
pub fn to_document<T: Serialize + DeserializeOwned>(value: &T) -> Result<Vec<u8>, FormatError> {
    to_document_as(&Schema::of::<T>(), value)
}

/// The same for who has traced the type before.
pub fn to_document_as<T: Serialize>(schema: &Schema, value: &T) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Vec::new();
    write_header(schema, &mut bytes);
    encode_into(value, &mut bytes)?;
    Ok(bytes)
}

/// The value that a document holds, which must be of the type that it was written as.
pub fn from_document<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FormatError> {
    from_document_as(&Schema::of::<T>(), bytes)
}

/// The same for who has traced the type before.
pub fn from_document_as<T: DeserializeOwned>(
    expected: &Schema,
    bytes: &[u8],
) -> Result<T, FormatError> {
    let (schema, rest) = read_header(bytes)?;
    match schema.difference(expected) {
        None => decode(rest),
        Some(difference) => Err(FormatError::SchemaChanged(difference)),
    }
}
