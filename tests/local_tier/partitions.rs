//! A network that says nothing: what is kept is served until the bound, and no longer.

use crate::world::{PATIENCE, Process, read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer};

const BOUND: Duration = Duration::from_millis(400);

async fn world() -> (RedisServer, Proxy, Process, Process, Arc<AtomicU32>) {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let far = Process::start(proxy.url(), &database, BOUND).await;
    let near = Process::start(server.url(), &database, BOUND).await;
    (server, proxy, far, near, database)
}

/// Neither side is told that the other is gone.
#[tokio::test]
async fn behind_a_network_that_hangs_nothing_older_than_the_bound_is_served() {
    let (_server, proxy, far, near, database) = world().await;
    assert_eq!(far.warm(7).await, 1);
    proxy.hang();
    let cut = Instant::now();
    database.store(2, SeqCst);
    near.cache.invalidate_tag("rows").await;
    let invalidated = Instant::now();
    let mut old = 0;
    while cut.elapsed() < BOUND + Duration::from_secs(1) {
        let began = Instant::now();
        // A call that asks the server would wait for it.
        let value = tokio::time::timeout(Duration::from_millis(20), read(&far, 7)).await;
        if value == Ok(1) {
            old += 1;
            assert!(began - invalidated <= BOUND, "{:?}", began - invalidated);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(old > 0, "it was kept for a while");
}

/// Age counts from the question: an answer that was long under way tells nothing of what happened meanwhile.
#[tokio::test]
async fn behind_a_slow_network_that_hangs_nothing_older_than_the_bound_is_served() {
    let (_server, proxy, far, near, database) = world().await;
    proxy.delay_replies(Duration::from_millis(250));
    assert_eq!(far.warm(7).await, 1);
    database.store(2, SeqCst);
    near.cache.invalidate_tag("rows").await;
    let invalidated = Instant::now();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(read(&far, 7).await, 1, "it has not heard yet");
    proxy.hang();
    while invalidated.elapsed() < BOUND + Duration::from_secs(1) {
        let began = Instant::now();
        let value = tokio::time::timeout(Duration::from_millis(20), read(&far, 7)).await;
        let age = began - invalidated;
        assert!(value != Ok(1) || age <= BOUND, "{age:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_connection_that_breaks_ends_what_is_kept() {
    let (_server, proxy, far, near, database) = world().await;
    assert_eq!(far.warm(7).await, 1);
    proxy.refuse();
    proxy.cut();
    let lost = || async {
        let redis = far.cache.health().await.redis;
        redis.is_some_and(|redis| !redis.connected)
    };
    test_servers::wait_until("it is lost", PATIENCE, lost).await;
    database.store(2, SeqCst);
    near.cache.invalidate_tag("rows").await;
    assert_eq!(read(&far, 7).await, 2, "the function runs");
    proxy.heal();
    far.until_connected().await;
    assert_eq!(far.warm(7).await, 2);
    // And it is kept again.
    proxy.reset_counts();
    for _ in 0..100 {
        assert_eq!(read(&far, 7).await, 2);
    }
    assert!(proxy.round_trips() <= 2, "only heartbeats");
}
