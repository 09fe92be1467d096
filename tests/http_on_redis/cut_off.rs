//! A CDN, of which some nodes are cut off from the server.

use crate::cdn::Cdn;
use crate::node::{BOUND, Node, PATIENCE};
use cache_runtime::Delivery;
use cache_runtime::http::Purger;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer, wait_until};

async fn purged(cdn: &Cdn) {
    wait_until("the CDN is purged", PATIENCE, || async {
        cdn.held("/").is_none()
    })
    .await;
}

/// What it has invalidated, others do not know of: the CDN asks these, and has what was there again.
#[tokio::test]
async fn who_is_cut_off_purges_again_when_its_invalidation_is_delivered() {
    let server = RedisServer::start().await;
    let late = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let writer = Node::start(late.url(), &database).await;
    let other = Node::start(server.url(), &database).await;
    let cdn = Cdn::default();
    let purger = Purger::new(&writer.cache, cdn.clone()).again_after(Duration::ZERO);
    let purging = tokio::spawn(purger.run());
    assert_eq!(other.read_by(&cdn).await, "1");
    late.refuse();
    late.cut();
    writer.is_cut_off().await;
    database.store(2, SeqCst);
    let done = writer.cache.invalidate("row").await;
    assert_eq!(done.delivery, Delivery::Deferred);
    purged(&cdn).await;
    assert_eq!(other.read_by(&cdn).await, "1", "nobody could tell it");
    let limit = Duration::from_millis(300);
    assert_eq!(writer.cache.flush(limit).await, Delivery::Deferred);
    late.heal();
    assert_eq!(writer.cache.flush(PATIENCE).await, Delivery::Delivered);
    assert_eq!(other.read_by(&cdn).await, "2");
    purging.abort();
}

/// It has not heard of the invalidation yet, and may answer for as long as its bound says: only then is it purged for good.
#[tokio::test]
async fn what_a_node_sends_that_has_not_heard_of_it_is_purged_too() {
    let server = RedisServer::start().await;
    let late = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let writer = Node::start(server.url(), &database).await;
    let other = Node::start(late.url(), &database).await;
    let cdn = Cdn::default();
    let purging = tokio::spawn(Purger::new(&writer.cache, cdn.clone()).run());
    // It keeps what it has read.
    let local_hits = || {
        other
            .cache
            .stats()
            .functions
            .iter()
            .map(|it| it.local_hits)
            .sum::<u64>()
    };
    wait_until("the other keeps it", PATIENCE, || async {
        other.client.get("/").await;
        local_hits() > 2
    })
    .await;
    assert_eq!(other.read_by(&cdn).await, "1");
    late.delay_replies(Duration::from_millis(800));
    database.store(2, SeqCst);
    let begun = Instant::now();
    let done = writer.cache.invalidate("row").await;
    assert_eq!(done.delivery, Delivery::Delivered);
    purged(&cdn).await;
    assert_eq!(other.read_by(&cdn).await, "1", "it has not heard of it");
    assert_eq!(writer.cache.flush(PATIENCE).await, Delivery::Delivered);
    assert!(begun.elapsed() >= BOUND, "{:?}", begun.elapsed());
    assert!(cdn.held("/").is_none(), "{:?}", cdn.held("/"));
    assert_eq!(writer.read_by(&cdn).await, "2");
    purging.abort();
}
