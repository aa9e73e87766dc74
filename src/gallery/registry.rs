//! What a scenario knows of a job: its name, what it takes, what it writes, and how to build it.
//!
//! A job declares its arguments; the scenario's reader checks them against the declaration
//! before the job is built, so that a wrong one is an error at its line of the file. The job then
//! reads them through [`Arguments`].

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::api::{ExpectedRows, Program};
use crate::base::{Seed, SimDuration};

/// Builds a job's program from its arguments.
pub type BuildProgram = Arc<dyn Fn(&Arguments) -> Result<Program, ArgumentError> + Send + Sync>;

/// Says what a job's sinks must show in the end, from the job's arguments: by a plain loop over its
/// input that knows nothing of the engine.
pub type ExpectRows = Arc<dyn Fn(&Arguments) -> Result<ExpectedRows, ArgumentError> + Send + Sync>;

/// All jobs that scenarios may name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// The jobs, in the order in which they are listed.
    pub jobs: Vec<GalleryJob>,
}

impl Registry {
    /// The job called `name`.
    pub fn job(&self, name: &str) -> Option<&GalleryJob> {
        self.jobs.iter().find(|job| job.name == name)
    }

    /// This registry with one job more. A job of the same name is replaced.
    #[must_use]
    pub fn with(mut self, job: GalleryJob) -> Self {
        self.jobs.retain(|other| other.name != job.name);
        self.jobs.push(job);
        self
    }
}

/// A job.
#[derive(Clone)]
pub struct GalleryJob {
    /// What scenarios call it.
    pub name: String,
    /// What it does, in a sentence.
    pub about: String,
    /// What it takes.
    pub arguments: Vec<Argument>,
    /// What it writes.
    pub sinks: Vec<SinkColumns>,
    /// How to build it.
    pub build: BuildProgram,
    /// What its sinks must show in the end, if that can be said: the result must not depend on how
    /// records interleave.
    pub expect: Option<ExpectRows>,
}

impl GalleryJob {
    /// A job without arguments or sinks; add them with [`Self::argument`] and [`Self::sink`].
    pub fn new(
        name: &str,
        about: &str,
        build: impl Fn(&Arguments) -> Result<Program, ArgumentError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            about: about.to_owned(),
            arguments: Vec::new(),
            sinks: Vec::new(),
            build: Arc::new(build),
            expect: None,
        }
    }

    /// This job with an argument that scenarios must give.
    #[must_use]
    pub fn argument(mut self, name: &str, kind: ArgumentKind, about: &str) -> Self {
        self.arguments.push(Argument {
            name: name.to_owned(),
            kind,
            default: None,
            about: about.to_owned(),
        });
        self
    }

    /// This job with an argument that scenarios may leave out.
    #[must_use]
    pub fn optional(mut self, name: &str, default: ArgumentValue, about: &str) -> Self {
        self.arguments.push(Argument {
            name: name.to_owned(),
            kind: default.kind(),
            default: Some(default),
            about: about.to_owned(),
        });
        self
    }

    /// This job with a sink.
    #[must_use]
    pub fn sink(mut self, name: &str, columns: &[&str]) -> Self {
        self.sinks.push(SinkColumns {
            name: name.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
        });
        self
    }

    /// This job with what its sinks must show in the end.
    #[must_use]
    pub fn expecting(
        mut self,
        expect: impl Fn(&Arguments) -> Result<ExpectedRows, ArgumentError> + Send + Sync + 'static,
    ) -> Self {
        self.expect = Some(Arc::new(expect));
        self
    }
}

impl fmt::Debug for GalleryJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GalleryJob").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An argument that a job takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// What kind of value it takes.
    pub kind: ArgumentKind,
    /// Its value if the scenario gives none; if unset, the scenario must give one.
    pub default: Option<ArgumentValue>,
    /// What it is for, in a sentence.
    pub about: String,
}

/// What kind of value an argument takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArgumentKind {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// A span of simulated time, such as `"1h"`.
    Duration,
    /// A file, relative to the scenario's own.
    File,
}

impl fmt::Display for ArgumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Duration => "duration",
            Self::File => "file",
        })
    }
}

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgumentValue {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A span of simulated time.
    Duration(SimDuration),
    /// A file, relative to the scenario's own.
    File(String),
}

impl ArgumentValue {
    /// What kind of value this is.
    pub fn kind(&self) -> ArgumentKind {
        match self {
            Self::Text(_) => ArgumentKind::Text,
            Self::Integer(_) => ArgumentKind::Integer,
            Self::Float(_) => ArgumentKind::Float,
            Self::Boolean(_) => ArgumentKind::Boolean,
            Self::Duration(_) => ArgumentKind::Duration,
            Self::File(_) => ArgumentKind::File,
        }
    }
}

impl fmt::Display for ArgumentValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::File(text) => write!(f, "{text:?}"),
            Self::Integer(number) => number.fmt(f),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Boolean(truth) => truth.fmt(f),
            Self::Duration(span) => write!(f, "\"{span:?}\""),
        }
    }
}

/// A sink that a job writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkColumns {
    /// Its name.
    pub name: String,
    /// The names of its columns.
    pub columns: Vec<String>,
}

