//! Several keys at once.

use super::Cache;
use crate::invalidate::{self, By};
use crate::key::Key;
use crate::read_through::{Call, Optional, Plan};
use crate::site::DIRECT;
use crate::ttl::IntoTtl;
use crate::value::CacheValue;
use crate::write;

impl Cache {
    /// The values under `keys`, in their order; `None` where there is none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use cache_runtime::{Cache, Ttl};
    /// let cache = Cache::in_memory();
    /// cache.set_many([("a", 1), ("b", 2)], Ttl::secs(60)).await;
    /// assert_eq!(cache.get_many::<i32>(["a", "x", "b"]).await, [Some(1), None, Some(2)]);
    /// assert_eq!(cache.delete_many(["a", "x"]).await, 1);
    /// # }
    /// ```
    pub async fn get_many<T: CacheValue>(
        &self,
        keys: impl IntoIterator<Item = impl Into<Key>>,
    ) -> Vec<Option<T>> {
        let keys: Vec<Key> = keys.into_iter().map(Into::into).collect();
        let calls = keys.iter().map(|key| Call::new(&DIRECT, self, key));
        self.peek_many(calls).await
    }

    /// What each call would return if it were a hit, in their order. Those that ask a server do so together.
    pub(crate) async fn peek_many<T: CacheValue>(
        &self,
        calls: impl Iterator<Item = Call<'_>>,
    ) -> Vec<Option<T>> {
        let mut found = Vec::with_capacity(calls.size_hint().0);
        let mut left = Vec::new();
        for call in calls {
            let told = call.peek_here(Optional, &Plan::default);
            if told.is_none() {
                left.push((found.len(), call));
            }
            found.push(told.flatten().flatten());
        }
        #[cfg(feature = "redis")]
        if let Some(redis) = self.redis() {
            let reads = left
                .iter()
                .map(|(_, call)| call.peek_there(Optional, Plan::default));
            let answers = redis.together(reads.collect()).await;
            for ((place, _), answer) in left.iter().zip(answers) {
                found[*place] = answer.ok().flatten().flatten();
            }
        }
        found
    }

    /// Stores every value under its key, with one time to live; returns how many were stored. What
    /// [`set`](Cache::set) says about the age of values holds here too.
    pub async fn set_many<T: CacheValue>(
        &self,
        entries: impl IntoIterator<Item = (impl Into<Key>, T)>,
        ttl: impl IntoTtl,
    ) -> usize {
        let plan = Plan::new().ttl(ttl);
        let entries = entries.into_iter();
        let entries = entries.map(|(key, value)| (key.into(), value, plan.clone()));
        write::set_many(self, &DIRECT, &DIRECT.policy, entries.collect()).await
    }

    /// Deletes every key; returns how many had a valid entry.
    pub async fn delete_many(&self, keys: impl IntoIterator<Item = impl Into<Key>>) -> usize {
        let keys: Vec<Key> = keys.into_iter().map(Into::into).collect();
        invalidate::delete_many(self, &keys, By::Hand).await
    }
}
