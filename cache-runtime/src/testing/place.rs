//! Where annotated functions look in a test.

use crate::cache::{Cache, with_installed};
use crate::clock::Clock;
use std::future::Future;

/// An embedded cache whose time is Tokio's: virtual where that is paused.
///
/// ```
/// use cache_runtime::testing;
/// use std::time::Duration;
///
/// // #[tokio::test(start_paused = true)]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let cache = testing::cache();
/// cache.set("greeting", "hello".to_owned()).ttl(Duration::from_secs(60)).await;
/// tokio::time::advance(Duration::from_secs(61)).await;
/// assert_eq!(cache.get::<String>("greeting").await, None);
/// # }
/// ```
#[must_use]
pub fn cache() -> Cache {
    Cache::builder().clock(Clock::tokio()).build_embedded()
}

/// Runs `future` with `cache` as the installed one: annotated functions in it use that, unless they name another.
///
/// Not those in tasks that it spawns: `tokio::spawn(on(&cache, …))` does. A cache that was used so is there until the
/// process ends, since [`Cache::global`] lends it for ever.
///
/// ```
/// use cache_runtime::testing::{self, on};
/// use cache_runtime::{Cache, cached};
///
/// #[cached(ttl = "5m")]
/// async fn answer() -> u32 {
///     42
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (one, other) = (testing::cache(), testing::cache());
/// on(&one, answer()).await;
/// on(&one, answer()).await;
/// on(&other, answer()).await;
/// assert_eq!((one.stats().hits(), other.stats().hits()), (1, 0));
/// # }
/// ```
pub fn on<F: Future>(cache: &Cache, future: F) -> impl Future<Output = F::Output> + use<F> {
    with_installed(cache, future)
}
