//! The table that an outbox reads, which is the application's.

use std::fmt;
use std::future::Future;
use std::hash::Hash;

/// Where the rows of an [`Outbox`](crate::Outbox) lie: a table in the database that the transactions are in.
///
/// ```sql
/// CREATE TABLE cache_outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL)
/// ```
///
/// A transaction inserts a row for each of [`Invalidations::lines_of`](crate::Invalidations::lines_of); a trigger may
/// as well. Only who implements this reads and deletes them.
///
/// ```
/// use cache_runtime::OutboxStore;
/// # use std::collections::BTreeMap;
/// # use std::convert::Infallible;
/// # use std::sync::Mutex;
///
/// /// A table in memory, to show what is asked for.
/// #[derive(Default)]
/// struct Table(Mutex<BTreeMap<i64, String>>);
///
/// impl OutboxStore for Table {
///     type Id = i64;
///     type Error = Infallible;
///
///     // SELECT id, line FROM cache_outbox ORDER BY id LIMIT most
///     async fn pending(&self, most: usize) -> Result<Vec<(i64, String)>, Infallible> {
///         let rows = self.0.lock().unwrap();
///         Ok(rows.iter().take(most).map(|(id, line)| (*id, line.clone())).collect())
///     }
///
///     // DELETE FROM cache_outbox WHERE id IN (…)
///     async fn done(&self, ids: &[i64]) -> Result<(), Infallible> {
///         self.0.lock().unwrap().retain(|id, _| !ids.contains(id));
///         Ok(())
///     }
/// }
/// ```
pub trait OutboxStore: Send + Sync {
    /// What a row is known by.
    type Id: Clone + Eq + Hash + fmt::Debug + Send + Sync;

    /// Why the database did not answer. It is logged as it displays.
    type Error: fmt::Display + Send;

    /// The oldest committed rows that are there, as many as `most`.
    ///
    /// To be read from the primary, in a transaction of its own. No row may be passed over for being older than one
    /// that was delivered: a transaction with a smaller number can commit later.
    fn pending(
        &self,
        most: usize,
    ) -> impl Future<Output = Result<Vec<(Self::Id, String)>, Self::Error>> + Send;

    /// Deletes these rows, which are delivered. Some may be gone already, if several processes deliver.
    fn done(&self, ids: &[Self::Id]) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
