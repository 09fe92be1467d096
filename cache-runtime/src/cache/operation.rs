//! Operations with options: awaited when they are complete.

use super::Cache;
use crate::error::CacheError;
use crate::key::Key;
use crate::policy::Policy;
use crate::read_through::{Call, Fallible, Lookup, Opaque, Plain, Plan, Shape};
use crate::site::DIRECT;
use crate::tag::Tag;
use crate::ttl::IntoTtl;
use crate::value::CacheValue;
use crate::write::{self, Permit};
use std::future::{Future, IntoFuture};
use std::pin::Pin;

/// An operation on one key that takes a time to live and tags; nothing happens until it is awaited.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use cache_runtime::{Cache, Ttl};
///
/// let cache = Cache::in_memory();
/// let total = cache
///     .get_or_try_set("total", || async { Ok::<_, std::io::Error>(42) })
///     .ttl(Ttl::secs(60))
///     .tag("sums")
///     .await;
/// assert_eq!(total.unwrap(), 42);
/// # }
/// ```
#[must_use = "nothing happens until it is awaited"]
#[derive(Debug)]
pub struct Operation<'c, A> {
    pub(super) cache: &'c Cache,
    pub(super) key: Key,
    pub(super) plan: Plan,
    pub(super) policy: Policy,
    pub(super) action: A,
}

/// Stores a value; see [`Cache::set`].
#[derive(Debug)]
pub struct Set<T>(T);

/// Stores a value, or tells why not; see [`Cache::try_set`].
#[derive(Debug)]
pub struct TrySet<T>(T);

/// Computes and stores; see [`Cache::set_with`].
#[derive(Debug)]
pub struct SetWith<F>(F);

/// Reads, or computes and stores; see [`Cache::get_or_set`].
#[derive(Debug)]
pub struct GetOrSet<F>(pub(super) F);

/// Reads, or computes and stores if that succeeds; see [`Cache::get_or_try_set`].
#[derive(Debug)]
pub struct GetOrTrySet<F>(pub(super) F);

/// Writes to the source and to the cache; see [`Cache::write_through`].
#[derive(Debug)]
pub struct WriteThrough<F>(F);

impl<A> Operation<'_, A> {
    /// How long the value stays fresh. Default: the cache's.
    pub fn ttl(mut self, ttl: impl IntoTtl) -> Self {
        self.plan.ttl = ttl.into_ttl();
        self
    }

    /// A tag that the entry carries.
    pub fn tag(mut self, tag: impl Into<Tag>) -> Self {
        self.plan.tags.push(tag.into());
        self
    }

    /// Tags that the entry carries.
    pub fn tags<T: Into<Tag>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.plan.tags.extend(tags.into_iter().map(Into::into));
        self
    }
}

impl Cache {
    /// Stores `value` under `key`; awaited, tells whether it was stored.
    ///
    /// Whatever is being computed for this key at the moment can no longer be stored. But the cache cannot know
    /// how old `value` is: if it was read from a database before somebody else wrote and invalidated, an old
    /// value is stored. To be safe from that use [`set_with`](Cache::set_with), or
    /// [`write_through`](Cache::write_through) around the write itself.
    pub fn set<T: CacheValue>(&self, key: impl Into<Key>, value: T) -> Operation<'_, Set<T>> {
        self.operation(key, Set(value))
    }

    /// As [`set`](Cache::set) for who wants to know why a value was not stored.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::CacheError> {
    /// let cache = cache_runtime::Cache::in_memory();
    /// cache.try_set("pi", 3.14).tag("numbers").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// Awaited, it is `Ok` also where there was nothing to store: the cache is switched off, or the time to live is none.
    ///
    /// # Errors
    ///
    /// If the shared server could not be told, or the value cannot be written for it. After an error the
    /// key is deleted, as by [`try_delete`](Cache::try_delete): what was there is older than `value`.
    pub fn try_set<T: CacheValue>(
        &self,
        key: impl Into<Key>,
        value: T,
    ) -> Operation<'_, TrySet<T>> {
        self.operation(key, TrySet(value))
    }

    /// Runs `compute` and stores its value, unless an invalidation of the key, its scopes or its tags came
    /// between; awaited, returns the value.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let cache = cache_runtime::Cache::in_memory();
    /// assert_eq!(cache.set_with("n", || async { 7 }).await, 7);
    /// assert_eq!(cache.get::<i32>("n").await, Some(7));
    /// # }
    /// ```
    pub fn set_with<T, F, Fut>(&self, key: impl Into<Key>, compute: F) -> Operation<'_, SetWith<F>>
    where
        T: CacheValue,
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        self.operation(key, SetWith(compute))
    }

    /// The value under `key`, or else what `compute` returns, which is stored.
    ///
    /// Callers that come at the same time share one computation. An invalidation that comes while it runs wins:
    /// what was computed from before it is not stored. Whatever `compute` returns is a value, and stored: also a `None`, which a
    /// cached function would not store.
    pub fn get_or_set<T, F, Fut>(
        &self,
        key: impl Into<Key>,
        compute: F,
    ) -> Operation<'_, GetOrSet<F>>
    where
        T: CacheValue,
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
    {
        self.operation(key, GetOrSet(compute))
    }

    /// As [`get_or_set`](Cache::get_or_set) for a computation that can fail: an `Err` is returned, not stored.
    pub fn get_or_try_set<T, E, F, Fut>(
        &self,
        key: impl Into<Key>,
        compute: F,
    ) -> Operation<'_, GetOrTrySet<F>>
    where
        T: CacheValue,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.operation(key, GetOrTrySet(compute))
    }

    /// Runs `write`, which writes to the source and returns the new value, and stores that.
    ///
    /// However `write` ends, no reader finds the old value afterwards: if it fails, is cancelled or panics, or if
    /// another write or an invalidation comes between, the key is deleted instead. (On a server that cannot be reached
    /// this is [deferred](crate::Delivery::Deferred), as any invalidation.)
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let cache = cache_runtime::Cache::in_memory();
    /// cache.set("user:1:name", "Ada".to_owned()).await;
    /// let renamed = cache
    ///     .write_through("user:1:name", || async { Ok::<_, std::io::Error>("Grace".to_owned()) })
    ///     .await;
    /// assert_eq!(renamed.unwrap(), "Grace");
    /// assert_eq!(cache.get::<String>("user:1:name").await.as_deref(), Some("Grace"));
    /// # }
    /// ```
    pub fn write_through<T, E, F, Fut>(
        &self,
        key: impl Into<Key>,
        write: F,
    ) -> Operation<'_, WriteThrough<F>>
    where
        T: CacheValue,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.operation(key, WriteThrough(write))
    }

    fn operation<A>(&self, key: impl Into<Key>, action: A) -> Operation<'_, A> {
        Operation {
            cache: self,
            key: key.into(),
            plan: Plan::default(),
            policy: Policy::NONE,
            action,
        }
    }
}

