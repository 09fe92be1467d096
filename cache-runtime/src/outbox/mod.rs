//! An outbox: invalidations that a transaction has written to its own database, so that they outlive the process.
//!
//! It knows no database. Rows go only when the cache has acknowledged what they say; whatever happens before leaves
//! them there, to be delivered again. Deletions are idempotent, so twice is as good as once.

mod batch;
mod run;
mod store;

pub use store::OutboxStore;

use crate::cache::Cache;
use crate::collecting::UnreadableLine;
use crate::invalidate::Delivery;
use crate::sync::lock;
use crate::trace;
use crate::transaction::Invalidations;
use batch::{Batch, Delivered};
use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Rows that are read at a time.
const AT_ONCE: usize = 500;

/// Delivers the invalidations that committed transactions have left in a table.
///
/// A process that is killed between its commit and its invalidation leaves what it has changed in the cache, until the
/// time to live ends. With an outbox the invalidation is committed together with the change: one is there if and only
/// if the other is. Whoever comes next delivers it, be it this process after a restart or another one that is running.
///
/// ```
/// use cache_runtime::{Cache, Invalidations, Outbox, OutboxStore};
/// use std::time::Duration;
/// # use std::collections::BTreeMap;
/// # use std::convert::Infallible;
/// # use std::sync::Mutex;
/// # #[derive(Default)] struct Table(Mutex<BTreeMap<i64, String>>);
/// # impl OutboxStore for Table {
/// #     type Id = i64;
/// #     type Error = Infallible;
/// #     async fn pending(&self, most: usize) -> Result<Vec<(i64, String)>, Infallible> {
/// #         Ok(self.0.lock().unwrap().iter().take(most).map(|(id, line)| (*id, line.clone())).collect())
/// #     }
/// #     async fn done(&self, ids: &[i64]) -> Result<(), Infallible> {
/// #         self.0.lock().unwrap().retain(|id, _| !ids.contains(id));
/// #         Ok(())
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Infallible> {
/// # let (cache, table) = (Cache::in_memory(), Table::default());
/// let outbox = Outbox::new(&cache, table);
/// outbox.deliver_pending().await?; // before this process serves anything
/// let delivering = tokio::spawn(outbox.clone().run(Duration::from_secs(5)));
///
/// // In a handler:
/// let mut invalidations = Invalidations::of(&cache);
/// invalidations.key("user:1");
/// for line in invalidations.lines_of(&cache) {
///     # let _ = line;
///     // … insert it, in the transaction
/// }
/// outbox.commit(invalidations, async { /* commit */ }).await;
/// # delivering.abort();
/// # Ok(()) }
/// ```
///
/// Until a row is delivered, readers see what was there before. So deliver what is pending before you serve, and let
/// every process that shares the cache [run](Outbox::run) an outbox on the table: several at once do no harm. An
/// embedded cache is another matter: it ends with its process, and nobody else can delete from it; only a table of its
/// own makes sense for it, if any.
///
/// Cloning it is cheap; clones share everything.
pub struct Outbox<S: OutboxStore> {
    shared: Arc<Shared<S>>,
}

struct Shared<S: OutboxStore> {
    cache: Cache,
    store: S,
    wake: Notify,
    /// One delivery at a time; the others would send the same.
    turn: tokio::sync::Mutex<()>,
    /// Rows that cannot be read and have been complained about.
    unreadable: Mutex<HashSet<S::Id>>,
}

/// What a delivery has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxReport {
    /// Rows that were delivered and removed.
    pub delivered: usize,
    /// How many of them could not be read, so that everything was invalidated instead.
    pub unreadable: usize,
    /// [`Delivered`](Delivery::Delivered) if nothing that was committed when it began is left.
    pub delivery: Delivery,
}

impl<S: OutboxStore> Outbox<S> {
    /// An outbox of this cache.
    pub fn new(cache: &Cache, store: S) -> Self {
        Outbox {
            shared: Arc::new(Shared {
                cache: cache.clone(),
                store,
                wake: Notify::new(),
                turn: tokio::sync::Mutex::new(()),
                unreadable: Mutex::default(),
            }),
        }
    }