/// Why a file that a job needs could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {path}: {cause}")]
pub struct ResourceError {
    /// The file, as the scenario names it.
    pub path: String,
    /// What is wrong.
    pub cause: String,
}

/// Where a scenario's files come from: its folder, or the binary it is embedded in.
pub trait Resources: Send + Sync {
    /// The contents of a file, by its path relative to the scenario's own.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ResourceError>;
}

/// Why a job refuses its arguments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ArgumentError {
    /// The argument that is wrong, if it is one.
    pub argument: Option<String>,
    /// What is wrong with it.
    pub message: String,
}

impl ArgumentError {
    /// The argument `name` is wrong.
    pub fn new(name: &str, message: impl Into<String>) -> Self {
        Self { argument: Some(name.to_owned()), message: message.into() }
    }
}

/// What a job is built from.
pub struct Arguments {
    values: BTreeMap<String, ArgumentValue>,
    parallelism: u32,
    seed: Seed,
    /// Whether somebody has asked for the seed.
    depends_on_seed: Cell<bool>,
    resources: Arc<dyn Resources>,
}

impl Arguments {
    /// Arguments that have been checked against the job's declaration, with defaults filled in.
    pub fn new(
        values: BTreeMap<String, ArgumentValue>,
        parallelism: u32,
        seed: Seed,
        resources: Arc<dyn Resources>,
    ) -> Self {
        Self { values, parallelism, seed, depends_on_seed: Cell::new(false), resources }
    }

    /// The parallelism at which the job is submitted. Operators that say none have it without
    /// being told.
    pub fn parallelism(&self) -> u32 {
        self.parallelism
    }

    /// The seed of the run, for data that are made up and are to be others with another seed. What
    /// is the same whatever the seed needs a seed of its own.
    ///
    /// ```
    /// use weir::api::{SourceOptions, StreamExecutionEnvironment};
    /// use weir::gallery::GalleryJob;
    ///
    /// let job = GalleryJob::new("lottery", "Numbers that nobody foresees.", |arguments| {
    ///     let env = StreamExecutionEnvironment::new("lottery");
    ///     let options = SourceOptions::at_rate(10.0);
    ///     env.from_seeded_generator("draws", 6, arguments.seed(), options, |_, random| {
    ///         rand::RngExt::random_range(random, 1..=49_u8)
    ///     })
    ///     .write_to("numbers", ["number"]);
    ///     Ok(env.build().expect("it has a source and a sink"))
    /// });
    /// assert_eq!(job.name, "lottery");
    /// ```
    pub fn seed(&self) -> Seed {
        self.depends_on_seed.set(true);
        self.seed
    }

    /// Whether [`Self::seed`] was called, so that the job's results may depend on it.
    pub(crate) fn depends_on_seed(&self) -> bool {
        self.depends_on_seed.get()
    }

    /// A text.
    pub fn text(&self, name: &str) -> Result<&str, ArgumentError> {
        match self.value(name)? {
            ArgumentValue::Text(text) => Ok(text),
            other => Err(Self::undeclared(name, "a text", other)),
        }
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Result<i64, ArgumentError> {
        match self.value(name)? {
            ArgumentValue::Integer(number) => Ok(*number),
            other => Err(Self::undeclared(name, "an integer", other)),
        }
    }

    /// A number.
    pub fn float(&self, name: &str) -> Result<f64, ArgumentError> {
        match self.value(name)? {
            ArgumentValue::Float(number) => Ok(*number),
            other => Err(Self::undeclared(name, "a float", other)),
        }
    }

    /// True or false.
    pub fn boolean(&self, name: &str) -> Result<bool, ArgumentError> {
        match self.value(name)? {
            ArgumentValue::Boolean(truth) => Ok(*truth),
            other => Err(Self::undeclared(name, "a boolean", other)),
        }
    }

    /// A span of simulated time.
    pub fn duration(&self, name: &str) -> Result<SimDuration, ArgumentError> {
        match self.value(name)? {
            ArgumentValue::Duration(span) => Ok(*span),
            other => Err(Self::undeclared(name, "a duration", other)),
        }
    }

    /// The contents of a file.
    pub fn file(&self, name: &str) -> Result<Arc<[u8]>, ArgumentError> {
        let path = self.path(name)?;
        self.resources.read(path).map_err(|error| ArgumentError::new(name, error.to_string()))
    }

    /// The path of a file, as the scenario gives it.
    pub fn path(&self, name: &str) -> Result<&str, ArgumentError> {
        match self.value(name)? {
            ArgumentValue::File(path) => Ok(path),
            other => Err(Self::undeclared(name, "a file", other)),
        }
    }

    fn value(&self, name: &str) -> Result<&ArgumentValue, ArgumentError> {
        self.values.get(name).ok_or_else(|| ArgumentError {
            argument: None,
            message: format!("the job reads an argument `{name}` that it does not declare"),
        })
    }

    fn undeclared(name: &str, read_as: &str, value: &ArgumentValue) -> ArgumentError {
        let declared = value.kind();
        ArgumentError::new(
            name,
            format!("the job reads `{name}` as {read_as} but declares it as {declared}"),
        )
    }
}
