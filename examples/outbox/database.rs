//! The database: a SQLite file with people, and with the rows of the outbox beside them.
//!
//! SQLite blocks its thread, so every piece of work goes to Tokio's blocking pool.

use cache_runtime::OutboxStore;
use rusqlite::Connection;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// `Clone`, so that callers who share a query can share its error too.
pub(crate) type DbError = Arc<rusqlite::Error>;

/// A handle; clones share the connection.
#[derive(Clone)]
pub(crate) struct Db {
    connection: Arc<Mutex<Connection>>,
    /// How often a name was asked for. This alone tells what came from the database.
    queries: Arc<AtomicUsize>,
}

impl Db {
    /// Opens the file, and makes the tables if there are none.
    pub(crate) fn open(file: &Path) -> Result<Self, DbError> {
        let connection = Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE IF NOT EXISTS people (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
             CREATE TABLE IF NOT EXISTS cache_outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);
             INSERT OR IGNORE INTO people VALUES (1, 'Ada');",
        )?;
        Ok(Db {
            connection: Arc::new(Mutex::new(connection)),
            queries: Arc::default(),
        })
    }

    pub(crate) fn queries(&self) -> usize {
        self.queries.load(Ordering::Relaxed)
    }

    pub(crate) async fn name(&self, id: u32) -> Result<String, DbError> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let query = move |connection: &Connection| {
            let sql = "SELECT name FROM people WHERE id = ?1";
            connection.query_row(sql, [id], |row| row.get(0))
        };
        self.run(query).await
    }

    /// Rolled back when it is dropped without a commit.
    pub(crate) async fn begin(&self) -> Result<Transaction, DbError> {
        let connection = Arc::clone(&self.connection).lock_owned().await;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Transaction(Some(connection)))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let connection = Arc::clone(&self.connection).lock_owned().await;
        let (_, done) = blocking(connection, work).await;
        done
    }
}

/// A transaction, which has the connection to itself.
pub(crate) struct Transaction(Option<OwnedMutexGuard<Connection>>);

impl Transaction {
    pub(crate) async fn rename(&mut self, id: u32, name: &str) -> Result<(), DbError> {
        let name = name.to_owned();
        let update = move |connection: &Connection| {
            let sql = "UPDATE people SET name = ?2 WHERE id = ?1";
            connection.execute(sql, (id, name)).map(|_| ())
        };
        self.run(update).await
    }

    /// Writes what is to be invalidated beside what has changed.
    pub(crate) async fn leave(&mut self, lines: Vec<String>) -> Result<(), DbError> {
        let insert = move |connection: &Connection| {
            let mut insert = connection.prepare("INSERT INTO cache_outbox (line) VALUES (?1)")?;
            lines
                .iter()
                .try_for_each(|line| insert.execute([line]).map(|_| ()))
        };
        self.run(insert).await
    }

    pub(crate) async fn commit(mut self) -> Result<(), DbError> {
        self.run(|connection| connection.execute_batch("COMMIT"))
            .await?;
        self.0 = None;
        Ok(())
    }

    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let Some(connection) = self.0.take() else {
            // A statement before this one was given up midway, and has taken the connection along.
            return Err(Arc::new(rusqlite::Error::InvalidQuery));
        };
        let (connection, done) = blocking(connection, work).await;
        self.0 = Some(connection);
        done
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(connection) = &self.0
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            eprintln!("the transaction could not be rolled back: {error}");
        }
    }
}

type Guard = OwnedMutexGuard<Connection>;

/// Runs `work` where it may block. Should it panic, so does the caller.
async fn blocking<T: Send + 'static>(
    connection: Guard,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> (Guard, Result<T, DbError>) {
    let task = tokio::task::spawn_blocking(move || {
        let done = work(&connection).map_err(Arc::new);
        (connection, done)
    });
    let done = task.await;
    done.unwrap_or_else(|stopped| resume_unwind(stopped.into_panic()))
}

/// All that the outbox has to know of this database.
impl OutboxStore for Db {
    type Id = i64;
    type Error = DbError;

    async fn pending(&self, most: usize) -> Result<Vec<(i64, String)>, DbError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let query = move |connection: &Connection| {
            let sql = "SELECT id, line FROM cache_outbox ORDER BY id LIMIT ?1";
            let mut rows = connection.prepare(sql)?;
            let rows = rows.query_map([most], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        self.run(query).await
    }

    async fn done(&self, ids: &[i64]) -> Result<(), DbError> {
        let ids = ids.to_vec();
        let delete = move |connection: &Connection| {
            let mut delete = connection.prepare("DELETE FROM cache_outbox WHERE id = ?1")?;
            ids.iter()
                .try_for_each(|id| delete.execute([id]).map(|_| ()))
        };
        self.run(delete).await
    }
}
