//! `--output` and `--trace`: files that are there whole or not at all.
//!
//! A place that cannot be written to is known before anything is computed, but nothing is left
//! there until the run is over: however a run ends, it has no traces to clear away. Then
//! everything is written beside the final files, which it replaces last.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use weir::api::SinkDeclaration;
use weir::cluster::{RunReport, SinkReport};
use weir::record::RowKind;

use super::Failure;

/// A file that takes its name only when it is complete.
pub struct Pending {
    target: Target,
    path: PathBuf,
}

/// Where the bytes go.
enum Target {
    /// Into a temporary file that replaces a plain file, or becomes one.
    Replaced,
    /// Straight into something that must not be replaced, such as a device or a pipe.
    Special(fs::File),
}

impl Pending {
    /// A file that will be `path`, in a folder that exists.
    pub fn new(path: &Path) -> Result<Self, Failure> {
        let pending = Self::somewhere(path)?;
        if matches!(pending.target, Target::Replaced) {
            let folder = folder_of(&pending.path);
            if !folder.is_dir() {
                return Err(Failure::Usage(format!("{} is not a folder", folder.display())));
            }
            temporary(folder, &pending.path)?;
        }
        Ok(pending)
    }

    /// A file that will be `path`, whose folder may be still to be made.
    fn somewhere(path: &Path) -> Result<Self, Failure> {
        if path.is_dir() {
            return Err(Failure::Usage(format!("{} is a folder", path.display())));
        }
        if path.exists() && !path.is_file() {
            let special = fs::OpenOptions::new().write(true).open(path);
            let target = Target::Special(special.map_err(Failure::file(path))?);
            return Ok(Self { target, path: path.to_owned() });
        }
        // Through a link, so that the link stays and what it points to is replaced.
        let linked = if path.is_symlink() { fs::canonicalize(path).ok() } else { None };
        let path = linked.unwrap_or_else(|| path.to_owned());
        Ok(Self { target: Target::Replaced, path })
    }

    /// Writes `bytes` and gives the file its name.
    pub fn finish(self, bytes: &[u8]) -> Result<PathBuf, Failure> {
        self.write(bytes)?.publish()
    }

    fn write(self, bytes: &[u8]) -> Result<Complete, Failure> {
        let Self { target, path } = self;
        let temporary = match target {
            Target::Special(mut file) => {
                file.write_all(bytes).map_err(Failure::file(&path))?;
                None
            }
            Target::Replaced => {
                let mut file = temporary(folder_of(&path), &path)?;
                file.write_all(bytes).map_err(Failure::file(&path))?;
                Some(file)
            }
        };
        Ok(Complete { temporary, path })
    }
}

/// A file that lacks only its name.
struct Complete {
    temporary: Option<NamedTempFile>,
    path: PathBuf,
}

impl Complete {
    fn publish(self) -> Result<PathBuf, Failure> {
        let Self { temporary, path } = self;
        if let Some(file) = temporary {
            file.persist(&path).map_err(|error| Failure::file(&path)(error.error))?;
        }
        Ok(path)
    }
}

/// The folder in which `path` is.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

/// A temporary file in `folder`, as open to others as any file that the user makes there. What
/// goes wrong is said of `path`, since nobody asked for the temporary file.
fn temporary(folder: &Path, path: &Path) -> Result<NamedTempFile, Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".weir-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|error| {
        let plain =
            error.raw_os_error().map_or(error.kind().into(), std::io::Error::from_raw_os_error);
        Failure::file(path)(plain)
    })
}

/// The files of a run's sinks.
pub struct SinkFiles {
    folder: PathBuf,
    files: Vec<(SinkDeclaration, Pending)>,
}

impl SinkFiles {
    /// A file for each sink in `folder`, which need not be there yet.
    pub fn new(folder: &Path, sinks: &[SinkDeclaration]) -> Result<Self, Failure> {
        let mut ancestors = folder.ancestors().filter(|path| !path.as_os_str().is_empty());
        let nearest = ancestors.find(|path| path.exists()).unwrap_or(Path::new("."));
        if !nearest.is_dir() {
            return Err(Failure::Usage(format!("{} is not a folder", nearest.display())));
        }
        temporary(nearest, folder)?;
        let file = |sink: &SinkDeclaration| {
            let path = folder.join(format!("{}.csv", sink.name));
            Ok((sink.clone(), Pending::somewhere(&path)?))
        };
        let files = sinks.iter().map(file).collect::<Result<_, Failure>>()?;
        Ok(Self { folder: folder.to_owned(), files })
    }

    /// Makes the folder and writes what the sinks show, all or none.
    pub fn finish(self, report: &RunReport) -> Result<Vec<PathBuf>, Failure> {
        fs::create_dir_all(&self.folder).map_err(Failure::file(&self.folder))?;
        let mut complete = Vec::new();
        for (sink, pending) in self.files {
            complete.push(pending.write(&csv(&sink, report.sinks.get(&sink.name))?)?);
        }
        complete.into_iter().map(Complete::publish).collect()
    }
}

/// A sink as CSV. Rows that replace others show what they do in a first column, `op`, unless
/// the sink has a key, in which case only the last row of each key is left.
fn csv(sink: &SinkDeclaration, report: Option<&SinkReport>) -> Result<Vec<u8>, Failure> {
    let rows = report.map_or(&[][..], |report| &report.rows);
    let changelog =
        sink.key_columns.is_none() && rows.iter().any(|row| row.kind != RowKind::Insert);
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let op = |op| changelog.then_some(op);
    let written = (|| {
        writer.write_record(op("op").into_iter().chain(sink.columns.iter().map(String::as_str)))?;
        for row in rows {
            let fields = row.fields.iter().map(String::as_str);
            writer.write_record(op(row.kind.short()).into_iter().chain(fields))?;
        }
        writer.flush()?;
        Ok::<(), csv::Error>(())
    })();
    written.map_err(|error| Failure::Bug(format!("cannot write CSV to memory: {error}")))?;
    writer.into_inner().map_err(|error| Failure::Bug(error.to_string()))
}
