//! The server is there and does not answer, or answers too late.

use crate::load::Load;
use crate::mute::Mute;
use crate::world::{By, Database, PATIENCE, Process, proxied, strict, timed};
use cache_runtime::{Builder, Delivery};
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer, wait_until};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_a_server_that_stops_and_goes_on_harms_nobody() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let one = Process::start(server.url(), &database).await;
    let several = |cache: Builder| cache.connections(3);
    let other = Process::with(server.url(), &database, several).await;
    let load = Load::on(&[&one, &other]);
    for _ in 0..2 {
        load.until_hits(200).await;
        load.until_delivered(10).await;
        server.pause();
        load.until_runs(200).await;
        load.until_deferred(10).await;
        server.resume();
    }
    load.until_hits(200).await;
    load.until_delivered(10).await;
    load.stop().await;
}

type Fault = (&'static str, fn(&Proxy));

/// Each leaves the server unusable until the network is healed.
const SILENCES: [Fault; 5] = [
    ("nothing passes", Proxy::hang),
    ("replies are lost", Proxy::drop_replies),
    ("requests are lost", Proxy::drop_requests),
    ("a round trip takes 60 ms", |proxy| {
        proxy.delay(Duration::from_millis(30));
    }),
    ("a round trip takes 400 ms", |proxy| {
        proxy.delay(Duration::from_millis(200));
    }),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_no_silence_of_the_network_harms_anybody() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let near = Process::patient(server.url(), &database).await;
    let far = Process::start(proxy.url(), &database).await;
    let load = Load::on(&[&near, &far]);
    for (fault, begin) in SILENCES {
        load.until_hits(200).await;
        begin(&proxy);
        far.until_lost().await;
        load.until_runs(100).await;
        load.until_delivered(5).await;
        assert!(!far.is_connected().await, "{fault}: it is not usable");
        assert!(near.is_connected().await, "{fault}: for the others it is");
        proxy.heal();
        far.until_connected().await;
    }
    load.until_hits(200).await;
    load.stop().await;
}

#[tokio::test]
async fn after_every_silence_the_first_read_is_the_new_value() {
    for (fault, begin) in SILENCES {
        let database = Database::new();
        let (server, proxy, process) = proxied(&database).await;
        let other = Process::patient(server.url(), &database).await;
        process.until_hit(7).await;
        begin(&proxy);
        assert_eq!(
            other.write(7, By::Tag).await,
            Delivery::Delivered,
            "{fault}"
        );
        // Enough of them for the breaker.
        for _ in 0..8 {
            assert_eq!(process.read(7).await.value, 2, "{fault}");
        }
        process.until_lost().await;
        assert_eq!(
            other.write(7, By::Key).await,
            Delivery::Delivered,
            "{fault}"
        );
        proxy.heal();
        process.until_hit(7).await;
        assert_eq!(process.read(7).await.value, 3, "{fault}");
    }
}

/// A round trip of 20 ms is slow, and none of its own makes the server unusable.
#[tokio::test]
async fn a_slow_server_is_used() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let slow = |cache: Builder| cache.operation_timeout(Duration::from_secs(1));
    let process = Process::with(proxy.url(), &database, slow).await;
    proxy.delay(Duration::from_millis(10));
    process.until_hit(7).await;
    assert_eq!(process.write(7, By::Tag).await, Delivery::Delivered);
    process.until_hit(7).await;
}

/// A server can fall silent while it is being connected to. Whoever waits for it then without a limit waits for ever.
#[tokio::test]
async fn a_server_that_falls_silent_at_any_word_of_a_connection_is_tried_again() {
    for word in ["CLIENT", "INFO", "SCRIPT"] {
        let database = Database::new();
        let server = RedisServer::start().await;
        let mute = Mute::start(server.port()).await;
        let process = Process::start(mute.url(), &database).await;
        process.until_hit(7).await;
        mute.fall_silent_at(word);
        mute.cut();
        process.until_lost().await;
        assert_eq!(process.read(7).await.value, 1, "{word}");
        wait_until("it is silent", PATIENCE, || async { mute.is_silent() }).await;
        process.until_connected().await;
        process.until_hit(7).await;
    }
}

#[tokio::test]
async fn a_server_that_hangs_at_the_start_holds_nobody_up() {
    let database = Database::new();
    let server = RedisServer::start().await;
    server.pause();
    let began = Instant::now();
    let limit = Duration::from_millis(300);
    let builder = strict(server.url()).connect_timeout(limit);
    let cache = builder.build().await.expect("a valid configuration");
    let built = began.elapsed();
    assert!(built < 4 * limit, "{built:?}");
    let read = || cache.get_or_set("row:7", || database.read(7));
    for _ in 0..3 {
        let call = timed(read().into_future()).await;
        assert!(call.ran && call.over < limit, "{:?}", call.over);
    }
    server.resume();
    wait_until("a read is a hit", PATIENCE, || async {
        !timed(read().into_future()).await.ran
    })
    .await;
}
