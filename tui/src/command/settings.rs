//! Where the configuration file of the terminal is, and what it says.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Failure;
use crate::config::{self, Config, LARGEST};

/// What the given file says, or that of the person. Only the latter need not be there.
pub fn load(given: Option<&Path>) -> Result<Config, Failure> {
    let Some(path) = given.map(Path::to_owned).or_else(usual_path) else {
        return Ok(Config::default());
    };
    let bytes = match read(&path) {
        Err(error) if given.is_none() && is_missing(&error) => return Ok(Config::default()),
        bytes => bytes.map_err(Failure::file(&path))?,
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(Failure::Usage(format!("{}: not a text in UTF-8", path.display())));
    };
    Ok(config::parse(&text, &path.display().to_string())?)
}

/// As the XDG base directory specification has it; a path that is not absolute counts for nothing
/// there.
fn usual_path() -> Option<PathBuf> {
    let folder = |name| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let configured = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
    Some(configured.join("weir/config.toml"))
}

/// A little more than may be read, so that a device without an end is no trap and still too large.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
