//! Warming: loading what will be asked for, before it is.

use super::Cache;
use crate::circumstances::detect;
use crate::detect::{Answer, DetectedCall};
use crate::flight::{in_the_same_name, warming};
use crate::key::Key;
use crate::read_through::{Call, Fallible, Lookup, Opaque, Plan};
use crate::site::DIRECT;
use crate::tag::Tag;
use crate::ttl::IntoTtl;
use crate::value::CacheValue;
use serde::Serialize;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// So many loads at a time, unless told otherwise.
pub(crate) const AT_A_TIME: usize = 8;

/// Loads keys that are not stored; see [`Cache::warm`].
#[must_use = "nothing happens until it is awaited"]
#[derive(Debug)]
pub struct Warm<F> {
    cache: Cache,
    keys: Vec<Key>,
    load: F,
    plan: Plan,
    concurrency: usize,
}

/// What warming did. Displays as a line; serializes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WarmReport {
    /// What was loaded, or computed.
    pub warmed: usize,
    /// What was there already.
    pub skipped: usize,
    /// What failed or panicked; and all of it, without a try, where nothing could be stored: the cache is switched off, or its
    /// server cannot be asked.
    pub failed: usize,
    /// From start to end.
    pub took: Duration,
}

impl Cache {
    /// Loads those of `keys` that are not stored, several at a time. A load that fails is counted and stops
    /// nothing. Dropped before its end, it stops; what is stored stays.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let cache = cache_runtime::Cache::in_memory();
    /// let report = cache
    ///     .warm(["page:1", "page:2"], |key| async move { Ok::<_, std::io::Error>(key.as_str().len()) })
    ///     .concurrency(2)
    ///     .await;
    /// assert_eq!((report.warmed, report.failed), (2, 0));
    /// # }
    /// ```
    pub fn warm<F, Fut>(&self, keys: impl IntoIterator<Item = impl Into<Key>>, load: F) -> Warm<F>
    where
        F: Fn(Key) -> Fut,
    {
        Warm {
            cache: self.clone(),
            keys: keys.into_iter().map(Into::into).collect(),
            load,
            plan: Plan::default(),
            concurrency: AT_A_TIME,
        }
    }
}

impl<F> Warm<F> {
    /// How many loads run at a time, at least one. Default: 8.
    pub fn concurrency(mut self, loads: usize) -> Self {
        self.concurrency = loads.max(1);
        self
    }

    /// How long the values stay fresh. Default: the cache's.
    pub fn ttl(mut self, ttl: impl IntoTtl) -> Self {
        self.plan.ttl = ttl.into_ttl();
        self
    }

    /// Tags that the entries carry.
    pub fn tags<T: Into<Tag>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.plan.tags.extend(tags.into_iter().map(Into::into));
        self
    }
}

impl<T, E, F, Fut> IntoFuture for Warm<F>
where
    T: CacheValue,
    E: Send + 'static,
    F: Fn(Key) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
{
    type Output = WarmReport;
    type IntoFuture = Pin<Box<dyn Future<Output = WarmReport> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Warm {
            cache,
            keys,
            load,
            plan,
            concurrency,
        } = self;
        let (load, storing) = (Arc::new(load), cache.clone());
        let warm = move |key: Key| {
            let (cache, plan, load) = (storing.clone(), plan.clone(), Arc::clone(&load));
            async move {
                let call = Call::new(&DIRECT, &cache, &key);
                let look = call.look::<Result<T, E>, _>(Fallible(Opaque), || plan.clone());
                let Lookup::Miss(miss) = look else {
                    return Warmth::Skipped;
                };
                let mut warmth = Warmth::Skipped;
                let body = async {
                    let loaded = load(key).await;
                    warmth = loaded.as_ref().map_or(Warmth::Failed, |_| Warmth::Warmed);
                    loaded
                };
                let _ = miss.fill(body, |_, _| {}).await;
                warmth
            }
        };
        Box::pin(async move {
            match cache.can_store().await {
                true => run(keys, concurrency, warm, |_| {}).await,
                false => WarmReport::of_nothing(keys.len()),
            }
        })
    }
}

/// Runs `warm`, whose calls wait for what is fresh for so long at least; and what has become of that, as the caches tell that
/// were asked.
pub(crate) async fn watched<F: Future>(ahead: Duration, warm: F) -> (F::Output, Warmth) {
    let (output, detected) = warming(ahead, detect(warm)).await;
    let is_old = |call: &DetectedCall| call.answer == Answer::Stale;
    let warmth = if detected.calls().iter().any(is_old) {
        // It stands in for what could not be computed.
        Warmth::Failed
    } else if detected.is_from_cache() {
        Warmth::Skipped
    } else {
        Warmth::Warmed
    };
    (output, warmth)
}

/// What became of one item.
pub(crate) enum Warmth {
    Warmed,
    Skipped,
    Failed,
}

/// Runs `warm` for every item, `concurrency` at a time, and tells after each what has become of them so far.
pub(crate) async fn run<K, Fut>(
    items: Vec<K>,
    concurrency: usize,
    warm: impl Fn(K) -> Fut,
    tell: impl Fn(&WarmReport),
) -> WarmReport
where
    Fut: Future<Output = Warmth> + Send + 'static,
{
    let started = Instant::now();
    let mut report = WarmReport::default();
    let mut running = JoinSet::new();
    let mut items = items.into_iter();
    loop {
        let room = concurrency.saturating_sub(running.len());
        for item in items.by_ref().take(room) {
            running.spawn(in_the_same_name(warm(item)));
        }
        let ended = running.join_next().await;
        report.took = started.elapsed();
        let Some(ended) = ended else {
            return report;
        };
        // One that panics has failed.
        match ended.unwrap_or(Warmth::Failed) {
            Warmth::Warmed => report.warmed += 1,
            Warmth::Skipped => report.skipped += 1,
            Warmth::Failed => report.failed += 1,
        }
        tell(&report);
    }
}

impl WarmReport {
    /// Nothing could be stored.
    pub(crate) fn of_nothing(items: usize) -> Self {
        WarmReport {
            failed: items,
            ..WarmReport::default()
        }
    }
}

impl fmt::Display for WarmReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} warmed, {} skipped, {} failed in {:.1?}",
            self.warmed, self.skipped, self.failed, self.took
        )
    }
}