    /// Runs the commit of a transaction that has written its rows, delivers at once what they say, as
    /// [`Invalidations::commit`] does, and wakes whoever [runs](Outbox::run) this outbox to remove them.
    ///
    /// That delivers them a second time. Who knows the numbers of the rows and is told
    /// [`Delivered`](Delivery::Delivered) by [`Invalidations::deliver`] may delete them instead.
    pub fn commit<C: Future>(
        &self,
        invalidations: Invalidations,
        commit: C,
    ) -> impl Future<Output = C::Output> + use<S, C> {
        let commit = invalidations.commit(commit);
        let waker = Waker(self.clone());
        async move {
            let _waker = waker;
            commit.await
        }
    }

    /// Wakes whoever [runs](Outbox::run) this outbox: there are new rows. For those who hear of commits by other means,
    /// such as a `NOTIFY` of the database.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// Delivers every row that is there, the oldest first, and removes those that the cache has acknowledged.
    ///
    /// Call it at start, before anything is served. If it is [deferred](Delivery::Deferred), because Redis is away, the
    /// rows stay; this process reads nothing from Redis before it has delivered those that it has tried.
    ///
    /// A row that cannot be read, since a later version or something else has written it, invalidates everything: that
    /// is more than it meant, and never less. It is logged as a warning, once, by its number, and removed like the
    /// others.
    ///
    /// # Errors
    ///
    /// If the database could not be asked, or not be told what is done. What was delivered by then may be delivered
    /// again.
    pub async fn deliver_pending(&self) -> Result<OutboxReport, S::Error> {
        let shared = &*self.shared;
        let _turn = shared.turn.lock().await;
        let mut report = OutboxReport {
            delivered: 0,
            unreadable: 0,
            delivery: Delivery::Delivered,
        };
        let mut removed = HashSet::new();
        loop {
            let mut rows = shared.store.pending(AT_ONCE).await?;
            let is_last = rows.len() < AT_ONCE;
            // From a store that does not remove what is done, one would read them for ever.
            rows.retain(|(id, _)| !removed.contains(id));
            if rows.is_empty() {
                return Ok(report);
            }
            let batch = Batch::read(rows, |id, why| shared.complains(id, why));
            let Delivered { rows, delivery } = batch.deliver(&shared.cache).await;
            report.delivery = delivery;
            report.delivered += rows.len();
            report.unreadable += rows.iter().filter(|row| row.is_unreadable).count();
            let ids: Vec<S::Id> = rows.into_iter().map(|row| row.id).collect();
            if !ids.is_empty() {
                shared.store.done(&ids).await?;
                shared.forget(&ids);
                removed.extend(ids);
            }
            if is_last || report.delivery != Delivery::Delivered {
                return Ok(report);
            }
        }
    }
}

impl<S: OutboxStore> Shared<S> {
    /// Says once of each row that it cannot be read.
    fn complains(&self, id: &S::Id, why: &UnreadableLine) {
        if lock(&self.unreadable).insert(id.clone()) {
            trace::unreadable_row(id, why);
        }
    }

    fn forget(&self, ids: &[S::Id]) {
        let mut unreadable = lock(&self.unreadable);
        if !unreadable.is_empty() {
            ids.iter().for_each(|id| {
                unreadable.remove(id);
            });
        }
    }
}

/// Wakes an outbox when a commit has ended, however it ended.
struct Waker<S: OutboxStore>(Outbox<S>);

impl<S: OutboxStore> Drop for Waker<S> {
    fn drop(&mut self) {
        self.0.wake();
    }
}

impl<S: OutboxStore> Clone for Outbox<S> {
    fn clone(&self) -> Self {
        Outbox {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S: OutboxStore> fmt::Debug for Outbox<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("cache", &self.shared.cache)
            .finish_non_exhaustive()
    }
}
