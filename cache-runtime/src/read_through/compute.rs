//! Running a body as the computation of a flight.

use crate::cache::Cache;
use crate::entry::Last;
use crate::flight::{Flight, computing};
use crate::site::Site;
use crate::trace;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs `body` in the context of `flight`, which is to replace `last`, so that what it reads from caches becomes a dependency; in a span of its
/// own, timed and counted.
pub(crate) async fn compute<F: Future>(
    cache: &Cache,
    site: &'static Site,
    key: &str,
    flight: &Arc<Flight>,
    last: Option<Last>,
    body: F,
) -> (F::Output, Duration) {
    let started = Instant::now();
    let returned = trace::computation(site, key, computing(Arc::clone(flight), last, body)).await;
    let took = started.elapsed();
    site.counters(cache).loaded(took);
    (returned, took)
}
