//! Scratch files on the real disk, one directory for a whole simulation.
//!
//! It is made when the first node asks for it, in shared memory where there is such a thing, and
//! removed with everything in it when the simulation ends. Its name follows from the process and a
//! counter and from nothing random: a draw in here would move the run's own random streams.
//!
//! Invariant: no path is ever given twice, and none is ever seen by a trace.

use std::cell::{Cell, OnceCell};
use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells the simulations of one process apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// See the module.
#[derive(Default)]
pub(super) struct ScratchSpace {
    root: OnceCell<PathBuf>,
    given: Cell<u64>,
}

impl ScratchSpace {
    /// The path of a directory that was never given before and is not there yet.
    pub(super) fn directory(&self) -> io::Result<PathBuf> {
        let root = match self.root.get() {
            Some(root) => root,
            None => {
                let made = make_root()?;
                self.root.get_or_init(|| made)
            }
        };
        let number = self.given.get();
        self.given.set(number + 1);
        Ok(root.join(number.to_string()))
    }
}

impl Drop for ScratchSpace {
    fn drop(&mut self) {
        if let Some(root) = self.root.get() {
            // What cannot be removed now can be removed by nobody who would hear of it.
            let _ = std::fs::remove_dir_all(root);
        }
    }
}

fn make_root() -> io::Result<PathBuf> {
    let shared_memory = Path::new("/dev/shm");
    if shared_memory.is_dir()
        && let Ok(root) = make_root_in(shared_memory)
    {
        return Ok(root);
    }
    make_root_in(&std::env::temp_dir())
}

/// Makes a directory that only this user may look into. A name that is taken, by what a killed
/// process of the same number has left behind, is passed over.
fn make_root_in(parent: &Path) -> io::Result<PathBuf> {
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = parent.join(format!("weir-{}-{number}", std::process::id()));
        match private().create(&root) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(root),
        }
    }
}

#[cfg(unix)]
fn private() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn private() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_differ_and_go_with_their_space() {
        let space = ScratchSpace::default();
        let (first, second) = (space.directory().unwrap(), space.directory().unwrap());
        assert_ne!(first, second);
        let root = first.parent().unwrap().to_path_buf();
        std::fs::create_dir(&first).unwrap();
        std::fs::write(first.join("file"), "x").unwrap();
        assert!(root.is_dir());
        drop(space);
        assert!(!root.exists());
    }
}
