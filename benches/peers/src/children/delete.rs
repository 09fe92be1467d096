//! A writer that invalidates what another process holds.

use super::role::say;
use crate::clock;
use crate::peers::{cached, cachekit, multi_tier, ours};
use cache_runtime::{Cache, key};
use multi_tier_cache::CacheManager;
use tokio::sync::OnceCell;

pub(super) struct Deleting {
    url: String,
    ours: OnceCell<&'static Cache>,
    cached: OnceCell<cached::Store>,
    cachekit: OnceCell<&'static ::cachekit::CacheKit>,
    tiers: OnceCell<&'static CacheManager>,
}

impl Deleting {
    pub(super) fn new(url: &str) -> Self {
        Deleting {
            url: url.to_owned(),
            ours: OnceCell::new(),
            cached: OnceCell::new(),
            cachekit: OnceCell::new(),
            tiers: OnceCell::new(),
        }
    }

    /// Says `deleted`, with the moments before and after.
    pub(super) async fn delete(&self, name: &str, id: u64) {
        let url = &self.url;
        match name {
            "ours-tag" => {
                let cache = *self.ours.get_or_init(|| ours::bounded(url)).await;
                timed(cache.invalidate_tag(key!("user:{id}"))).await;
            }
            "ours-key" => {
                let cache = *self.ours.get_or_init(|| ours::bounded(url)).await;
                timed(cache.delete(key!("tagged:{id}"))).await;
            }
            "cached" => {
                cached::connects_to(url);
                let store = self.cached.get_or_init(cached::writer).await;
                timed(cached::delete(store, id)).await;
            }
            "cachekit" => {
                let cache = *self.cachekit.get_or_init(|| cachekit::tiered(url)).await;
                timed(cachekit::delete(cache, id)).await;
            }
            "multi-tier" => {
                let cache = *self.tiers.get_or_init(|| multi_tier::tiered(url)).await;
                timed(multi_tier::delete(cache, id)).await;
            }
            other => panic!("nobody is called {other}"),
        }
    }
}

async fn timed(work: impl Future) {
    let began = clock::now();
    work.await;
    say(&format!("deleted {began} {}", clock::now()));
}
