//! What a read asks the server for, and what it may be answered with.

use crate::world::{PATIENCE, Process, pair, read, reads};
use cache_runtime::{FunctionStats, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{Deployment, Proxy, RedisServer};

#[cached(cache = process.cache, key = "far:{row}", tags = ["rows"], ttl = "1h", local = off, skip(process))]
async fn elsewhere(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

#[cached(cache = process.cache, key = "row:{row}", tags = ["rows", "row-tag:{row}"], ttl = "1h", consistency = strict, skip(process))]
async fn strictly(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

#[cached(cache = process.cache, key = "brief:{row}", tags = ["rows"], ttl = "1h", local = "300ms", skip(process))]
async fn briefly(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

#[cached(cache = process.cache, key = "short:{row}", ttl = "1s", skip(process))]
async fn short(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

#[cached(cache = process.cache, key = "outer:{row}", ttl = "1h", skip(process))]
async fn outer(process: &Process, row: u32) -> u32 {
    read(process, row).await
}

fn function(process: &Process, name: &str) -> FunctionStats {
    let stats = process.cache.stats();
    stats.function(name).cloned().expect("it was called")
}

#[tokio::test]
async fn an_entry_is_read_alone_where_its_generations_are_known() {
    let server = Deployment::start().await;
    let (one, other, database) = pair(server.url()).await;
    for row in 0..10 {
        elsewhere(&one, row).await;
    }
    elsewhere(&one, 0).await;
    server.reset_stats().await;
    for row in 0..10 {
        assert_eq!(elsewhere(&one, row).await, 1);
    }
    assert_eq!(reads(&server.servers()).await, (10, 0));
    // Until one of them has ended.
    database.store(2, SeqCst);
    other.cache.invalidate_tag("rows").await;
    let began = std::time::Instant::now();
    while elsewhere(&one, 3).await != 2 {
        assert!(began.elapsed() < PATIENCE);
    }
    let function = function(&one, "elsewhere");
    assert_eq!(function.local_hits, 0, "{function:?}");
}

/// What was stored is read before it is kept: nothing tells of changes to what was only written.
#[tokio::test]
async fn what_was_stored_is_not_kept_and_what_was_read_is() {
    let server = Deployment::start().await;
    let (one, _, _) = pair(server.url()).await;
    read(&one, 7).await;
    // The entry, two scopes and two tags: on a cluster each has a slot of its own.
    let all = if Deployment::is_cluster() { 5 } else { 1 };
    for asked in [all, 0, 0] {
        server.reset_stats().await;
        read(&one, 7).await;
        let (get, mget) = reads(&server.servers()).await;
        assert_eq!(get + mget, asked);
    }
}

#[tokio::test]
async fn a_strict_function_asks_each_time_also_for_what_is_kept() {
    let server = Deployment::start().await;
    let (one, _, _) = pair(server.url()).await;
    assert_eq!(one.warm(7).await, 1);
    server.reset_stats().await;
    for _ in 0..10 {
        assert_eq!(strictly(&one, 7).await, 1);
    }
    let (get, mget) = reads(&server.servers()).await;
    let all = if Deployment::is_cluster() { 5 } else { 1 };
    assert_eq!(get + mget, 10 * all);
    assert_eq!(function(&one, "strictly").hits, 10);
}

#[tokio::test]
async fn an_entry_is_kept_only_as_long_as_its_function_says() {
    let server = Deployment::start().await;
    let (one, _, _) = pair(server.url()).await;
    for _ in 0..3 {
        briefly(&one, 7).await;
    }
    server.reset_stats().await;
    let began = std::time::Instant::now();
    while reads(&server.servers()).await == (0, 0) {
        assert_eq!(briefly(&one, 7).await, 1);
        assert!(began.elapsed() < Duration::from_millis(700));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(function(&one, "briefly").local_hits > 1);
    assert_eq!(function(&one, "briefly").misses, 1);
}

/// The server tells of an expiry only once it has noticed. Nobody waits for that.
#[tokio::test]
async fn an_entry_is_not_kept_longer_than_it_lives_on_the_server() {
    let debug = ["--enable-debug-command", "yes"];
    let server = RedisServer::builder().arg(debug[0], debug[1]).start().await;
    let off = server.command(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]).await;
    assert!(off.is_ok(), "{off:?}");
    let (one, _, database) = pair(server.url()).await;
    let began = std::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(short(&one, 7).await, 1);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    // It has lived for a while when this process finds it.
    let late = Process::start(server.url(), &database, Duration::from_secs(60)).await;
    while began.elapsed() < Duration::from_millis(900) {
        assert_eq!((short(&late, 7).await, short(&one, 7).await), (1, 1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(function(&late, "short").local_hits > 3);
    database.store(2, SeqCst);
    tokio::time::sleep(Duration::from_millis(1_300).saturating_sub(began.elapsed())).await;
    assert_eq!((short(&late, 7).await, short(&one, 7).await), (2, 2));
}

/// What is kept may be older than what an outer value is to be made of.
#[tokio::test]
async fn a_nested_read_asks_the_server() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let bound = Duration::from_secs(60);
    let far = Process::start(proxy.url(), &database, bound).await;
    let near = Process::start(server.url(), &database, bound).await;
    assert_eq!(far.warm(7).await, 1);
    // News are slow.
    proxy.delay_replies(Duration::from_millis(400));
    database.store(2, SeqCst);
    near.cache.invalidate_tag("rows").await;
    assert_eq!(read(&far, 7).await, 1, "it has not heard yet");
    assert_eq!(outer(&far, 7).await, 2);
}

/// A number that is known here and has changed elsewhere says nothing against an entry.
#[tokio::test]
async fn a_valid_entry_is_not_computed_again_for_what_is_known_here() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let bound = Duration::from_secs(60);
    let far = Process::start(proxy.url(), &database, bound).await;
    let near = Process::start(server.url(), &database, bound).await;
    for _ in 0..3 {
        assert_eq!(elsewhere(&far, 7).await, 1);
    }
    proxy.delay_replies(Duration::from_millis(200));
    database.store(2, SeqCst);
    near.cache.invalidate_tag("rows").await;
    assert_eq!(elsewhere(&near, 7).await, 2);
    let loads = function(&far, "elsewhere").loads;
    assert_eq!(elsewhere(&far, 7).await, 2);
    assert_eq!(function(&far, "elsewhere").loads, loads);
}
