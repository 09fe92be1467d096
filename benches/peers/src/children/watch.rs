//! A reader that asks again and again, until it gets something else.

use super::role::say;
use crate::clock;
use crate::peers::{cached, cachekit, multi_tier, ours};
use crate::user::{User, runs};
use cache_runtime::Cache;
use multi_tier_cache::CacheManager;
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long one waits for what may never happen, in nanoseconds.
const LIMIT: i64 = 1_000_000_000;

pub(super) struct Watching {
    url: String,
    ours: OnceCell<&'static Cache>,
    cachekit: OnceCell<&'static ::cachekit::CacheKit>,
    tiers: OnceCell<&'static CacheManager>,
}

impl Watching {
    pub(super) fn new(url: &str) -> Self {
        Watching {
            url: url.to_owned(),
            ours: OnceCell::new(),
            cachekit: OnceCell::new(),
            tiers: OnceCell::new(),
        }
    }

    pub(super) async fn watch(&self, name: &str, id: u64) {
        let url = &self.url;
        match name {
            "ours-tag" | "ours-key" => {
                let cache = *self.ours.get_or_init(|| ours::bounded(url)).await;
                spin(move |id| ours::tagged(cache, id), id).await;
            }
            "cached" => {
                cached::connects_to(url);
                spin(
                    |id| async move { cached::local_on_redis(id).await.expect("a user") },
                    id,
                )
                .await;
            }
            "cachekit" => {
                let cache = *self.cachekit.get_or_init(|| cachekit::tiered(url)).await;
                let call =
                    move |id| async move { cachekit::user(cache, id).await.expect("a user") };
                spin(call, id).await;
            }
            "multi-tier" => {
                let cache = *self.tiers.get_or_init(|| multi_tier::tiered(url)).await;
                spin(move |id| multi_tier::user(cache, id), id).await;
            }
            other => panic!("nobody is called {other}"),
        }
    }
}

/// Says `ready` when the value is here, then `seen` with the last moment at which the old value was returned (0 if it
/// was returned until the end of all patience).
async fn spin<F, Fut>(call: F, id: u64)
where
    F: Fn(u64) -> Fut,
    Fut: Future<Output = User>,
{
    for _ in 0..20 {
        call(id).await;
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
    for _ in 0..20 {
        call(id).await;
    }
    let before = runs();
    say("ready");
    let mut last = clock::now();
    let patience = last + LIMIT;
    while last < patience {
        for _ in 0..8 {
            call(id).await;
            if runs() != before {
                return say(&format!("seen {last}"));
            }
            last = clock::now();
        }
        // The connection needs its turn, and so does who else would run on this core: the server, or the writer.
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    say("seen 0");
}
