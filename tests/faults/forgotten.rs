//! The server has lost what it knew: everything, the scripts, or just what entries depend on.

use crate::load::Load;
use crate::world::{By, Database, Process, soon};
use cache_runtime::{Delivery, cache_put};
use std::time::Duration;
use test_servers::RedisServer;

#[tokio::test]
async fn a_server_that_restarts_empty_is_filled_again() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::start(server.url(), &database).await;
    process.until_hit(7).await;
    server.restart_empty().await;
    assert_eq!(server.command(&["DBSIZE"]).await.integer(), 0);
    process.until_connected().await;
    assert!(process.read(7).await.ran);
    process.until_hit(7).await;
    assert!(server.command(&["DBSIZE"]).await.integer() > 0);
}

/// Whoever flushes the database has made everything invalid, also what is being computed.
#[tokio::test]
async fn what_is_being_computed_while_everything_is_flushed_is_not_stored() {
    let database = Database::new();
    database.takes(Duration::from_millis(300));
    let server = RedisServer::start().await;
    let process = Process::patient(server.url(), &database).await;
    let readers: Vec<_> = (0..8).map(|row| process.reader(row)).collect();
    // Whoever computes has a lease and all generations.
    database.until_runs(8).await;
    server.command(&["FLUSHALL"]).await;
    for row in 0..8 {
        database.write(row);
    }
    for reader in readers {
        assert_eq!(soon(reader).await.value, 1);
    }
    assert_eq!(
        server.command(&["DBSIZE"]).await.integer(),
        0,
        "nothing was stored"
    );
    database.takes(Duration::ZERO);
    for row in 0..8 {
        assert_eq!(process.read(row).await.value, 2);
        process.until_hit(row).await;
    }
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_scripts_is_told_them_again() {
    #[cache_put(cache = process.cache, key = "put", ttl = "1h")]
    async fn put(process: &Process) -> u32 {
        process.database.read(0).await
    }

    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::patient(server.url(), &database).await;
    process.until_hit(1).await;
    for row in 2..5 {
        server.command(&["SCRIPT", "FLUSH"]).await;
        server.reset_stats().await;
        assert!(process.read(row).await.ran);
        assert!(!process.read(row).await.ran, "it was stored all the same");
        let (told, sent) = (
            server.calls("script|load").await,
            server.calls("evalsha").await,
        );
        assert!((1..=14).contains(&told), "told once, or twice: {told}");
        assert!(sent <= 6, "sent once more, not again and again: {sent}");
    }
    server.command(&["SCRIPT", "FLUSH"]).await;
    put(&process).await;
    assert_eq!(
        process.cache.get::<u32>("put").await,
        Some(1),
        "a write is stored too"
    );
    server.command(&["SCRIPT", "FLUSH"]).await;
    process.cache.set("set", 1_u32).await;
    assert_eq!(process.cache.get::<u32>("set").await, Some(1));
    let stats = process.cache.stats();
    assert!(
        stats
            .functions
            .iter()
            .all(|function| function.unavailable == 0),
        "{stats}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_scripts_may_be_forgotten_at_any_time() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::start(server.url(), &database).await;
    let load = Load::on(&[&process]);
    for _ in 0..10 {
        load.until_hits(50).await;
        server.command(&["SCRIPT", "FLUSH"]).await;
    }
    load.until_hits(200).await;
    load.stop().await;
}

/// Everything that an entry of row 7 depends on.
const GENERATIONS: [&str; 4] = [
    "app:~tag:row-tag:7",
    "app:~tag:rows",
    "app:~scope:row:",
    "app:~scope:",
];

#[tokio::test]
async fn an_entry_with_a_generation_that_was_evicted_is_a_miss() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::patient(server.url(), &database).await;
    for generation in GENERATIONS {
        process.until_hit(7).await;
        let version = database.write(7);
        assert_eq!(
            server.command(&["DEL", generation]).await.integer(),
            1,
            "{generation}"
        );
        let call = process.read(7).await;
        assert_eq!((call.value, call.ran), (version, true), "{generation}");
    }
}

/// To treat a generation that is missing as one that nobody has ended yet is how others serve old values.
#[tokio::test]
async fn nor_does_an_invalidation_get_lost_with_the_generation() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::patient(server.url(), &database).await;
    for generation in GENERATIONS {
        for by in [By::Tag, By::Key, By::Scope] {
            process.until_hit(7).await;
            server.command(&["DEL", generation]).await;
            assert_eq!(process.write(7, by).await, Delivery::Delivered);
            assert!(process.read(7).await.ran, "{generation} {by:?}");
        }
    }
}

#[tokio::test]
async fn what_is_being_computed_while_a_generation_is_evicted_is_not_stored() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::patient(server.url(), &database).await;
    for generation in GENERATIONS {
        process.write(7, By::Tag).await;
        database.takes(Duration::from_millis(100));
        let runs = database.runs();
        let reader = process.reader(7);
        database.until_runs(runs + 1).await;
        database.takes(Duration::ZERO);
        assert_eq!(
            server.command(&["DEL", generation]).await.integer(),
            1,
            "{generation}"
        );
        // Not even if it comes back meanwhile.
        process.read(8).await;
        soon(reader).await;
        assert!(process.read(7).await.ran, "{generation}");
    }
}
