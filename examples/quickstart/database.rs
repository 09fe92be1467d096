//! The database: a SQLite file in a temporary folder, and a count of what is asked of it.
//!
//! One connection reads and one writes; in WAL mode they work at the same time. SQLite blocks its thread, so every
//! piece of work goes to Tokio's blocking pool.

use crate::queries;
use rusqlite::{Connection, Transaction};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// `Clone`, so that callers who share a query can share its error too.
pub(crate) type DbError = Arc<rusqlite::Error>;

/// A handle; clones share the connections.
#[derive(Clone)]
pub(crate) struct Db(Arc<Shared>);

struct Shared {
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
    /// A channel, so that one can wait for the next query to begin.
    begun: watch::Sender<Begun>,
    /// The last field, since the connections have to be closed before it goes.
    _folder: Folder,
}

/// How many queries and changes have begun. This alone tells what came from the database.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Begun {
    pub(crate) reads: u32,
    pub(crate) writes: u32,
}

impl Db {
    /// Makes the file, and fills it.
    pub(crate) fn open() -> Result<Self, Box<dyn std::error::Error>> {
        let folder = Folder::create()?;
        let file = folder.0.join("clinic.sqlite");
        let mut writer = connect(&file)?;
        queries::seed(&mut writer)?;
        Ok(Db(Arc::new(Shared {
            reader: Mutex::new(connect(&file)?),
            writer: Mutex::new(writer),
            begun: watch::Sender::default(),
            _folder: folder,
        })))
    }

    /// Runs a query.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let shared = Arc::clone(&self.0);
        blocking(move || {
            let mut reader = lock(&shared.reader);
            let snapshot = snapshot(&mut reader)?;
            shared.begun.send_modify(|begun| begun.reads += 1);
            query(&snapshot)
        })
        .await
    }

    /// Runs a change in a transaction, which is committed when this returns `Ok`.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let shared = Arc::clone(&self.0);
        blocking(move || {
            let mut writer = lock(&shared.writer);
            shared.begun.send_modify(|begun| begun.writes += 1);
            let transaction = writer.transaction()?;
            let done = change(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }

    pub(crate) fn begun(&self) -> Begun {
        *self.0.begun.borrow()
    }

    /// Waits until a query has begun since `then`.
    pub(crate) async fn query_since(&self, then: Begun) {
        let mut begun = self.0.begun.subscribe();
        // An error would mean that the sender is gone, which `self` holds.
        let _ = begun.wait_for(|now| now.reads > then.reads).await;
    }
}

/// Runs `work` where it may block. Should it panic, so does the caller.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, DbError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.unwrap_or_else(|stopped| resume_unwind(stopped.into_panic()))?)
}

/// A transaction that reads the database as it is now, whatever is committed meanwhile.
fn snapshot(reader: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    let snapshot = reader.transaction()?;
    // SQLite takes it at the first read.
    snapshot.query_row("SELECT 1 FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(snapshot)
}

/// A connection is as good as before when a query has panicked: its transaction was rolled back.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
    Ok(connection)
}

/// A temporary folder, removed with all that is in it when it is dropped: also after an error.
struct Folder(PathBuf);

impl Folder {
    fn create() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("quickstart-{}", std::process::id()));
        // One of this name was left by a process that was killed.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}
