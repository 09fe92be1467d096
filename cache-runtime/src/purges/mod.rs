//! What has ended here and is to be purged from copies outside of the cache, at a CDN.

pub(crate) mod keys;
mod waiting;

pub(crate) use waiting::{Batch, Next, Waiting};

use crate::generation::Guard;
use crate::sync::{lock, within};
use keys::key_of;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// How purging a CDN is going, in this process; several together.
///
/// ```
/// # use cache_runtime::{Cache, http::{Purge, Purger}};
/// # async fn look(cache: &Cache, cdn: impl Purge) {
/// tokio::spawn(Purger::new(cache, cdn).run());
/// let edge = cache.health().await.edge.expect("there is a purger");
/// assert_eq!((edge.waiting, edge.oldest), (0, None));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EdgeHealth {
    /// Surrogate keys that are to be purged, those included that were once and will be again.
    pub waiting: usize,
    /// For how long the first of those has waited that were never purged. For so long the CDN may have had what has ended.
    pub oldest: Option<Duration>,
    /// Keys that were purged, each time counted.
    pub purged: u64,
    /// Requests to purge that failed.
    pub failures: u64,
}

/// Whoever wants to know what ends in a cache.
#[derive(Default)]
pub(crate) struct Purges {
    all: Mutex<Vec<Weak<Waiting>>>,
    /// Whether there ever was one: mostly there is none.
    any: AtomicBool,
}

impl Purges {
    pub(crate) fn add(&self, waiting: &Arc<Waiting>) {
        let mut all = lock(&self.all);
        all.retain(|known| known.strong_count() > 0);
        all.push(Arc::downgrade(waiting));
        self.any.store(true, Ordering::Release);
    }

    /// Whether there never was one.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    /// All there are.
    pub(crate) fn all(&self) -> Vec<Arc<Waiting>> {
        if self.is_empty() {
            return Vec::new();
        }
        let all = lock(&self.all);
        all.iter().filter_map(Weak::upgrade).collect()
    }

    /// Waits until all of it has been done, for `limit` at most. False: it has not.
    pub(crate) async fn flush(&self, limit: Duration) -> bool {
        let all = self.all();
        let over = async {
            for waiting in &all {
                waiting.is_over().await;
            }
        };
        within(limit, over).await.is_some()
    }

    /// How it is going; nothing, if there is nobody to purge.
    pub(crate) fn health(&self) -> Option<EdgeHealth> {
        let all = self.all();
        let count = |of: fn(&Waiting) -> &AtomicU64| {
            let counts = all
                .iter()
                .map(|waiting| of(waiting).load(Ordering::Relaxed));
            counts.sum()
        };
        (!all.is_empty()).then(|| EdgeHealth {
            waiting: all.iter().map(|waiting| waiting.len()).sum(),
            oldest: all.iter().filter_map(|waiting| waiting.oldest()).max(),
            purged: count(|waiting| &waiting.purged),
            failures: count(|waiting| &waiting.failures),
        })
    }

    /// These have ended.
    pub(crate) fn note<'n>(&self, ended: impl IntoIterator<Item = (Guard, &'n str)>) {
        let all = self.all();
        if all.is_empty() {
            return;
        }
        let ended = ended.into_iter();
        let keys: Vec<(Guard, &str, String)> = ended
            .map(|(guard, name)| (guard, name, key_of(guard, name)))
            .collect();
        for waiting in all {
            let wanted = |(guard, name, _): &&(Guard, &str, String)| {
                *guard == Guard::Tag || !waiting.is_excepted(name)
            };
            let keys = keys.iter().filter(wanted);
            let keys: Vec<String> = keys.map(|(_, _, key)| key.clone()).collect();
            if !keys.is_empty() {
                waiting.add(&keys);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_gone_is_told_nothing() {
        let purges = Purges::default();
        let waiting = Arc::new(Waiting::new(Duration::ZERO));
        purges.add(&waiting);
        purges.note([(Guard::Key, "a"), (Guard::Tag, "b")]);
        assert_eq!(waiting.len(), 2);
        drop(waiting);
        assert!(purges.all().is_empty());
        purges.note([(Guard::Key, "a")]);
    }
}
