//! What may be wrong with the parameters of a program.
//!
//! Previous: [`ParameterTool`](super::ParameterTool), which is given them and asked for them.

use std::fmt;

/// What is wrong with the parameters of a program.
///
/// ```
/// use weir::api::ParameterTool;
///
/// let parameters = ParameterTool::from_args(["--paralelism", "four"])?;
/// assert_eq!(
///     parameters.get_int("parallelism").unwrap_err().to_string(),
///     "the parameter `parallelism` is required; was `paralelism` meant to be it?"
/// );
/// assert_eq!(
///     parameters.get_int("paralelism").unwrap_err().to_string(),
///     "the parameter `paralelism` is \"four\", but must be a whole number of 32 bits"
/// );
/// # Ok::<(), weir::api::ParameterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// A command line has something else where a key should be.
    #[error("{token:?} is no key: keys begin with `--` or `-`, and have one value at most")]
    NotAKey {
        /// What is there.
        token: String,
    },
    /// A parameter must be given, and is not.
    #[error("the parameter `{key}` is required{}", meant(.near.as_deref()))]
    Missing {
        /// Its name.
        key: String,
        /// The name of one that is given, which may be a slip.
        near: Option<String>,
    },
    /// A parameter is given as a flag, and needs a value.
    #[error("the parameter `{key}` has no value, but must be {expected}")]
    NoValue {
        /// Its name.
        key: String,
        /// What it must be.
        expected: ParameterKind,
    },
    /// A value is of another type.
    #[error("the parameter `{key}` is {value:?}, but must be {expected}")]
    Malformed {
        /// The parameter's name.
        key: String,
        /// The value.
        value: String,
        /// What it must be.
        expected: ParameterKind,
    },
    /// A parameter is given that nobody has asked for.
    #[error("nothing asks for the parameter `{key}`{}", suggested(.near.as_deref()))]
    Unrequested {
        /// Its name.
        key: String,
        /// The name of one that was asked for and is not given.
        near: Option<String>,
    },
}

fn meant(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; was `{near}` meant to be it?"))
}

fn suggested(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// What the value of a parameter must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// Any text.
    Text,
    /// An `i32`.
    Int,
    /// An `i64`.
    Long,
    /// An `f64`.
    Double,
    /// A `bool`.
    Boolean,
    /// A whole number with its unit.
    Duration,
}

impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a text",
            Self::Int => "a whole number of 32 bits",
            Self::Long => "a whole number of 64 bits",
            Self::Double => "a number",
            Self::Boolean => "true or false",
            Self::Duration => "a whole number of ns, us, ms, s, min, h or d, such as 250ms",
        })
    }
}
