//! One of several processes that answer a CDN, and share a server.

use crate::cdn::Cdn;
use crate::world::*;
use cache_runtime::http::{CacheLayer, Edge};
use cache_runtime::{Cache, Consistency};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::wait_until;

pub(crate) const BOUND: Duration = Duration::from_secs(2);
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Node {
    pub(crate) cache: Cache,
    pub(crate) client: Client<Origin>,
}

impl Node {
    pub(crate) async fn start(url: String, database: &Arc<AtomicU32>) -> Self {
        let cache = Cache::builder()
            .redis(url)
            .consistency(Consistency::Bounded(BOUND))
            .operation_timeout(PATIENCE);
        let cache = cache.build().await.expect("valid");
        let origin = {
            let (cache, database) = (cache.clone(), Arc::clone(database));
            Origin::new(move |_| {
                let (cache, database) = (cache.clone(), Arc::clone(&database));
                async move {
                    let read = || async { database.load(SeqCst) };
                    let row = cache.get_or_set("row", read).await;
                    answer(200, &[], &row.to_string())
                }
            })
        };
        let layer = CacheLayer::new(&cache, "api").ttl(MINUTE).edge(Edge::new());
        Node {
            client: behind(&layer, origin),
            cache,
        }
    }

    /// What the CDN sends, which asks this node if it has nothing.
    pub(crate) async fn read_by(&self, cdn: &Cdn) -> String {
        if let Some(told) = cdn.send("/") {
            return told.body;
        }
        let told = self.client.get("/").await;
        cdn.take("/", &told, Duration::ZERO).await;
        told.body
    }

    /// Until the server hears from it no more.
    pub(crate) async fn is_cut_off(&self) {
        wait_until("it is cut off", PATIENCE, || async {
            let redis = self.cache.health().await.redis;
            !redis.is_some_and(|redis| redis.connected)
        })
        .await;
    }
}
