//! A SQLite database of names in a folder of its own, with one connection that writes and one that reads what is
//! committed, and the table of an outbox.

use cache_runtime::OutboxStore;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};

/// A connection that its clones share.
#[derive(Clone)]
pub(crate) struct Session(Arc<Mutex<Connection>>);

impl Session {
    pub(crate) fn open(file: &Path) -> Self {
        let connection = Connection::open(file).expect("a file");
        let pragmas =
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 10000;";
        connection.execute_batch(pragmas).expect("pragmas");
        Session(Arc::new(Mutex::new(connection)))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().expect("no test panics with it")
    }

    pub(crate) fn run(&self, sql: &str) {
        self.lock().execute_batch(sql).expect(sql);
    }

    pub(crate) fn name(&self, id: u32) -> String {
        let sql = "SELECT name FROM people WHERE id = ?1";
        let name = self.lock().query_row(sql, [id], |row| row.get(0));
        name.expect("there is one")
    }

    pub(crate) fn rename(&self, id: u32, name: &str) {
        let sql = "INSERT OR REPLACE INTO people (id, name) VALUES (?1, ?2)";
        let done = self.lock().execute(sql, (id, name));
        done.expect("it is written");
    }

    /// Writes rows for the outbox.
    pub(crate) fn leave(&self, lines: &[String]) {
        for line in lines {
            let sql = "INSERT INTO cache_outbox (line) VALUES (?1)";
            self.lock().execute(sql, [line]).expect("a row");
        }
    }

    /// The rows that are there.
    pub(crate) fn left(&self) -> Vec<String> {
        let rows = self.rows(usize::MAX).expect("rows");
        rows.into_iter().map(|(_, line)| line).collect()
    }

    fn rows(&self, most: usize) -> rusqlite::Result<Vec<(i64, String)>> {
        let connection = self.lock();
        let sql = "SELECT id, line FROM cache_outbox ORDER BY id LIMIT ?1";
        let mut rows = connection.prepare(sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = rows.query_map([most], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }
}

impl OutboxStore for Session {
    type Id = i64;
    type Error = rusqlite::Error;

    async fn pending(&self, most: usize) -> rusqlite::Result<Vec<(i64, String)>> {
        self.rows(most)
    }

    async fn done(&self, ids: &[i64]) -> rusqlite::Result<()> {
        for id in ids {
            let sql = "DELETE FROM cache_outbox WHERE id = ?1";
            self.lock().execute(sql, [id])?;
        }
        Ok(())
    }
}

/// A file that goes with the test.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn create() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "transactions-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, SeqCst)
        );
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).expect("a folder");
        let file = File(folder);
        file.session().run(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
             CREATE TABLE cache_outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);",
        );
        file
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.join("names.sqlite")
    }

    pub(crate) fn session(&self) -> Session {
        Session::open(&self.path())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
