//! Where scenarios come from: a path, or a name among those embedded in the binary.

use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, DirEntry, include_dir};

use super::document::LARGEST;
use super::error::{Problem, ScenarioError};
use super::parse::{Scenario, parse_source};
use super::shown::quoted;
use super::source::{At, Source};
use super::suggest;
use crate::gallery::{ResourceError, Resources};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// A data file larger than this is a mistake.
const LARGEST_FILE: u64 = 1 << 30;

/// The scenarios embedded in the binary.
#[derive(Clone, Copy, Debug)]
pub struct Library(&'static Dir<'static>);

/// The scenarios embedded in the binary.
pub fn embedded() -> Library {
    Library(&EMBEDDED)
}

impl Library {
    /// The names of all scenarios, `theme/name`, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for theme in self.0.dirs() {
            for entry in theme.entries() {
                if let DirEntry::File(file) = entry
                    && file.path().extension().is_some_and(|extension| extension == "toml")
                {
                    let name = file.path().with_extension("");
                    names.push(name.to_string_lossy().replace('\\', "/"));
                }
            }
        }
        names.sort();
        names
    }

    /// The text of a scenario.
    pub fn text(&self, name: &str) -> Option<&'static str> {
        self.0.get_file(format!("{name}.toml"))?.contents_utf8()
    }
}

/// The scenario called `name`: an embedded one, or a file.
pub fn load(name: &str) -> Result<Scenario, ScenarioError> {
    load_with(name, &[])
}

/// The scenario called `name`, with `PATH=VALUE` flags laid over it.
pub fn load_with(name: &str, flags: &[String]) -> Result<Scenario, ScenarioError> {
    if let Some(text) = embedded().text(name) {
        let theme = Path::new(name).parent().unwrap_or(Path::new("")).to_owned();
        return parse_source(source(name, text.to_owned(), flags), Arc::new(Embedded(theme)));
    }
    let path = Path::new(name);
    let whole =
        |problem: Problem| problem.locate(&Arc::new(source(name, String::new(), flags)), &At::File);
    if !path.exists() {
        let names = embedded().names();
        let problem = Problem::new(format!("there is no scenario {}", quoted(name)));
        let hint = match suggest::nearest(name, names.iter().map(String::as_str)) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "give a path, or a name that `weir list` shows".to_owned(),
        };
        return Err(whole(problem.hint(hint)));
    }
    let bytes = read_file(path, LARGEST as u64)
        .map_err(|cause| whole(Problem::new(format!("cannot read the scenario: {cause}"))))?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    match String::from_utf8(bytes) {
        Ok(text) => parse_source(source(name, text, flags), Arc::new(Folder(folder))),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let source =
                source(name, String::from_utf8_lossy(error.as_bytes()).into_owned(), flags);
            let problem = Problem::new("the scenario is not UTF-8 text");
            let hint = "a TOML file is UTF-8; save it with that encoding";
            Err(problem.hint(hint).locate(&Arc::new(source), &At::Text(valid..valid)))
        }
    }
}

fn source(name: &str, text: String, flags: &[String]) -> Source {
    Source { name: name.to_owned(), text, flags: flags.to_vec() }
}

fn read_file(path: &Path, largest: u64) -> Result<Vec<u8>, String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(largest + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > largest {
        return Err(format!("it has more than {largest} bytes"));
    }
    Ok(bytes)
}

/// The files beside a scenario's file.
pub(super) struct Folder(pub PathBuf);

impl Resources for Folder {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ResourceError> {
        let wrong = |cause| ResourceError { path: path.to_owned(), cause };
        read_file(&self.0.join(path), LARGEST_FILE).map(Arc::from).map_err(wrong)
    }
}

/// The embedded files, seen from a theme's folder.
struct Embedded(PathBuf);

impl Resources for Embedded {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ResourceError> {
        let wrong = |cause: &str| ResourceError { path: path.to_owned(), cause: cause.to_owned() };
        let mut full = PathBuf::new();
        for component in self.0.join(path).components() {
            match component {
                Component::Normal(part) => full.push(part),
                Component::CurDir => {}
                Component::ParentDir if full.pop() => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    return Err(wrong("an embedded scenario reads embedded files only"));
                }
            }
        }
        let file = EMBEDDED.get_file(&full).ok_or_else(|| wrong("no such embedded file"))?;
        Ok(Arc::from(file.contents()))
    }
}
