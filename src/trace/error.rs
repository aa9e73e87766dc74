//! Why a trace cannot be read.

/// Why a trace cannot be read. Offsets count bytes from the start of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// It is something else.
    #[error(
        "not a trace: at byte 0 a binary trace begins with `WEIRTRC`, a JSON Lines trace with \
         an object"
    )]
    NotATrace,
    /// It has another format.
    #[error("format version {found} at byte {offset}, but this Weir reads version {expected}")]
    Version {
        /// The version it has.
        found: u64,
        /// The version that can be read.
        expected: u16,
        /// Where that stands.
        offset: usize,
    },
    /// It holds events of another Weir.
    #[error(
        "written by Weir {weir_version}, whose events are not those of this one: read it with \
         that version, or run its scenario again"
    )]
    OtherEvents {
        /// The version that wrote it.
        weir_version: String,
    },
    /// It ends too early.
    #[error("truncated: at byte {offset} {expected} was expected, but the file ends")]
    Truncated {
        /// Where the missing part should begin.
        offset: usize,
        /// What is missing.
        expected: String,
    },
    /// It was changed after it was written.
    #[error("damaged: at byte {offset} {expected} was expected")]
    Damaged {
        /// Where the part begins that is not as it should be.
        offset: usize,
        /// What should be there.
        expected: String,
    },
    /// A line of a JSON Lines trace is not what it should be.
    #[error("line {line} (byte {offset}): {message}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// Where it begins.
        offset: usize,
        /// What is wrong with it, and what was expected.
        message: String,
    },
}
