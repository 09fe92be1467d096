//! Invalidations that belong to a database transaction: collected while it runs, delivered after its commit.

mod after_commit;

use crate::cache::Cache;
use crate::collecting::{self, List, Shared, UnreadableLine, line};
use crate::invalidate::{By, Delivery, Target};
use crate::key::Key;
use crate::pattern::Pattern;
use crate::sync::lock;
use crate::tag::Tag;
use after_commit::AfterCommit;
use std::fmt;
use std::future::Future;
use std::pin::pin;

/// What to invalidate once a database transaction is committed.
///
/// An invalidation that comes before the commit is worth nothing: a reader finds the old row, and stores it again.
/// So invalidations are collected here while the transaction runs, and [delivered](Invalidations::deliver) after its
/// commit. Dropped without, they invalidate nothing, which is what a rollback wants.
///
/// ```
/// use cache_runtime::{Cache, Invalidations, cache_invalidate};
/// # use std::io::Error;
/// # struct Transaction;
/// # impl Transaction {
/// #     async fn begin() -> Result<Self, Error> { Ok(Transaction) }
/// #     async fn commit(self) -> Result<(), Error> { Ok(()) }
/// # }
///
/// // Takes part in a transaction of its caller's.
/// #[cache_invalidate("user:{id}")]
/// async fn rename(transaction: &mut Transaction, id: u64, name: &str) -> Result<(), Error> {
///     # let _ = (transaction, name);
///     Ok(()) // write
/// }
///
/// async fn rename_both(cache: &Cache) -> Result<(), Error> {
///     let mut invalidations = Invalidations::of(cache);
///     let mut transaction = Transaction::begin().await?;
///     invalidations
///         .collect(async {
///             rename(&mut transaction, 1, "Ada").await?;
///             rename(&mut transaction, 2, "Grace").await
///         })
///         .await?; // an error: both are dropped, nothing was written and nothing is invalidated
///     invalidations.tag("names");
///     invalidations.commit(transaction.commit()).await
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let cache = Cache::in_memory();
/// # cache.set("x", 1).tag("names").await;
/// # rename_both(&cache).await.unwrap();
/// # assert_eq!(cache.get::<i32>("x").await, None);
/// # }
/// ```
///
/// Of what is named twice, one is kept. More than 10,000 of one cache are given up for one that invalidates everything
/// in it.
#[must_use = "dropped, it invalidates nothing: call `commit`, or `deliver` after the commit"]
pub struct Invalidations {
    /// `None`: the installed one.
    cache: Option<Cache>,
    list: Shared,
}

impl Invalidations {
    /// An empty list, of the installed cache.
    pub fn new() -> Self {
        Invalidations {
            cache: None,
            list: Shared::default(),
        }
    }

    /// An empty list, of this cache.
    pub fn of(cache: &Cache) -> Self {
        Invalidations {
            cache: Some(cache.clone()),
            ..Invalidations::new()
        }
    }

    /// Adds one key, as [`Cache::delete`] takes it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use cache_runtime::{Cache, Delivery, Invalidations};
    ///
    /// let cache = Cache::in_memory();
    /// cache.set("user:1", "Ada".to_owned()).await;
    /// let mut invalidations = Invalidations::of(&cache);
    /// invalidations.key("user:1").tag("names").pattern("user-list:*");
    /// // … commit, then:
    /// assert_eq!(invalidations.deliver().await, Delivery::Delivered);
    /// assert_eq!(cache.get::<String>("user:1").await, None);
    /// # }
    /// ```
    pub fn key(&mut self, key: impl Into<Key>) -> &mut Self {
        self.add(Target::Key(key.into()))
    }

    /// Adds one tag, as [`Cache::invalidate_tag`] takes it.
    pub fn tag(&mut self, tag: impl Into<Tag>) -> &mut Self {
        self.add(Target::tag(tag))
    }

    /// Adds a pattern, as [`Cache::invalidate`] takes it.
    pub fn pattern(&mut self, pattern: impl Into<Pattern>) -> &mut Self {
        self.add(Target::pattern(pattern))
    }

    /// Adds what a line says that [`lines_of`](Invalidations::lines_of) has written.
    ///
    /// ```
    /// use cache_runtime::{Cache, Invalidations};
    ///
    /// let cache = Cache::in_memory();
    /// let mut invalidations = Invalidations::of(&cache);
    /// invalidations.line("tag names")?;
    /// assert_eq!(invalidations.lines_of(&cache), ["tag names"]);
    /// # Ok::<(), cache_runtime::UnreadableLine>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it says nothing that this version understands. When in doubt, invalidate more: the pattern `*`.
    pub fn line(&mut self, line: &str) -> Result<&mut Self, UnreadableLine> {
        Ok(self.add(line::read(line)?))
    }