type Awaited<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

impl<'c, T: CacheValue> IntoFuture for Operation<'c, Set<T>> {
    type Output = bool;
    type IntoFuture = Awaited<'c, bool>;

    fn into_future(self) -> Self::IntoFuture {
        let Set(value) = self.action;
        Box::pin(async move {
            write::set(
                self.cache,
                &DIRECT,
                &self.policy,
                &self.key,
                value,
                self.plan,
            )
            .await
        })
    }
}

impl<'c, T: CacheValue> IntoFuture for Operation<'c, TrySet<T>> {
    type Output = Result<(), CacheError>;
    type IntoFuture = Awaited<'c, Result<(), CacheError>>;

    fn into_future(self) -> Self::IntoFuture {
        let TrySet(value) = self.action;
        Box::pin(async move {
            write::try_set(
                self.cache,
                &DIRECT,
                &self.policy,
                &self.key,
                value,
                self.plan,
            )
            .await
        })
    }
}

impl<'c, T, F, Fut> IntoFuture for Operation<'c, SetWith<F>>
where
    T: CacheValue,
    F: FnOnce() -> Fut + Send + 'c,
    Fut: Future<Output = T> + Send + 'c,
{
    type Output = T;
    type IntoFuture = Awaited<'c, T>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let SetWith(compute) = self.action;
            write::set_with(
                self.cache,
                &DIRECT,
                &self.policy,
                Plain,
                &self.key,
                self.plan,
                async { compute().await },
            )
            .await
        })
    }
}

impl<'c, T, F, Fut> IntoFuture for Operation<'c, GetOrSet<F>>
where
    T: CacheValue,
    F: FnOnce() -> Fut + Send + 'c,
    Fut: Future<Output = T> + Send + 'c,
{
    type Output = T;
    type IntoFuture = Awaited<'c, T>;

    fn into_future(self) -> Self::IntoFuture {
        let GetOrSet(compute) = self.action;
        let (cache, key, plan) = (self.cache, self.key, self.plan);
        Box::pin(read_through(cache, key, plan, self.policy, Plain, compute))
    }
}

impl<'c, T, E, F, Fut> IntoFuture for Operation<'c, GetOrTrySet<F>>
where
    T: CacheValue,
    E: Send + 'c,
    F: FnOnce() -> Fut + Send + 'c,
    Fut: Future<Output = Result<T, E>> + Send + 'c,
{
    type Output = Result<T, E>;
    type IntoFuture = Awaited<'c, Result<T, E>>;

    fn into_future(self) -> Self::IntoFuture {
        let GetOrTrySet(compute) = self.action;
        let (cache, key, plan) = (self.cache, self.key, self.plan);
        let shape = Fallible(Opaque);
        Box::pin(read_through(cache, key, plan, self.policy, shape, compute))
    }
}

impl<'c, T, E, F, Fut> IntoFuture for Operation<'c, WriteThrough<F>>
where
    T: CacheValue,
    E: Send + 'c,
    F: FnOnce() -> Fut + Send + 'c,
    Fut: Future<Output = Result<T, E>> + Send + 'c,
{
    type Output = Result<T, E>;
    type IntoFuture = Awaited<'c, Result<T, E>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let WriteThrough(write) = self.action;
            let permit = Permit::take(&DIRECT, self.cache, self.key, self.plan).policy(self.policy);
            permit
                .run(Fallible(Opaque), async { write().await }, |_, _| {})
                .await
        })
    }
}

async fn read_through<R, S, F, Fut>(
    cache: &Cache,
    key: Key,
    plan: Plan,
    policy: Policy,
    shape: S,
    compute: F,
) -> R
where
    S: Shape<R>,
    S::Value: CacheValue,
    F: FnOnce() -> Fut,
    Fut: Future<Output = R>,
{
    let call = Call::new(&DIRECT, cache, &key).policy(&policy);
    match call.look(shape, || plan.clone()) {
        Lookup::Hit(returned) => returned,
        Lookup::Miss(miss) => miss.fill(async { compute().await }, |_, _| {}).await,
    }
}
