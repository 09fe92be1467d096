//! Leases of computations that are no more. Nobody renews them, and nobody should have to wait until they expire.

use crate::world::{By, Call, Database, PATIENCE, Process, soon};
use cache_runtime::Builder;
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_servers::{Proxy, RedisServer, wait_until};
use tokio::task::JoinHandle;

/// Longer than any test: who waits for it to expire does not come back in time.
const ENDLESS: Duration = Duration::from_secs(60);
/// For a reply, where a test needs time to do something before it comes.
const LONG: Duration = Duration::from_millis(500);

async fn process(url: String, database: &Arc<Database>, timeout: Duration) -> Arc<Process> {
    let configure = |cache: Builder| {
        cache
            .lease(ENDLESS)
            .longest_wait(ENDLESS)
            .operation_timeout(timeout)
    };
    Process::with(url, database, configure).await
}

async fn until_leased(server: &RedisServer) {
    let lease = ["EXISTS", "app:~lease:{app:row:7}"];
    let is_leased = || async { server.command(&lease).await.integer() == 1 };
    wait_until("the lease is granted", PATIENCE, is_leased).await;
}

type Loss = (&'static str, fn(&Proxy, &JoinHandle<Call>));

const LOSSES: [Loss; 3] = [
    ("the reply is lost", |proxy, _| proxy.drop_replies()),
    ("the connection breaks", |proxy, _| proxy.cut()),
    ("the caller has gone", |_, caller| caller.abort()),
];

/// The server has granted it, and whoever asked for it does not know.
#[tokio::test]
async fn a_lease_whose_grant_got_lost_keeps_nobody_waiting() {
    for (loss, lose) in LOSSES {
        let database = Database::new();
        let server = RedisServer::start().await;
        let proxy = Proxy::start(server.port()).await;
        let process = process(proxy.url(), &database, LONG).await;
        let other = self::process(server.url(), &database, PATIENCE).await;
        proxy.delay_replies(LONG / 5);
        let caller = process.reader(7);
        until_leased(&server).await;
        lose(&proxy, &caller);
        let called = caller.await;
        assert!(
            called.is_ok() || loss == "the caller has gone",
            "{loss}: the call fails"
        );
        proxy.heal();
        process.until_hit(7).await;
        assert!(!other.read(7).await.ran, "{loss}");
    }
}

/// A computation that ends while there is no connection cannot give its lease back at once.
#[tokio::test]
async fn a_lease_that_could_not_be_given_back_keeps_nobody_waiting() {
    let database = Database::new();
    database.takes(Duration::from_millis(200));
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let process = process(proxy.url(), &database, LONG).await;
    let caller = process.reader(7);
    until_leased(&server).await;
    proxy.refuse();
    proxy.cut();
    assert_eq!(soon(caller).await.value, 1);
    proxy.heal();
    process.until_hit(7).await;
}

/// The lease is granted in the same breath in which the generations are refused.
#[tokio::test]
async fn a_lease_that_is_of_no_use_keeps_nobody_waiting() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = process(server.url(), &database, PATIENCE).await;
    let foreign = "app:~tag:row-tag:7";
    server
        .command(&["RPUSH", foreign, "not a generation"])
        .await;
    for _ in 0..5 {
        assert!(process.read(7).await.ran, "it cannot be stored");
    }
    assert!(
        process.is_connected().await,
        "that is no reason to give the server up"
    );
    process.until_hit(8).await;
    // An invalidation clears the way.
    process.write(7, By::Tag).await;
    process.until_hit(7).await;
}

/// Reads are answered, what writes is kept waiting: `CLIENT PAUSE` does so before a failover.
#[tokio::test]
async fn nor_does_one_of_a_server_that_only_reads() {
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = process(server.url(), &database, LONG / 10).await;
    server.command(&["CLIENT", "PAUSE", "2000", "WRITE"]).await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1_000) {
        let call = process.read(7).await;
        assert!(call.ran);
        assert!(call.over < LONG, "{:?}", call.over);
    }
    server.command(&["CLIENT", "UNPAUSE"]).await;
    process.until_hit(7).await;
}

/// An old dump, or a replica that has become the primary, knows of leases of another life.
#[tokio::test]
async fn a_lease_that_a_restart_brings_back_keeps_nobody_waiting() {
    const LEASE: &str = "app:~lease:{app:row:7}";
    let database = Database::new();
    let server = RedisServer::start().await;
    let process = process(server.url(), &database, PATIENCE).await;
    database.takes(LONG);
    let caller = process.reader(7);
    until_leased(&server).await;
    let holder = server.command(&["GET", LEASE]).await;
    assert!(soon(caller).await.ran);
    server.restart_empty().await;
    process.until_connected().await;
    // As it would be if its process had died with the server.
    server
        .command(&["SET", LEASE, holder.text(), "PX", "60000"])
        .await;
    // Whoever waited for it would not come back in time.
    process.until_hit(7).await;
}
