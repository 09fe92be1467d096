//! How a CDN is purged: soon, again, until it succeeds, and together.

use crate::backend::Backend;
use crate::cdn::Cdn;
use crate::world::*;
use cache_runtime::http::{CacheLayer, Edge, PurgeError, Purger};
use cache_runtime::{Cache, Delivery};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const LIMIT: Duration = Duration::from_secs(30);

/// Stops purging when it is dropped.
struct Purging(tokio::task::JoinHandle<std::convert::Infallible>);

impl Drop for Purging {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn purging(purger: Purger<Cdn>) -> Purging {
    Purging(tokio::spawn(purger.run()))
}

async fn flushed(cache: &Cache) {
    assert_eq!(cache.flush(LIMIT).await, Delivery::Delivered);
}

#[tokio::test]
async fn it_is_tried_until_it_succeeds() {
    let backend = Backend::new().await;
    let (cache, cdn) = (backend.cache(), Cdn::default());
    let busy = || PurgeError::new("429 Too Many Requests").retry_after(Duration::from_millis(900));
    cdn.refuses([
        Some(PurgeError::new("no route to host")),
        None,
        Some(busy()),
    ]);
    let begun = Instant::now();
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let _purging = purging(purger);
    cache.delete("a").await;
    assert_eq!(
        cache.flush(Duration::from_millis(20)).await,
        Delivery::Deferred
    );
    let edge = cache.health().await.edge.expect("a purger");
    assert_eq!((edge.waiting, edge.purged), (1, 0));
    assert!(edge.oldest.is_some());
    flushed(&cache).await;
    // Half a second, then one, then two, of which the CDN wanted one.
    assert!(begun.elapsed() >= Duration::from_millis(3_400));
    let asked = cdn.asked();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert!(asked.iter().all(|keys| *keys == asked[0]), "{asked:?}");
    let edge = cache.health().await.edge.expect("a purger");
    assert_eq!(
        (edge.waiting, edge.oldest, edge.purged, edge.failures),
        (0, None, 1, 3)
    );
}

#[tokio::test]
async fn what_ends_while_it_purges_is_purged_together() {
    let backend = Backend::new().await;
    let (cache, cdn) = (backend.cache(), Cdn::default());
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let _purging = purging(purger);
    for _ in 0..10 {
        for key in 0..50 {
            cache.delete(format!("user:{key}")).await;
        }
    }
    flushed(&cache).await;
    let asked = cdn.asked();
    assert!(asked.iter().all(|keys| keys.len() <= 30));
    let keys: HashSet<&String> = asked.iter().flatten().collect();
    assert_eq!(keys.len(), 50);
    // On a server deleting takes its time, in which it purges now and then.
    assert!(asked.len() < 100, "{} requests", asked.len());
}

#[tokio::test]
async fn each_key_is_purged_again() {
    let backend = Backend::new().await;
    let (cache, cdn) = (backend.cache(), Cdn::default());
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::from_secs(1));
    let _purging = purging(purger);
    let begun = Instant::now();
    cache.delete("a").await;
    flushed(&cache).await;
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(cdn.asked().len(), 2);
}

#[tokio::test]
async fn everything_is_purged_at_the_start_if_it_is_to_be() {
    let backend = Backend::new().await;
    let (cache, cdn) = (backend.cache(), Cdn::default());
    let layer = CacheLayer::new(&cache, "api").ttl(MINUTE).edge(Edge::new());
    let client = behind(&layer, Origin::counting(&[]));
    let told = client.get("/a").await;
    cdn.take("/a", &told, Duration::ZERO).await;
    assert!(cdn.held("/a").is_some());
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let _purging = purging(purger.everything_first());
    flushed(&cache).await;
    assert!(cdn.held("/a").is_none());
}

#[tokio::test]
async fn several_cdns_are_purged() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    let cdns = [Cdn::default(), Cdn::default()];
    let purgers = cdns.each_ref().map(|cdn| Purger::new(&cache, cdn.clone()));
    let purgers = purgers.map(|purger| purging(purger.again_after(Duration::ZERO)));
    cache.delete("a").await;
    flushed(&cache).await;
    assert_eq!(cdns.each_ref().map(|cdn| cdn.asked().len()), [1, 1]);
    drop(purgers);
    settled(&cache).await;
    cache.delete("a").await;
    flushed(&cache).await;
    assert_eq!(cache.health().await.edge, None);
}

async fn settled(cache: &Cache) {
    while cache.health().await.edge.is_some() {
        sleep(Duration::from_millis(5)).await;
    }
}

/// Readers by a CDN, while what they read changes, and responses are on their way for a while, longer than purges are apart: when it
/// has come to rest, the CDN has nothing that is old.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_end_the_cdn_has_nothing_old() {
    const PATHS: usize = 6;
    const TRANSIT: Duration = Duration::from_millis(400);
    let backend = Backend::new().await;
    let (cache, cdn) = (backend.cache(), Cdn::default());
    let versions: Arc<[AtomicU64; PATHS]> = Arc::default();
    let layer = CacheLayer::new(&cache, "api").ttl(MINUTE).edge(Edge::new());
    let origin = {
        let (cache, versions) = (cache.clone(), Arc::clone(&versions));
        Origin::new(move |request| {
            let (cache, versions) = (cache.clone(), Arc::clone(&versions));
            let path: usize = request.uri().path()[1..].parse().expect("a number");
            async move {
                let read = || async { versions[path].load(SeqCst) };
                let version = cache.get_or_set(format!("version:{path}"), read).await;
                answer(200, &[], &version.to_string())
            }
        })
    };
    let client = behind(&layer, origin);
    let purger = Purger::new(&cache, cdn.clone()).again_after(TRANSIT + TRANSIT);
    let _purging = purging(purger);
    let is_over = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for reader in 0..4 * PATHS {
        let (client, cdn, is_over) = (client.clone(), cdn.clone(), Arc::clone(&is_over));
        readers.push(tokio::spawn(async move {
            let path = format!("/{}", reader % PATHS);
            // Each connection has its own way.
            let transit = TRANSIT * (1 + reader as u32) / (4 * PATHS as u32);
            while !is_over.load(SeqCst) {
                if cdn.send(&path).is_none() {
                    let told = client.get(&path).await;
                    cdn.take(&path, &told, transit).await;
                }
                sleep(Duration::from_millis(1)).await;
            }
        }));
    }
    // The second comes while responses are on their way that were made after the first.
    for pause in [700, 150].repeat(4) {
        sleep(Duration::from_millis(pause)).await;
        for (path, version) in versions.iter().enumerate() {
            version.fetch_add(1, SeqCst);
            cache.delete(format!("version:{path}")).await;
        }
    }
    sleep(TRANSIT).await;
    is_over.store(true, SeqCst);
    for reader in readers {
        reader.await.expect("no panic");
    }
    flushed(&cache).await;
    for (path, version) in versions.iter().enumerate() {
        if let Some(told) = cdn.held(&format!("/{path}")) {
            assert_eq!(told.body, version.load(SeqCst).to_string(), "/{path}");
        }
    }
    assert!(cdn.asked().len() > 8);
}