    /// Runs `work`, which takes part in a transaction, so that whatever it invalidates is added here instead: by
    /// annotated functions, by a [`Cache`], by domain caches; of any cache, and also if `work` is dropped midway or
    /// panics.
    ///
    /// Inside, a cache stands aside: cached functions run, `Cache::get` and its like find nothing, and nothing is
    /// stored. For what `work` reads is not committed, and may be older than what others have invalidated since the
    /// transaction began; and it has to see its own writes. Whatever would have been stored by `#[cache_put]`,
    /// `Cache::set` and other writes is added here as well, as a key to invalidate. So is what a
    /// `#[cache_invalidate]` function names that returns an error: the transaction may still be committed, with what
    /// that function has written before it failed. Invalidations say that they are
    /// [collected](Delivery::Collected).
    ///
    /// - The commit stays outside of it. What `work` commits itself, or writes otherwise than in the transaction, is
    ///   invalidated too late, or never.
    /// - Work that is handed to `tokio::spawn` is outside of it.
    /// - Inside another one it is a savepoint: what is delivered here is added there.
    /// - A cached function that runs it has its value returned and not stored.
    pub fn collect<F: Future>(&mut self, work: F) -> impl Future<Output = F::Output> {
        collecting::collecting(Shared::clone(&self.list), work)
    }

    /// Runs the commit, and delivers, whatever came of it.
    ///
    /// If `commit` returns an error, is dropped midway or panics, nobody knows whether the database has committed: the
    /// connection may have been lost on the way back. To invalidate what has not changed costs a computation; not to
    /// invalidate what has changed is an error that lasts. So it invalidates in any case, from the moment at which
    /// this is called. Who knows for certain that nothing was committed, as after a rollback, drops the list instead.
    ///
    /// Whether it was delivered is in the log and in [`Stats::deferred`](crate::Stats::deferred), as for annotated
    /// functions; to have it told, commit yourself and call [`deliver`](Invalidations::deliver).
    ///
    /// What it cannot do: wait for a commit that takes effect after its future has ended, because it was dropped or
    /// lost its connection, while the server goes on. A reader may then store the old value once more, until its time
    /// to live ends. An [`Outbox`](crate::Outbox) has no such gap.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use cache_runtime::{Cache, Invalidations};
    ///
    /// let cache = Cache::in_memory();
    /// cache.set("user:1", "Ada".to_owned()).await;
    /// let mut invalidations = Invalidations::of(&cache);
    /// invalidations.key("user:1");
    /// let committed = invalidations.commit(async { Err::<(), _>("connection lost") }).await;
    /// assert_eq!(committed, Err("connection lost"));
    /// assert_eq!(cache.get::<String>("user:1").await, None);
    /// # }
    /// ```
    pub fn commit<C: Future>(self, commit: C) -> impl Future<Output = C::Output> {
        // Already here: the commit may have begun before anybody polls it.
        let after_commit = self.after_commit();
        async move {
            // Declared in this order, so that a commit that is dropped ends before it is delivered.
            let after_commit = after_commit;
            let ended = pin!(commit).await;
            after_commit.deliver().await;
            ended
        }
    }

    /// Invalidates all of it, after the commit. Dropped midway, it does so without waiting.
    pub fn deliver(self) -> impl Future<Output = Delivery> {
        self.after_commit().deliver()
    }

    /// What is to be invalidated in this cache, each as a line of text of which different things have different ones:
    /// to be written in the same transaction, for an [`Outbox`](crate::Outbox).
    ///
    /// ```
    /// use cache_runtime::{Cache, Invalidations};
    ///
    /// let cache = Cache::in_memory();
    /// let mut invalidations = Invalidations::of(&cache);
    /// invalidations.key("user:1").tag("names").pattern("user:1:*");
    /// assert_eq!(invalidations.lines_of(&cache), ["key user:1", "tag names", "pattern user:1:*"]);
    /// ```
    pub fn lines_of(&self, cache: &Cache) -> Vec<String> {
        let list = lock(&self.list);
        let targets = list.of(cache).iter();
        targets.map(|(target, _)| line::write(target)).collect()
    }

    /// How many there are, in all caches.
    pub fn len(&self) -> usize {
        lock(&self.list).len()
    }

    /// Whether there is nothing to invalidate.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn add(&mut self, target: Target) -> &mut Self {
        let cache = match &self.cache {
            Some(cache) => cache,
            None => Cache::global(),
        };
        lock(&self.list).add(cache, target, By::Hand);
        self
    }

    fn after_commit(self) -> AfterCommit {
        let list: List = std::mem::take(&mut *lock(&self.list));
        AfterCommit::new(list)
    }
}

impl Default for Invalidations {
    fn default() -> Self {
        Invalidations::new()
    }
}

/// How many, and not which: there may be personal data in keys.
impl fmt::Debug for Invalidations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invalidations")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
