//! The folder of a server.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Of the redis server's own output. Kept when the folder is emptied.
const LOG: &str = "server.log";

/// A new folder among the temporary ones, removed on drop.
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    pub(super) fn create() -> Self {
        let random = RandomState::new().hash_one(std::process::id()) as u32;
        let path = env::temp_dir().join(format!("redis-{}-{random:08x}", std::process::id()));
        fs::create_dir(&path).unwrap_or_else(|error| panic!("cannot create {path:?}: {error}"));
        Self { path }
    }

    /// Removes all that the server has written, but for its log.
    pub(super) fn empty(&self) {
        let entries = fs::read_dir(&self.path).expect("the folder is ours");
        for entry in entries.map(|entry| entry.expect("the folder is ours")) {
            let path = entry.path();
            let removed = match entry.file_type() {
                _ if path == self.log_path() => Ok(()),
                Ok(kind) if kind.is_dir() => fs::remove_dir_all(&path),
                _ => fs::remove_file(&path),
            };
            removed.unwrap_or_else(|error| panic!("cannot remove {path:?}: {error}"));
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn configuration_path(&self) -> PathBuf {
        self.path().join("sentinel.conf")
    }

    pub(super) fn log_path(&self) -> PathBuf {
        self.path.join(LOG)
    }

    /// What the server has said so far.
    pub(super) fn log(&self) -> String {
        let bytes = fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
