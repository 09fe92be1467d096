//! Attacks on the edge that need a server.

use crate::backend::Backend;
use crate::cdn::{Cdn, keys_of};
use crate::node::{BOUND, Node, PATIENCE};
use crate::world::*;
use cache_runtime::http::{CacheLayer, Edge, Purger, ReadYourWritesLayer};
use cache_runtime::{
    Cache, Consistency, Delivery, DomainCache, Invalidations, cache_invalidate, cached,
};
use http::Request;
use serde::{Deserialize, Serialize};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;
use test_servers::{Proxy, RedisServer, wait_until};
use tower_layer::Layer;
use tower_service::Service;

const LIMIT: Duration = Duration::from_secs(20);

/// Whatever it returns.
fn ignore<T>(_: T) {}

#[cached(ttl = "1h", key = "row", tags = ["t"], cache = cache, skip(cache), companion)]
async fn row(cache: &Cache) -> u32 {
    1
}

#[cache_invalidate("row", cache = cache)]
async fn ends_row(cache: &Cache) {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "rows", ttl = "1h")]
struct Row {
    #[cache(key)]
    id: u32,
    #[cache(lookup)]
    mail: String,
}

/// Polls a future so many times, and drops it. False: it has ended before.
async fn dropped_after<F: Future>(polls: usize, work: F) -> bool {
    let mut work = pin!(work);
    for _ in 0..polls {
        let done = poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await;
        if done {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    true
}

/// (1): "drop of a future midway".
#[tokio::test]
async fn who_goes_midway_has_purged() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let cache = Cache::builder()
        .redis(proxy.url())
        .consistency(Consistency::Bounded(BOUND))
        .operation_timeout(PATIENCE)
        .build()
        .await
        .expect("valid");
    let origin = {
        let cache = cache.clone();
        Origin::new(move |_| {
            let cache = cache.clone();
            async move {
                let row = row(&cache).await;
                let load = || async {
                    Ok::<_, ()>(Some(Row {
                        id: 1,
                        mail: "m".into(),
                    }))
                };
                let _ = RowCache::new(&cache).get_or_load(&1, load).await;
                answer(200, &[], &row.to_string())
            }
        })
    };
    let layer = CacheLayer::new(&cache, "api").ttl(MINUTE).edge(Edge::new());
    let client = behind(&layer, origin.clone());
    let cdn = Cdn::default();
    let purger = Purger::new(&cache, cdn.clone()).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    let rows = RowCache::new(&cache);
    let record = Row {
        id: 1,
        mail: "n".into(),
    };
    let mut lost = Vec::new();
    for way in [
        "delete",
        "delete many",
        "tag",
        "scope",
        "glob",
        "set",
        "set many",
        "try set",
        "set with",
        "write through",
        "refresh",
        "annotated",
        "deliver",
        "together",
        "domain put",
        "domain put many",
        "domain invalidate",
        "post",
    ] {
        for polls in 1..9 {
            proxy.heal();
            let mut told = client.get("/a").await;
            for _ in 0..20 {
                if !keys_of(&told).is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                told = client.get("/a").await;
            }
            let keys = keys_of(&told);
            assert!(!keys.is_empty(), "{way} {polls}: {told:?}");
            cache.flush(LIMIT).await;
            cdn.purged();
            // Replies take a while, in which whoever waits for them goes.
            proxy.delay_replies(Duration::from_millis(60));
            let c = &cache;
            let went = match way {
                "delete" => dropped_after(polls, async { ignore(c.delete("row").await) }).await,
                "delete many" => {
                    dropped_after(polls, async { ignore(c.delete_many(["row", "x"]).await) }).await
                }
                "tag" => dropped_after(polls, async { ignore(c.invalidate_tag("t").await) }).await,
                "scope" => dropped_after(polls, async { ignore(c.invalidate("*").await) }).await,
                "glob" => dropped_after(polls, async { ignore(c.invalidate("r?w").await) }).await,
                "set" => dropped_after(polls, async { ignore(c.set("row", 2_u32).await) }).await,
                "set many" => {
                    dropped_after(polls, async {
                        ignore(c.set_many([("row", 3_u32), ("x", 3)], MINUTE).await);
                    })
                    .await
                }
                "try set" => {
                    dropped_after(polls, async { ignore(c.try_set("row", 2_u32).await) }).await
                }
                "write through" => {
                    dropped_after(polls, async {
                        ignore(
                            c.write_through("row", || async { Ok::<_, ()>(4_u32) })
                                .await,
                        );
                    })
                    .await
                }
                "set with" => {
                    dropped_after(polls, async {
                        ignore(c.set_with("row", || async { 6_u32 }).await);
                    })
                    .await
                }
                "refresh" => dropped_after(polls, async { ignore(row::refresh(c).await) }).await,
                "annotated" => dropped_after(polls, ends_row(c)).await,
                "deliver" => {
                    let mut all = Invalidations::of(c);
                    all.collect(async { ignore(c.delete("row").await) }).await;
                    dropped_after(polls, async { ignore(all.deliver().await) }).await
                }
                "together" => {
                    let mut all = Invalidations::of(c);
                    all.collect(async {
                        c.invalidate("z?z").await;
                        c.invalidate("r?w").await;
                    })
                    .await;
                    dropped_after(polls, async { ignore(all.deliver().await) }).await
                }
                "domain put" => {
                    dropped_after(polls, async { ignore(rows.put(&record).await) }).await
                }
                "domain put many" => {
                    dropped_after(polls, async {
                        ignore(rows.put_many(std::slice::from_ref(&record)).await);
                    })
                    .await
                }
                "domain invalidate" => {
                    dropped_after(polls, async { ignore(rows.invalidate(&1).await) }).await
                }
                _ => {
                    dropped_after(polls, async { ignore(client.ask("POST", "/a", &[]).await) })
                        .await
                }
            };
            tokio::time::sleep(Duration::from_millis(150)).await;
            proxy.heal();
            let calls = origin.calls();
            client.get("/a").await;
            let has_ended = origin.calls() > calls;
            assert_eq!(cache.flush(LIMIT).await, Delivery::Delivered, "{way}");
            let purged = cdn.purged();
            if has_ended && purged.is_disjoint(&keys) {
                lost.push(format!("{way} after {polls} polls (dropped: {went})"));
            }
        }
    }
    purging.abort();
    assert!(lost.is_empty(), "ended, and not purged: {lost:#?}");
}

/// (3): the bound of other processes begins when the server is told, not when the invalidation was wanted.
#[tokio::test]
async fn what_is_delivered_late_is_purged_again_after_the_bound() {
    let server = RedisServer::start().await;
    let mine = Proxy::start(server.port()).await;
    let theirs = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let writer = Node::start(mine.url(), &database).await;
    let other = Node::start(theirs.url(), &database).await;
    let cdn = Cdn::default();
    let purging = tokio::spawn(Purger::new(&writer.cache, cdn.clone()).run());
    let local_hits = || {
        let stats = other.cache.stats();
        stats.functions.iter().map(|it| it.local_hits).sum::<u64>()
    };
    wait_until("the other keeps it", PATIENCE, || async {
        other.client.get("/").await;
        local_hits() > 2
    })
    .await;
    assert_eq!(other.read_by(&cdn).await, "1");
    mine.refuse();
    mine.cut();
    wait_until("it is cut off", PATIENCE, || async {
        let redis = writer.cache.health().await.redis;
        !redis.is_some_and(|redis| redis.connected)
    })
    .await;
    database.store(2, SeqCst);
    let done = writer.cache.invalidate("row").await;
    assert_eq!(done.delivery, Delivery::Deferred);
    // Longer than a second and the bound.
    tokio::time::sleep(BOUND + Duration::from_millis(1_500)).await;
    assert!(cdn.held("/").is_none());
    // As in `cut_off::what_a_node_sends_that_has_not_heard_of_it_is_purged_too`.
    theirs.delay_replies(Duration::from_millis(800));
    mine.heal();
    wait_until("it is delivered", PATIENCE, || async {
        let redis = writer.cache.health().await.redis;
        redis.is_some_and(|redis| redis.connected && redis.queued_invalidations == 0)
    })
    .await;
    let delivered = std::time::Instant::now();
    // The CDN asks the other node now and again, which has not heard of it.
    let mut olds = Vec::new();
    while delivered.elapsed() < Duration::from_millis(700) {
        if cdn.held("/").is_none() {
            let body = other.read_by(&cdn).await;
            olds.push((delivered.elapsed(), body));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    eprintln!("{olds:?}");
    assert_eq!(writer.cache.flush(PATIENCE).await, Delivery::Delivered);
    tokio::time::sleep(BOUND * 2).await;
    let held = cdn.held("/").map(|told| told.body);
    assert_ne!(
        held.as_deref(),
        Some("1"),
        "the CDN has what was invalidated, for good"
    );
    purging.abort();
}

/// (4), (2): a token is one client's.
#[tokio::test]
async fn a_token_is_not_for_the_cdn() {
    let backend = Backend::new().await;
    let cache = backend.cache();
    if cache.health().await.redis.is_none() {
        return;
    }
    let layer = CacheLayer::new(&cache, "api").ttl(MINUTE).edge(Edge::new());
    let mut service = ReadYourWritesLayer::new(&cache).layer(layer.layer(Origin::counting(&[])));
    let mut said = Vec::new();
    for control in ["", "no-cache", "max-age=0"] {
        let request = Request::builder()
            .uri("/a")
            .header("cache-control", control)
            .body(Body::default())
            .expect("a request");
        poll_fn(|context| service.poll_ready(context))
            .await
            .expect("ready");
        let told = read(service.call(request).await.expect("infallible")).await;
        let given = told.header("cdn-cache-control").starts_with("max-age");
        if given && !told.header("cache-token").is_empty() {
            said.push(format!("{control:?}: {told:?}"));
        }
    }
    assert!(said.is_empty(), "the CDN sends it to everybody: {said:#?}");
}
