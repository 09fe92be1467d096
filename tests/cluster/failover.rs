//! A primary goes, and its replica takes its place.

use crate::world::*;
use cache_runtime::Cache;
use std::time::{Duration, Instant};
use test_servers::{RedisCluster, RedisServer};

/// The names on which more depends than on others: the root, and an entry.
const ROOT: &str = "~scope:";

/// How long after the failover everything can be reached.
async fn is_reached_soon(cluster: &RedisCluster, cache: &Cache, name: &str, from: &RedisServer) {
    cluster.is_failed_over(name, from).await;
    let failed_over = Instant::now();
    is_whole(cache).await;
    println!("reached {:?} after the failover", failed_over.elapsed());
    assert!(failed_over.elapsed() < Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_killed_is_replaced() {
    let cluster = RedisCluster::start().await;
    under_readers(&cluster, bound(), async |cache, _| {
        let primary = cluster.primary_of(ROOT).await;
        primary.kill();
        is_reached_soon(&cluster, cache, ROOT, primary).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_paused_is_replaced_and_comes_back_as_a_replica() {
    let cluster = RedisCluster::start().await;
    under_readers(&cluster, bound(), async |cache, _| {
        let primary = cluster.primary_of("row:1").await;
        primary.pause();
        is_reached_soon(&cluster, cache, "row:1", primary).await;
        primary.resume();
        tokio::time::sleep(Duration::from_secs(1)).await;
    })
    .await;
}

/// A replica takes over while its primary lives (`CLUSTER FAILOVER`), as it is done before a machine is serviced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_that_was_asked_for_costs_no_stale_read() {
    let cluster = RedisCluster::start().await;
    under_readers(&cluster, bound(), async |_, _| {
        for name in [ROOT, "~scope:row:"] {
            let primary = cluster.primary_of(name).await;
            let replica = cluster.replica_of(primary).await;
            let asked = replica.command(&["CLUSTER", "FAILOVER"]).await;
            assert!(asked.is_ok(), "{asked:?}");
            cluster.is_failed_over(name, primary).await;
            cluster.is_well().await;
        }
    })
    .await;
}

/// Without a replica its part stays away, and the rest goes on where the cluster lets it.
#[tokio::test]
async fn what_lies_elsewhere_goes_on_without_a_server() {
    let arguments = [("--cluster-require-full-coverage", "no")];
    let cluster = RedisCluster::with(3, 0, &arguments).await;
    let cache = cache(&cluster).await;
    let is_elsewhere =
        async |name: &str, from: &RedisServer| cluster.primary_of(name).await.port() != from.port();
    // One that has not the root.
    let root = cluster.primary_of(ROOT).await.port();
    let away = cluster.nodes().iter().find(|node| node.port() != root);
    let away = away.expect("another");
    let (mut here, mut there) = (None, None);
    for n in 0..100 {
        let key = format!("key{n}");
        let slot = if is_elsewhere(&key, away).await {
            &mut here
        } else {
            &mut there
        };
        slot.get_or_insert(key);
    }
    let (here, there) = (here.expect("a key"), there.expect("a key"));
    for key in [&here, &there] {
        cache.set(key.as_str(), 1_u64).await;
    }
    away.kill();
    test_servers::wait_until("it is noticed", PATIENCE, || async {
        redis(&cache).await.unserved_slots > 0
    })
    .await;
    assert_eq!(cache.get::<u64>(here.as_str()).await, Some(1));
    assert_eq!(cache.get::<u64>(there.as_str()).await, None);
    // What was told to nobody, nobody serves; what lies elsewhere is no worse for it.
    let done = cache.invalidate(there.as_str()).await;
    assert_eq!(done.delivery, cache_runtime::Delivery::Deferred);
    assert_eq!(cache.get::<u64>(here.as_str()).await, Some(1));
    away.restart().await;
    is_whole(&cache).await;
    assert_eq!(
        cache.flush(PATIENCE).await,
        cache_runtime::Delivery::Delivered
    );
    cache.set(there.as_str(), 2_u64).await;
    assert_eq!(cache.get::<u64>(there.as_str()).await, Some(2));
}
