//! Running work under other circumstances: past the cache, or watched.

use crate::audit;
use crate::cache::Cache;
use crate::detect::{Answer, Detected, DetectedCall, Detector};
use crate::flight::{acting, detecting, detector, passing};
use crate::site::Site;
use crate::trace::Shown;
use std::future::IntoFuture;
use std::sync::Arc;

/// Runs `work` past the cache: cached functions that it calls run, and nothing is looked up, joined or stored. Writes and
/// invalidations are what they always are.
///
/// For whoever has to see the source itself: an administrator, a check, a test.
///
/// ```
/// use cache_runtime::{bypass, cached};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// static RUNS: AtomicU32 = AtomicU32::new(0);
///
/// #[cached(ttl = 60)]
/// async fn runs() -> u32 {
///     RUNS.fetch_add(1, Ordering::Relaxed) + 1
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(runs().await, 1);
/// assert_eq!(bypass(runs()).await, 2);
/// assert_eq!(runs().await, 1); // what is stored is as it was
/// # }
/// ```
///
/// To compute afresh and store the result, use `refresh` of a [companion](crate::cached#companion), of a domain cache, or
/// [`Cache::set_with`](crate::Cache::set_with). Work that is handed to `tokio::spawn` does not go past the cache.
pub async fn bypass<F: IntoFuture>(work: F) -> F::Output {
    passing(work.into_future()).await
}

/// Runs `work`, and tells which cached functions it has called and where their answers came from: for tests, and for a header
/// of a response.
///
/// ```
/// use cache_runtime::{Answer, Cache, cached, detect};
///
/// #[cached(ttl = 60, key = "square:{n}")]
/// async fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (sum, detected) = detect(async { square(3).await + square(3).await }).await;
/// assert_eq!(sum, 18);
/// let answers: Vec<Answer> = detected.calls().iter().map(|call| call.answer).collect();
/// assert_eq!(answers, [Answer::Computed, Answer::Local]);
/// assert!(!detected.is_from_cache());
/// println!("{detected}"); // square `square:3` computed, …
/// # }
/// ```
///
/// Calls inside of a computation are among them, and come before it. Work that is handed to `tokio::spawn` is not seen, nor what
/// refreshes in the background. A call that is dropped is not told of.
pub async fn detect<F: IntoFuture>(work: F) -> (F::Output, Detected) {
    let detector = Detector::default();
    let output = detecting(detector.clone(), work.into_future()).await;
    (output, detector.take())
}

/// Runs `work` in somebody's name, which the audit log tells ([`Audit`](crate::Audit)): a user, a job. Not to be found
/// anywhere else.
///
/// ```
/// use cache_runtime::{acting_as, cached};
///
/// #[cached(ttl = 60, key = "diagnosis:{patient}", sensitive)]
/// async fn diagnosis(patient: u64) -> String {
///     "in the best of health".to_owned()
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// acting_as("doctor:7", diagnosis(42)).await;
/// # }
/// ```
///
/// Work that is handed to `tokio::spawn` is in nobody's name, unless it says so itself. What a call refreshes in the background is
/// in its name.
pub async fn acting_as<F: IntoFuture>(actor: impl Into<Arc<str>>, work: F) -> F::Output {
    acting(actor.into(), work.into_future()).await
}

/// Tells whoever wants to know.
#[cold]
pub(crate) fn answered(cache: &Cache, site: &'static Site, key: &str, answer: Answer) {
    audit::read(cache, site, key, answer);
    if let Some(detector) = detector() {
        detector.add(DetectedCall {
            function: site.name(),
            key: Shown(site, key).to_string(),
            answer,
        });
    }
}
