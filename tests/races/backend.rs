//! The embedded cache, for every test of this folder. `tests/races_on_redis` has another one.

use cache_runtime::{Builder, Cache};

/// How much slower than this one a backend is, for tests that count rounds.
pub(crate) const SLOWNESS: usize = 1;

/// Whether a caller has joined a computation as soon as its task has run once.
pub(crate) const JOINS_AT_ONCE: bool = true;

/// Whether a value with a tag that nobody knew before is stored though other tags end while it is computed.
pub(crate) const NOTES_WHICH_TAGS_END: bool = true;

pub(crate) struct Backend(Cache);

impl Backend {
    pub(crate) async fn new() -> Self {
        Backend::with(|cache| cache).await
    }

    pub(crate) async fn with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let cache = configure(Cache::builder()).build().await;
        Backend(cache.expect("a valid configuration"))
    }

    pub(crate) fn cache(&self) -> Cache {
        self.0.clone()
    }
}

/// Lets every other task run as far as it can.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
