//! `--output` and `--trace`: files that are there whole or not at all.
//!
//! Everything is written to temporary files beside the final ones, which are made before the
//! run, so that a folder that cannot be written to is known before anything is computed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use weir::api::SinkDeclaration;
use weir::cluster::{RunReport, SinkReport};
use weir::record::RowKind;

use super::Failure;

/// A file that takes its final name only when it is complete.
pub struct Pending {
    target: Target,
    path: PathBuf,
}

/// Where the bytes go.
enum Target {
    /// Into a temporary file that replaces a plain file, or becomes one.
    Replaced(NamedTempFile),
    /// Straight into something that must not be replaced, such as a device or a pipe.
    Special(fs::File),
}

impl Pending {
    /// A file that will be `path`.
    pub fn new(path: &Path) -> Result<Self, Failure> {
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
        let folder = match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(Failure::Usage(format!("{} is not a folder", folder.display())));
        }
        let file = tempfile::Builder::new()
            .prefix(".weir-")
            .tempfile_in(folder)
            // Its own message names the temporary file, which nobody asked for.
            .map_err(|error| Failure::file(&path)(error.kind().into()))?;
        Ok(Self { target: Target::Replaced(file), path })
    }

    /// Writes `bytes` and gives the file its name.
    pub fn finish(self, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let Self { target, path } = self;
        match target {
            Target::Special(mut file) => file.write_all(bytes).map_err(Failure::file(&path))?,
            Target::Replaced(mut file) => {
                file.write_all(bytes).map_err(Failure::file(&path))?;
                readable_by_all_who_may(&file).map_err(Failure::file(&path))?;
                file.persist(&path).map_err(|error| Failure::file(&path)(error.error))?;
            }
        }
        Ok(path)
    }
}

/// Temporary files are private; a result is as open as any file that the user creates.
#[cfg(unix)]
fn readable_by_all_who_may(file: &NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = match fs::metadata(file.path()) {
        Ok(metadata) => metadata.permissions().mode() | 0o044,
        Err(error) => return Err(error),
    };
    fs::set_permissions(file.path(), fs::Permissions::from_mode(permissions))
}

#[cfg(not(unix))]
fn readable_by_all_who_may(_: &NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

/// The files of a run's sinks.
pub struct SinkFiles {
    folder: PathBuf,
    created: bool,
    files: Vec<(SinkDeclaration, Pending)>,
}

impl SinkFiles {
    /// Makes the folder and a file for each sink.
    pub fn new(folder: &Path, sinks: &[SinkDeclaration]) -> Result<Self, Failure> {
        let created = !folder.exists();
        fs::create_dir_all(folder).map_err(Failure::file(folder))?;
        let file = |sink: &SinkDeclaration| {
            Ok((sink.clone(), Pending::new(&folder.join(format!("{}.csv", sink.name)))?))
        };
        let files = sinks.iter().map(file).collect::<Result<_, Failure>>();
        match files {
            Ok(files) => Ok(Self { folder: folder.to_owned(), created, files }),
            Err(failure) => {
                remove_empty(folder, created);
                Err(failure)
            }
        }
    }

    /// Writes what the sinks show, all or none.
    pub fn finish(self, report: &RunReport) -> Result<Vec<PathBuf>, Failure> {
        let mut ready = Vec::new();
        for (sink, pending) in self.files {
            let bytes = csv(&sink, report.sinks.get(&sink.name))?;
            ready.push((pending, bytes));
        }
        ready.into_iter().map(|(pending, bytes)| pending.finish(&bytes)).collect()
    }

    /// Leaves everything as it was.
    pub fn abandon(self) {
        drop(self.files);
        remove_empty(&self.folder, self.created);
    }
}

fn remove_empty(folder: &Path, created: bool) {
    if created {
        // It is not empty if someone else has put a file there; then it stays.
        let _ = fs::remove_dir(folder);
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
