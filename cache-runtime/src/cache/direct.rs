//! Reading and invalidating by hand.

use super::Cache;
use crate::collecting;
use crate::error::CacheError;
use crate::invalidate::{self, By, Delivery, Invalidated, Target};
use crate::key::Key;
use crate::pattern::{Pattern, Route};
#[cfg(feature = "redis")]
use crate::read_through::remote;
use crate::read_through::{Call, Optional, Plan};
use crate::site::DIRECT;
use crate::tag::Tag;
use crate::ttl::Ttl;
use crate::value::CacheValue;
use std::time::{Duration, Instant};

impl Cache {
    /// The value under `key`, if it is there, valid and a `T`.
    pub async fn get<T: CacheValue>(&self, key: impl Into<Key>) -> Option<T> {
        self.read(key.into()).await
    }

    /// As [`get`](Cache::get) for who wants to know whether there is nothing, or nobody could be asked.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::CacheError> {
    /// let cache = cache_runtime::Cache::in_memory();
    /// assert_eq!(cache.try_get::<u32>("total").await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// If the shared server could not be asked. An entry that cannot be trusted is none.
    pub async fn try_get<T: CacheValue>(
        &self,
        key: impl Into<Key>,
    ) -> Result<Option<T>, CacheError> {
        let key = key.into();
        let found = Call::new(&DIRECT, self, &key)
            .try_peek(Optional, Plan::default)
            .await;
        found.map(Option::flatten)
    }

    /// Whether there is a valid entry under `key`.
    pub async fn contains(&self, key: impl Into<Key>) -> bool {
        let key = key.into();
        if collecting::is_inside() {
            return false;
        }
        #[cfg(feature = "redis")]
        if let Some(redis) = self.redis() {
            return remote::valid(self, redis, key.as_str()).await.is_some();
        }
        self.valid_entry(&key).is_some()
    }

    /// How long the entry under `key` stays fresh; `None` if there is no valid one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use cache_runtime::{Cache, Ttl};
    /// let cache = Cache::in_memory();
    /// cache.set("pi", 3.14).ttl(Ttl::Forever).await;
    /// assert_eq!(cache.ttl("pi").await, Some(Ttl::Forever));
    /// assert_eq!(cache.ttl("e").await, None);
    /// # }
    /// ```
    pub async fn ttl(&self, key: impl Into<Key>) -> Option<Ttl> {
        let key = key.into();
        if collecting::is_inside() {
            return None;
        }
        #[cfg(feature = "redis")]
        if let Some(redis) = self.redis() {
            let entry = remote::valid(self, redis, key.as_str()).await?;
            return Some(entry.time_left.map_or(Ttl::Forever, Ttl::For));
        }
        let entry = self.valid_entry(&key)?;
        Some(entry.time_left(self.now()))
    }

    /// Deletes one key: its entry, whatever is being computed for it, and what was computed from it.
    /// Returns whether there was a valid entry.
    pub async fn delete(&self, key: impl Into<Key>) -> bool {
        invalidate::delete(self, &key.into(), By::Hand).await
    }

    /// As [`delete`](Cache::delete) for who wants to know whether it has taken effect everywhere.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::CacheError> {
    /// let cache = cache_runtime::Cache::in_memory();
    /// cache.set("total", 7).await;
    /// assert!(cache.try_delete("total").await?);
    /// assert!(!cache.try_delete("total").await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// If the shared server could not be told in time. Then the deletion is not lost but
    /// [deferred](crate::Delivery::Deferred).
    pub async fn try_delete(&self, key: impl Into<Key>) -> Result<bool, CacheError> {
        invalidate::try_delete(self, &key.into(), By::Hand).await
    }

    /// Invalidates every key that matches; see [`Pattern`] for the forms and their costs.
    ///
    /// Values in a pattern have to be escaped as they are in keys: `cache.invalidate(key!("user:{id}:*"))`.
    pub async fn invalidate(&self, pattern: impl Into<Pattern>) -> Invalidated {
        invalidate::invalidate(self, &Target::pattern(pattern), By::Hand).await
    }

    /// Invalidates every entry that carries `tag`, in one step whatever their number.
    pub async fn invalidate_tag(&self, tag: impl Into<Tag>) -> Invalidated {
        invalidate::invalidate(self, &Target::tag(tag), By::Hand).await
    }

    /// Invalidates every entry that carries one of `tags`.
    pub async fn invalidate_tags<T: Into<Tag>>(
        &self,
        tags: impl IntoIterator<Item = T>,
    ) -> Invalidated {
        let mut all = Invalidated::delivered(Route::Tag, None);
        for tag in tags {
            all = all.and(self.invalidate_tag(tag).await);
        }
        all
    }

    /// Invalidates everything.
    pub async fn clear(&self) -> Invalidated {
        self.invalidate("*").await
    }

    /// Waits until every deferred invalidation has been delivered, and a CDN has purged what it is to purge (`http::Purger`), for
    /// `limit` at most. For the end of a program: what has not been delivered by then is lost, and other processes, or the CDN, may
    /// have what was there until it expires.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use cache_runtime::{Cache, Delivery};
    /// use std::time::Duration;
    ///
    /// let cache = Cache::in_memory();
    /// // … serve until the signal to stop, then:
    /// assert_eq!(cache.flush(Duration::from_secs(5)).await, Delivery::Delivered);
    /// # }
    /// ```
    pub async fn flush(&self, limit: Duration) -> Delivery {
        let begun = Instant::now();
        #[cfg(feature = "redis")]
        let delivery = match self.redis() {
            Some(redis) => redis.flush(limit).await,
            None => Delivery::Delivered,
        };
        #[cfg(not(feature = "redis"))]
        let delivery = Delivery::Delivered;
        let left = limit.saturating_sub(begun.elapsed());
        #[cfg(feature = "http")]
        let delivery = match self.purges().flush(left).await {
            true => delivery,
            false => Delivery::Deferred,
        };
        #[cfg(not(feature = "http"))]
        let _there_is_no_cdn = left;
        delivery
    }

    pub(super) async fn read<T: CacheValue>(&self, key: Key) -> Option<T> {
        Call::new(&DIRECT, self, &key)
            .peek(Optional, Plan::default)
            .await
            .flatten()
    }
}
