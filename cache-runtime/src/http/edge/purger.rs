//! Purging in the background what ends in a cache.

use super::purge::{Purge, PurgeError};
use crate::cache::Cache;
#[cfg(feature = "redis")]
use crate::cache::Consistency;
use crate::pattern::Pattern;
use crate::purges::{Batch, Next, Waiting};
use crate::sync::{catching, within};
use crate::trace;
use std::convert::Infallible;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout_at};

/// How long a response is on its way to the CDN, mostly.
const TRANSIT: Duration = Duration::from_secs(1);
/// How long a CDN may take to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// Between two requests. What ends meanwhile is purged together.
const PACE: Duration = Duration::from_millis(100);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// If the CDN asks for it.
const LONGEST_WANTED: Duration = Duration::from_secs(600);

/// Purges at a CDN what ends in a cache: by invalidations, deletions, and new values, of this process. Of responses that
/// [`CacheLayer::edge`](crate::http::CacheLayer::edge) gave the keys for.
///
/// ```
/// use cache_runtime::Cache;
/// use cache_runtime::http::{Purge, Purger};
///
/// fn purges(cache: &Cache, cdn: impl Purge) {
///     let purger = Purger::new(cache, cdn);
///     tokio::spawn(purger.run());
/// }
/// ```
///
/// Every process needs one that ends something: a worker, too, that serves nothing. All that ends is purged, whether the CDN has something of
/// it or not.
///
/// Each key is purged at once, and again after a time: a response that was made before may reach the CDN after the first. It is
/// tried until it succeeds; [`Cache::flush`] waits for that. What a process has not purged when it dies, the CDN holds for as long
/// as it was told.
#[must_use = "it purges while `run` is polled: `tokio::spawn(purger.run())`"]
pub struct Purger<P> {
    cache: Cache,
    cdn: P,
    waiting: Arc<Waiting>,
    name: Box<str>,
    pace: Duration,
}

impl<P: Purge> Purger<P> {
    /// From here on, what ends in this cache waits to be purged; all of it at once, if that are more than 10,000 keys. It is purged
    /// [again](Self::again_after) after a second, and after the time in which another process may send what was there before
    /// ([`Consistency`](crate::Consistency)).
    pub fn new(cache: &Cache, cdn: P) -> Self {
        let waiting = Arc::new(Waiting::new(TRANSIT + bound(cache)));
        cache.purges().add(&waiting);
        Purger {
            cache: cache.clone(),
            cdn,
            waiting,
            name: "cdn".into(),
            pace: PACE,
        }
    }

    /// What the log calls the CDN. Default: `cdn`.
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// How long to wait between two requests. What ends meanwhile is purged together. Default: 100 ms, with which are purged ten times as many
    /// keys a second as [at once](Purge::at_once). CDNs limit requests.
    pub fn pace(mut self, time: Duration) -> Self {
        self.pace = time;
        self
    }

    /// When each key is purged a second time: once no response can reach the CDN that was made before it ended. Default: a second
    /// after no process sends such a response any more.
    pub fn again_after(self, time: Duration) -> Self {
        self.waiting.set_again_after(time);
        self
    }

    /// What lies in this scope (`session:*`) is not purged: nothing for the CDN is made of it, and it changes often. A response that is made of it
    /// nevertheless is not for the CDN.
    ///
    /// # Panics
    ///
    /// If it is no scope, or everything.
    pub fn except(self, scope: impl Into<Pattern>) -> Self {
        let scope = scope.into();
        assert!(
            self.waiting.except(&scope),
            "expected a scope, such as `session:*`, and not `{scope}`"
        );
        self
    }

    /// Begins by purging everything: also what a process that died has not purged.
    pub fn everything_first(self) -> Self {
        self.waiting.add_all();
        self
    }

    /// Purges for as long as it is polled. It never ends.
    pub async fn run(self) -> Infallible {
        let mut failures: u32 = 0;
        self.waiting.is_run();
        loop {
            let at_once = catch_unwind(AssertUnwindSafe(|| self.cdn.at_once()));
            let next = self
                .waiting
                .next(at_once.unwrap_or(1), self.cache.is_delivered());
            let batch = match next {
                Next::Purge(batch) => batch,
                Next::WaitUntil(time) => {
                    // It makes no difference which of the two has ended it.
                    let _ = timeout_at(time, self.waiting.wake.notified()).await;
                    continue;
                }
                Next::WaitForMore => {
                    self.waiting.wake.notified().await;
                    continue;
                }
            };
            match self.purge(&batch).await {
                Ok(()) => {
                    if failures > 0 {
                        trace::purges_again(&self.name, failures);
                    }
                    failures = 0;
                    self.waiting.done(&batch);
                    sleep(self.pace).await;
                }
                Err(error) => {
                    let wanted = error.pause().unwrap_or_default().min(LONGEST_WANTED);
                    let pause = |failures: u32| {
                        let pause = FIRST_PAUSE * 2_u32.pow(failures.min(16));
                        pause.min(LONGEST_PAUSE).max(wanted)
                    };
                    // Longer than for all of them.
                    self.waiting.failed(&batch, |failures| 2 * pause(failures));
                    let pause = pause(failures);
                    trace::not_purged(&self.name, &error, self.waiting.len(), pause, failures);
                    failures = failures.saturating_add(1);
                    sleep(pause).await;
                }
            }
        }
    }

    async fn purge(&self, batch: &Batch) -> Result<(), PurgeError> {
        // It may panic before there is a future.
        let purging = catching(async { self.cdn.purge(&batch.keys).await });
        match within(LIMIT, purging).await {
            Some(Ok(done)) => done,
            Some(Err(_panic)) => Err(PurgeError::new("it panicked")),
            None => Err(PurgeError::new(format!("no answer for {LIMIT:?}"))),
        }
    }
}

/// For how long after an invalidation another process may send what was there.
fn bound(cache: &Cache) -> Duration {
    #[cfg(feature = "redis")]
    if let (Some(_), Consistency::Bounded(bound)) = (cache.redis(), cache.consistency()) {
        return bound;
    }
    let _in_this_process_nothing = cache;
    Duration::ZERO
}

impl<P> Drop for Purger<P> {
    fn drop(&mut self) {
        let left = self.waiting.len();
        if left > 0 {
            trace::gave_up_purging(&self.name, left);
        }
    }
}

impl<P> fmt::Debug for Purger<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Purger")
            .field("cache", &self.cache)
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
