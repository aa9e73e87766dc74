//! The edge where what is exported becomes files. None that exists is ever written over.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::export::Exports;

/// How many exports of one place there may be.
const MOST: u32 = 1_000;

/// Writes files that belong together into a folder, and says how they are called. If one of them
/// exists, all of them get a number.
pub fn save(folder: &Path, exports: &Exports) -> io::Result<Vec<PathBuf>> {
    for number in 1..=MOST {
        let paths: Vec<PathBuf> = exports
            .files
            .iter()
            .map(|file| match number {
                1 => folder.join(format!("{}{}", exports.stem, file.ending)),
                number => folder.join(format!("{}-{number}{}", exports.stem, file.ending)),
            })
            .collect();
        // Also a link that leads nowhere is in the way.
        if paths.iter().any(|path| path.symlink_metadata().is_ok()) {
            continue;
        }
        for (path, file) in paths.iter().zip(&exports.files) {
            let mut created = OpenOptions::new().write(true).create_new(true).open(path)?;
            created.write_all(file.contents.as_bytes())?;
        }
        return Ok(paths);
    }
    let message = format!("there are {MOST} of {} already", exports.stem);
    Err(io::Error::new(io::ErrorKind::AlreadyExists, message))
}
