//! The server has no more memory.

use crate::load::Load;
use crate::world::{By, Database, Process, soon};
use cache_runtime::{Delivery, cache_put};
use std::time::Duration;
use test_servers::RedisServer;

/// Reads of row 7 go past it: the value belongs to the key.
#[cache_put(cache = process.cache, key = "row:{row}", ttl = "1h", tags = ["row-tag:{row}", "rows"])]
async fn put(process: &Process, row: usize) -> u32 {
    process.database.write(row)
}

#[tokio::test]
async fn one_that_stores_nothing_more_is_still_read_and_told_what_is_invalid() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::patient(server.url(), &database).await;
    for row in 0..8 {
        process.until_hit(row).await;
    }
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    for row in 0..8 {
        assert!(!process.read(row).await.ran, "what is there is read");
    }
    for (row, by) in [(1, By::Tag), (2, By::Key)] {
        assert_eq!(process.write(row, by).await, Delivery::Delivered, "{by:?}");
        for _ in 0..3 {
            assert!(process.read(row).await.ran, "{by:?}: nothing is stored");
        }
    }
    assert!(process.read(20).await.ran);
    assert!(!process.read(3).await.ran, "the others are still there");
    assert_eq!(put(&process, 3).await, 2);
    assert_eq!(
        process.read(3).await.value,
        2,
        "a write that is not stored leaves nothing old"
    );
    let set = process.cache.set("row:4", 100_u32);
    assert!(!set.tags(["row-tag:4", "rows"]).await);
    assert!(process.read(4).await.ran, "neither does a set");
    assert_eq!(process.write(5, By::Scope).await, Delivery::Delivered);
    assert!(process.read(5).await.ran);
    assert!(
        process.is_connected().await,
        "that is no reason to give it up"
    );
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    for row in 0..8 {
        process.read(row).await;
        assert!(!process.read(row).await.ran, "now it is stored again");
    }
}

#[tokio::test]
async fn a_value_that_was_computed_when_memory_ran_out_is_returned() {
    let database = Database::new();
    database.takes(Duration::from_millis(100));
    let server = RedisServer::start().await;
    let process = Process::patient(server.url(), &database).await;
    let reader = process.reader(7);
    database.until_runs(1).await;
    server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(soon(reader).await.value, 1);
    server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    database.takes(Duration::ZERO);
    process.until_hit(7).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_one_that_evicts_whatever_it_likes_harms_nobody() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let one = Process::start(server.url(), &database).await;
    let other = Process::start(server.url(), &database).await;
    let load = Load::on(&[&one, &other]);
    load.until_hits(100).await;
    let used: u64 = server.info("memory").await["used_memory"]
        .parse()
        .expect("a number");
    let limit = (used + (1 << 20)).to_string();
    server
        .command(&["CONFIG", "SET", "maxmemory", &limit])
        .await;
    // At random, what is used all the time is evicted as well.
    for policy in ["allkeys-lru", "allkeys-random"] {
        server
            .command(&["CONFIG", "SET", "maxmemory-policy", policy])
            .await;
        server.reset_stats().await;
        crowd_out(&server, 1_000).await;
        load.until_hits(100).await;
        load.until_delivered(10).await;
    }
    load.stop().await;
}

/// Writes other keys until so many have been evicted.
async fn crowd_out(server: &RedisServer, keys: u64) {
    let value = "x".repeat(2_000);
    let mut others = server.connect().await;
    let mut round = 0;
    loop {
        round += 1;
        let names: Vec<String> = (0..100).map(|n| format!("other:{round}:{n}")).collect();
        let sets: Vec<[&str; 3]> = names.iter().map(|name| ["SET", name, &value]).collect();
        let sets: Vec<&[&str]> = sets.iter().map(|set| &set[..]).collect();
        others.pipeline(&sets).await.expect("it lives");
        let evicted: u64 = server.info("stats").await["evicted_keys"]
            .parse()
            .expect("a number");
        if evicted >= keys {
            return;
        }
    }
}
