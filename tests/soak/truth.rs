//! The database of truth: versions of rows in a file that all processes share.
//!
//! Every row has one owner, the only process that writes it, so nothing has to be locked between processes: eight
//! bytes at a place of their own are written whole.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

pub(crate) const ROWS: usize = 32;

/// What is known of a row.
#[derive(Clone, Copy)]
pub(crate) enum Fact {
    /// Its version in the database.
    Version,
    /// The version that a delivered invalidation of its key, tag or scope vouches for.
    Vouched,
    /// The same for invalidations of its tag.
    VouchedByTag,
}

pub(crate) struct Truth {
    file: File,
    path: PathBuf,
    is_owner: bool,
}

impl Truth {
    pub(crate) fn create() -> Self {
        let path = std::env::temp_dir().join(format!("soak-{}", std::process::id()));
        std::fs::write(&path, [0; ROWS * 3 * 8]).expect("a file");
        let mut truth = Truth::open(path);
        truth.is_owner = true;
        truth
    }

    pub(crate) fn open(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let file = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .expect("the file");
        Truth {
            file,
            path,
            is_owner: false,
        }
    }

    pub(crate) fn path(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    pub(crate) fn get(&self, fact: Fact, row: usize) -> u64 {
        let mut bytes = [0; 8];
        self.file
            .read_exact_at(&mut bytes, place(fact, row))
            .expect("eight bytes");
        u64::from_le_bytes(bytes)
    }

    /// By the row's owner only.
    pub(crate) fn set(&self, fact: Fact, row: usize, version: u64) {
        self.file
            .write_all_at(&version.to_le_bytes(), place(fact, row))
            .expect("eight bytes");
    }
}

impl Drop for Truth {
    fn drop(&mut self) {
        if self.is_owner {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn place(fact: Fact, row: usize) -> u64 {
    8 * (3 * row as u64 + fact as u64)
}
