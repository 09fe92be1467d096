//! The primary goes, and another one takes its place.

use crate::world::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::{is_strict_run, wait_until};

/// For so long after the sentinels' agreement a process may go on with a primary that does not know of it: until it asks them, and has noticed.
const KNOWS_NOTHING: Duration = Duration::from_millis(2_200);

/// How old may be what is read: nothing, or with the default consistency its bound; and somewhat more, since this process has more to do
/// than to look at the clock.
fn bound() -> Duration {
    match is_strict_run() {
        true => Duration::ZERO,
        false => Duration::from_millis(2_200),
    }
}

/// Readers of two processes, while something happens. No call fails, none returns what is older than may be, and soon after a
/// failover values are stored again.
async fn under_readers(
    world: &World,
    bound: Duration,
    happens: impl AsyncFnOnce(&cache_runtime::Cache, &Database),
) {
    let caches = [world.cache().await, world.cache().await];
    let database = Database::default();
    let (is_over, reads) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut readers = Vec::new();
    for at in 0..8 {
        let (cache, database) = (caches[at % 2].clone(), database.clone());
        let (is_over, reads) = (Arc::clone(&is_over), Arc::clone(&reads));
        readers.push(tokio::spawn(async move {
            while !is_over.load(SeqCst) {
                let least = database.least(bound);
                let number = database.read(&cache).await;
                assert!(number >= least, "{number} is older than {least}");
                reads.fetch_add(1, SeqCst);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }));
    }
    for _ in 0..5 {
        database.write(&caches[0]).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    happens(&caches[1], &database).await;
    for cache in &caches {
        is_connected(cache).await;
    }
    for _ in 0..5 {
        database.write(&caches[0]).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    is_over.store(true, SeqCst);
    for reader in readers {
        reader.await.expect("no stale read");
    }
    assert!(reads.load(SeqCst) > 100);
    for cache in &caches {
        assert_eq!(database.read(cache).await, database.number());
    }
    let runs = database.runs();
    for cache in &caches {
        assert_eq!(database.read(cache).await, database.number());
    }
    assert_eq!(database.runs(), runs, "it is stored again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_killed_is_replaced() {
    let world = World::start().await;
    under_readers(&world, bound(), async |cache, _| {
        world.servers[0].kill();
        world.is_failed_over_to(&world.servers[1]).await;
        let appointed = Instant::now();
        is_connected(cache).await;
        println!(
            "connected {:?} after the sentinels had agreed",
            appointed.elapsed()
        );
        assert!(appointed.elapsed() < Duration::from_secs(1));
    })
    .await;
}

/// It does not know of it, and would answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_stood_still_is_not_asked_again() {
    let world = World::start().await;
    under_readers(&world, bound(), async |cache, database| {
        world.servers[0].pause();
        world.is_failed_over_to(&world.servers[1]).await;
        is_connected(cache).await;
        database.write(cache).await;
        world.servers[0].resume();
        wait_until("it follows the other", PATIENCE, || async {
            world.servers[0].info("replication").await["role"] == "slave"
        })
        .await;
    })
    .await;
}

/// Nobody has told it, and it goes on as a primary: the sentinels know better.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_goes_on_after_a_failover_is_left() {
    let world = World::start().await;
    under_readers(&world, KNOWS_NOTHING, async |cache, database| {
        let deaf = ["ACL", "SETUSER", "default", "-replicaof", "-slaveof"];
        assert!(world.servers[0].command(&deaf).await.is_ok());
        let done = world.sentinels[0]
            .command(&["SENTINEL", "FAILOVER", "mymaster"])
            .await;
        assert!(done.is_ok(), "{done:?}");
        world.is_failed_over_to(&world.servers[1]).await;
        let told = world.servers[0].info("replication").await;
        assert_eq!(told["role"], "master");
        let appointed = Instant::now();
        world.servers[1].command(&["DEL", "number"]).await;
        wait_until("the other is used", PATIENCE, || async {
            database.read(cache).await;
            world.servers[1]
                .command(&["EXISTS", "number"])
                .await
                .integer()
                == 1
        })
        .await;
        println!(
            "left {:?} after the sentinels had agreed",
            appointed.elapsed()
        );
        assert!(appointed.elapsed() < Duration::from_secs(3));
        is_connected(cache).await;
    })
    .await;
}

/// All of it at once is gone for a while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_that_are_away_hurt_nobody_who_is_connected() {
    let world = World::start().await;
    under_readers(&world, bound(), async |cache, database| {
        for sentinel in &world.sentinels {
            sentinel.pause();
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(redis(cache).await.connected);
        let runs = database.runs();
        for _ in 0..10 {
            database.read(cache).await;
        }
        assert_eq!(database.runs(), runs);
        for sentinel in &world.sentinels {
            sentinel.resume();
        }
    })
    .await;
}

/// It is cut off from its replicas, maybe with this process: whoever is on the other side may have another one.
#[tokio::test]
async fn a_primary_that_may_not_write_is_not_read() {
    let world = World::start().await;
    for (name, value) in [
        ("min-replicas-to-write", "1"),
        ("min-replicas-max-lag", "2"),
    ] {
        let set = world.servers[0]
            .command(&["CONFIG", "SET", name, value])
            .await;
        assert!(set.is_ok(), "{set:?}");
    }
    let cache = world.cache().await;
    let database = Database::default();
    is_connected(&cache).await;
    database.read(&cache).await;
    world.servers[1].pause();
    wait_until("it is not asked any more", PATIENCE, || async {
        let health = redis(&cache).await;
        let reason = health.reason.unwrap_or_default();
        !health.connected && reason.contains("min-replicas-to-write")
    })
    .await;
    let runs = database.runs();
    database.read(&cache).await;
    assert_eq!(database.runs(), runs + 1);
    world.servers[1].resume();
    is_connected(&cache).await;
}
