//! Metrics: how a cache is doing, in numbers with names, for those who graph them and want to be woken up.
//!
//! There are two ways out, and both have the same names, which `docs/observability.md` explains one by one:
//!
//! - [`prometheus`] writes them as text, for an endpoint that Prometheus reads;
//! - [`publish`] and [`every`] hand them to the recorder of the [`metrics`](https://docs.rs/metrics) crate that the
//!   program has installed, whatever that does with them.
//!
//! Nothing here counts anything: numbers are read from what the cache counts anyway ([`Stats`](crate::Stats),
//! [`Health`](crate::Health)), whenever they are asked for. Calls of cached functions cost what they cost without.
//!
//! Labels are names of functions (of the first 200 that used the cache; all others are `(other)`), the backend, and
//! fixed words: never a key, a tag, or somebody's name. Of several caches in one program, publish one: they would share
//! their names.

mod facade;
mod functions;
mod metric;
mod text;
mod whole;

pub(crate) use facade::Published;

use crate::cache::Cache;
use metric::Family;
use std::time::Duration;
use text::Text;
use tokio::task::JoinHandle;

/// The bounds of the buckets that [`prometheus`] has, in seconds: powers of two from 64 µs to 33.6 s. For recorders that
/// have to be told; they count the same then, as the cache's own buckets end there.
///
/// ```text
/// // Of `metrics-exporter-prometheus`, which makes summaries otherwise.
/// PrometheusBuilder::new()
///     .set_buckets_for_metric(Matcher::Prefix("cache_".to_owned()), &cache_runtime::metrics::BUCKETS)?
///     .install()?;
/// ```
///
/// ```
/// use cache_runtime::metrics::BUCKETS;
///
/// assert_eq!((BUCKETS[0], BUCKETS[4]), (0.000_064, 0.001_024));
/// ```
pub const BUCKETS: [f64; 20] = {
    let mut bounds = [0.0; 20];
    let mut nth = 0;
    while nth < bounds.len() {
        bounds[nth] = (1_u64 << (nth as u32 + FIRST_POWER)) as f64 / 1e6;
        nth += 1;
    }
    bounds
};

/// Of microseconds.
const FIRST_POWER: u32 = 6;

/// What the text of [`prometheus`] is: the value of `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of `cache` as text that Prometheus reads.
///
/// With a server, that is asked how it is doing, in two short commands; for as long as an invalidation would wait (half a
/// second) if it does not answer. What it did not tell is missing.
///
/// ```
/// use cache_runtime::{Cache, metrics};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let cache = Cache::in_memory();
/// cache.set("answer", 42).await;
/// let text = metrics::prometheus(&cache).await;
/// assert!(text.contains("\ncache_entries 1\n"));
/// # }
/// ```
pub async fn prometheus(cache: &Cache) -> String {
    Text(&families(cache).await).to_string()
}

/// Hands all metrics of `cache`, as they are now, to the recorder of the `metrics` crate that is installed here and now.
///
/// Counters are set to what they are, and gauges too. Times are recorded, each once (so all calls of this should be for
/// one recorder, and come after it was installed): as often as there were more in a bucket of the cache's own histogram,
/// with the time in the middle of that, which is at most an eighth away. So whatever the recorder makes of times, it makes
/// of these: buckets (see [`BUCKETS`]), summaries, histograms of OpenTelemetry.
///
/// ```
/// use cache_runtime::{Cache, metrics};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let cache = Cache::in_memory();
/// metrics::publish(&cache).await;
/// # }
/// ```
pub async fn publish(cache: &Cache) {
    let families = families(cache).await;
    ::metrics::with_recorder(|recorder| facade::tell(recorder, &families, cache.published()));
}

/// Publishes now and then: at once, and whenever `period` has passed since (10 ms at least), until the guard is dropped.
/// Has to be called in a Tokio runtime whose timer is on.
///
/// ```
/// use cache_runtime::{Cache, metrics};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let cache = Cache::in_memory();
/// let _publishing = metrics::every(&cache, Duration::from_secs(10));
/// // … serve
/// # }
/// ```
pub fn every(cache: &Cache, period: Duration) -> Publishing {
    const SHORTEST: Duration = Duration::from_millis(10);
    let cache = cache.clone();
    let task = tokio::spawn(async move {
        loop {
            publish(&cache).await;
            tokio::time::sleep(period.max(SHORTEST)).await;
        }
    });
    Publishing { task }
}

/// A cache that is published now and then. Dropped, it is no longer. See [`every`].
#[must_use = "publishing stops when this is dropped"]
#[derive(Debug)]
pub struct Publishing {
    task: JoinHandle<()>,
}

impl Drop for Publishing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Everything there is to tell at this moment.
async fn families(cache: &Cache) -> Vec<Family> {
    let health = cache.vitals().await;
    #[cfg(feature = "redis")]
    let has_server = health.redis.is_some();
    #[cfg(not(feature = "redis"))]
    let has_server = false;
    let mut families = whole::families(&cache.stats(), &health);
    families.extend(functions::families(cache.families().told(), has_server));
    families
}
