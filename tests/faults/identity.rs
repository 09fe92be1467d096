//! The server throws its clients out, changes its password, or becomes another one under them.

use crate::load::Load;
use crate::world::{By, Database, PATIENCE, Process, strict};
use cache_runtime::Delivery;
use std::time::{Duration, Instant};
use test_servers::{RedisServer, wait_until};

/// What row 7 depends on by its tag.
const GENERATION: &str = "app:~tag:row-tag:7";
const ENTRY: &str = "app:row:7";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_clients_may_be_thrown_out_at_any_time() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let one = Process::start(server.url(), &database).await;
    let other = Process::start(server.url(), &database).await;
    let load = Load::on(&[&one, &other]);
    for _ in 0..5 {
        load.until_hits(100).await;
        one.until_connected().await;
        other.until_connected().await;
        let thrown_out = server
            .command(&["CLIENT", "KILL", "TYPE", "normal"])
            .await
            .integer();
        assert!(thrown_out >= 2, "{thrown_out}");
        load.until_runs(1).await;
    }
    load.until_hits(200).await;
    load.until_delivered(10).await;
    load.stop().await;
}

#[tokio::test]
async fn a_password_that_is_changed_makes_calls_go_past_the_cache_until_it_is_changed_back() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::start(server.url(), &database).await;
    process.until_hit(7).await;
    // Whoever is in stays in.
    let mut admin = server.connect().await;
    let mut command = async |command: &[&str]| admin.command(command).await.expect("it lives");
    command(&["CONFIG", "SET", "requirepass", "secret"]).await;
    assert!(!process.read(7).await.ran, "whoever is in stays in");
    command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
    process.until_lost().await;
    for _ in 0..3 {
        assert!(process.read(7).await.ran);
    }
    assert_eq!(process.write(7, By::Tag).await, Delivery::Deferred);
    wait_until("somebody says why", PATIENCE, || async {
        let redis = process.cache.health().await.redis.expect("there is one");
        redis.reason.is_some_and(|why| why.contains("NOAUTH"))
    })
    .await;
    command(&["CONFIG", "SET", "requirepass", ""]).await;
    process.until_hit(7).await;
}

/// A primary that was demoted answers reads as ever, with what its new primary has.
#[tokio::test]
async fn a_primary_that_becomes_a_replica_is_left_and_taken_back_when_it_is_promoted() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let other = RedisServer::start().await;
    let process = Process::start(server.url(), &database).await;
    process.until_hit(7).await;
    other.replicate_from(&server).await;
    other.promote().await;
    // From here on the other one has a value that is old, and the generation that is ended here.
    assert_eq!(process.write(7, By::Tag).await, Delivery::Delivered);
    assert_eq!(server.command(&["EXISTS", GENERATION]).await.integer(), 0);
    server.replicate_from(&other).await;
    let demoted = Instant::now();
    assert_eq!(
        server
            .command(&["EXISTS", GENERATION, ENTRY])
            .await
            .integer(),
        2
    );
    process.until_lost().await;
    // It is asked twice a second who it is.
    let noticed = demoted.elapsed();
    assert!(noticed < Duration::from_millis(1_500), "{noticed:?}");
    for _ in 0..10 {
        let call = process.read(7).await;
        assert!(call.ran, "nothing is served");
    }
    assert_eq!(process.write(7, By::Tag).await, Delivery::Deferred);
    server.promote().await;
    process.until_connected().await;
    process.until_hit(7).await;
}

#[tokio::test]
async fn a_replica_is_not_used_in_the_first_place() {
    let database = Database::new();
    let (server, primary) = (RedisServer::start().await, RedisServer::start().await);
    server.replicate_from(&primary).await;
    let builder = strict(server.url());
    let builder = builder.operation_timeout(PATIENCE);
    let cache = builder.build().await.expect("a valid configuration");
    let redis = cache.health().await.redis.expect("there is one");
    assert!(!redis.connected);
    let why = redis.reason.expect("it is not connected");
    assert!(why.contains("replica"), "{why}");
    let read = || cache.get_or_set("row:7", || database.read(7));
    assert_eq!((read().await, read().await), (1, 1));
    assert_eq!(database.runs(), 2);
}

/// A refused write tells it before the next question who it is.
#[tokio::test]
async fn a_replica_that_is_written_to_is_known_for_one_at_once() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let other = RedisServer::start().await;
    let process = Process::patient(server.url(), &database).await;
    let port = other.port().to_string();
    for writes in ["a miss", "an invalidation"] {
        server.command(&["REPLICAOF", "127.0.0.1", &port]).await;
        match writes {
            "a miss" => assert!(process.read(7).await.ran),
            _ => assert_eq!(process.write(7, By::Tag).await, Delivery::Deferred),
        }
        let redis = process.cache.health().await.redis.expect("there is one");
        assert!(!redis.connected, "after {writes}");
        server.promote().await;
        process.until_hit(7).await;
    }
}

/// The generations that were deleted on the one server while the other was the primary are gone on both afterwards.
#[tokio::test]
async fn what_was_ended_on_another_primary_stays_ended() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = Process::start(server.url(), &database).await;
    process.until_hit(7).await;
    let other = RedisServer::start().await;
    other.replicate_from(&server).await;
    other.promote().await;
    server.replicate_from(&other).await;
    process.until_lost().await;
    let there = Process::start(other.url(), &database).await;
    assert_eq!(there.write(7, By::Tag).await, Delivery::Delivered);
    wait_until("the replica has heard of it", PATIENCE, || async {
        server.command(&["EXISTS", GENERATION]).await.integer() == 0
    })
    .await;
    drop(there);
    server.promote().await;
    process.until_connected().await;
    assert_eq!(process.read(7).await.value, 2);
    process.until_hit(7).await;
}

/// An old dump brings back what was deleted after it was written: the entry, and the generation that it depends on.
#[tokio::test]
async fn a_restart_from_an_old_dump_does_not_bring_old_values_back() {
    for by in [By::Tag, By::Key, By::Scope] {
        let database = Database::new();
        let server = RedisServer::start().await;
        let process = Process::start(server.url(), &database).await;
        let other = Process::start(server.url(), &database).await;
        process.until_hit(7).await;
        let stored = server.command(&["GET", GENERATION]).await;
        server.save().await;
        assert_eq!(process.write(7, by).await, Delivery::Delivered);
        server.kill();
        server.restart().await;
        assert_eq!(
            server.command(&["GET", GENERATION]).await,
            stored,
            "{by:?}: it is back"
        );
        assert_eq!(
            server.command(&["EXISTS", ENTRY]).await.integer(),
            1,
            "{by:?}: it is back"
        );
        process.until_connected().await;
        other.until_connected().await;
        assert_eq!(other.read(7).await.value, 2, "{by:?}");
        assert_eq!(process.read(7).await.value, 2, "{by:?}");
        process.until_hit(7).await;
    }
}
