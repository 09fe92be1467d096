//! A source of numbers that can be changed, slow or broken, and the cache before it.

use crate::backend::Backend;
use cache_runtime::Cache;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Long for anything to happen, short for a test that fails.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Source(Arc<Inner>);

struct Inner {
    cache: Cache,
    _backend: Option<Backend>,
    value: AtomicU32,
    runs: AtomicUsize,
    fails: AtomicBool,
    is_held: AtomicBool,
    /// One permit for each run that has read the value.
    has_read: Semaphore,
    /// One permit for each held run that may go on.
    may_go_on: Semaphore,
}

/// The source is broken. Not `Clone`, so that who waits cannot share it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl Source {
    pub(crate) async fn new() -> Self {
        let backend = Backend::new().await;
        Source::of(backend.cache(), Some(backend))
    }

    /// Before a cache that somebody else keeps.
    #[allow(dead_code, reason = "not needed by both backends")]
    pub(crate) fn behind(cache: &Cache) -> Self {
        Source::of(cache.clone(), None)
    }

    fn of(cache: Cache, backend: Option<Backend>) -> Self {
        Source(Arc::new(Inner {
            cache,
            _backend: backend,
            value: AtomicU32::new(1),
            runs: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
            is_held: AtomicBool::new(false),
            has_read: Semaphore::new(0),
            may_go_on: Semaphore::new(0),
        }))
    }

    pub(crate) fn cache(&self) -> Cache {
        self.0.cache.clone()
    }

    /// What a cached function does: reads the value, and waits where it is held.
    pub(crate) async fn read(&self) -> Result<u32, Broken> {
        self.0.runs.fetch_add(1, SeqCst);
        let value = self.0.value.load(SeqCst);
        let fails = self.0.fails.load(SeqCst);
        if self.0.is_held.load(SeqCst) {
            self.0.has_read.add_permits(1);
            let permit = self.0.may_go_on.acquire().await;
            permit.expect("never closed").forget();
        }
        if fails { Err(Broken) } else { Ok(value) }
    }

    pub(crate) fn write(&self, value: u32) {
        self.0.value.store(value, SeqCst);
    }

    pub(crate) fn breaks(&self) {
        self.0.fails.store(true, SeqCst);
    }

    pub(crate) fn recovers(&self) {
        self.0.fails.store(false, SeqCst);
    }

    /// From here on runs wait after they have read.
    pub(crate) fn hold(&self) {
        self.0.is_held.store(true, SeqCst);
    }

    /// Waits until one has read and waits.
    pub(crate) async fn has_read(&self) {
        let permit = tokio::time::timeout(PATIENCE, self.0.has_read.acquire()).await;
        permit.expect("a run").expect("never closed").forget();
    }

    /// Lets go those that wait, and holds nobody any more.
    pub(crate) fn let_go(&self) {
        self.0.is_held.store(false, SeqCst);
        self.0.may_go_on.add_permits(1_000);
    }

    pub(crate) fn runs(&self) -> usize {
        self.0.runs.load(SeqCst)
    }
}

/// Waits until `condition` holds.
pub(crate) async fn until<F: Future<Output = bool>>(mut condition: impl FnMut() -> F) {
    let reached = tokio::time::timeout(PATIENCE, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    reached.await.expect("the condition is reached");
}

/// Time is the subject of these tests, and a server's cannot be turned: it is waited for.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// A time to live that is over by now.
pub(crate) async fn ttl_is_over() {
    pass(Duration::from_millis(260)).await;
}
