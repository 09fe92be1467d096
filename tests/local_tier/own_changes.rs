//! What a process changes itself ends here before the call returns, also where the server's news does not arrive: nothing
//! here hears of anything, and the bound is long.

use crate::changes::{CHANGES, outer};
use crate::relay::{Deaf, behind_one_that_turns_deaf};
use crate::world::{PATIENCE, Process, read};
use cache_runtime::{Builder, Consistency, Delivery, DomainCache};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{Proxy, RedisServer};

const BOUND: Duration = Duration::from_secs(60);

async fn about_to_turn_deaf(
    server: &RedisServer,
    configure: impl FnOnce(Builder) -> Builder,
) -> (Process, Deaf, Arc<AtomicU32>) {
    let (url, deaf) = behind_one_that_turns_deaf(server).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::with(url, &database, |builder| {
        configure(builder.consistency(Consistency::Bounded(BOUND)))
    })
    .await;
    (one, deaf, database)
}

#[tokio::test]
async fn a_change_of_its_own_needs_no_news() {
    for connections in [1, 3] {
        for (change, make) in CHANGES {
            let server = RedisServer::start().await;
            let (one, deaf, database) =
                about_to_turn_deaf(&server, |builder| builder.connections(connections)).await;
            assert_eq!(one.warm(7).await, 1);
            deaf.turn();
            database.store(2, SeqCst);
            make(one.cache.clone()).await;
            assert_eq!(
                read(&one, 7).await,
                2,
                "{change}, {connections} connections"
            );
        }
    }
}

/// What it has kept of another entry that hangs on what is changed.
#[tokio::test]
async fn nor_does_what_hangs_on_it() {
    for (change, make) in CHANGES {
        let server = RedisServer::start().await;
        let (one, deaf, database) = about_to_turn_deaf(&server, |builder| builder).await;
        for _ in 0..3 {
            assert_eq!(outer(&one, 7).await, 1);
        }
        deaf.turn();
        database.store(2, SeqCst);
        make(one.cache.clone()).await;
        assert_eq!(outer(&one, 7).await, 2, "{change}");
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "member", ttl = "30m")]
struct Member {
    #[cache(key)]
    id: String,
    #[cache(lookup)]
    email: String,
    version: u32,
}

#[tokio::test]
async fn nor_does_a_record_under_its_other_keys() {
    let server = RedisServer::start().await;
    let (one, deaf, _) = about_to_turn_deaf(&server, |builder| builder).await;
    let members = MemberCache::new(&one.cache);
    let member = |version| Member {
        id: "m".to_owned(),
        email: "m@example.com".to_owned(),
        version,
    };
    assert!(members.put(&member(1)).await);
    for _ in 0..3 {
        assert_eq!(members.get("m").await, Some(member(1)));
        assert_eq!(members.by_email("m@example.com").await, Some(member(1)));
    }
    deaf.turn();
    assert!(members.put(&member(2)).await);
    assert_eq!(members.by_email("m@example.com").await, Some(member(2)));
    assert_eq!(members.get("m").await, Some(member(2)));
    members.invalidate("m").await;
    assert_eq!(members.by_email("m@example.com").await, None);
}

async fn behind_a_proxy() -> (RedisServer, Proxy, Process, Arc<AtomicU32>) {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::with(proxy.url(), &database, |builder| {
        builder
            .consistency(Consistency::Bounded(BOUND))
            .operation_timeout(Duration::from_millis(200))
            .invalidation_timeout(Duration::from_millis(200))
    })
    .await;
    (server, proxy, one, database)
}

/// Neither what is kept here nor, once it answers again, what the server has.
#[tokio::test]
async fn a_change_that_the_server_has_not_got_counts_here() {
    let (_server, proxy, one, database) = behind_a_proxy().await;
    assert_eq!(one.warm(7).await, 1);
    proxy.hang();
    database.store(2, SeqCst);
    let invalidated = one.cache.invalidate_tag("rows").await;
    assert_eq!(invalidated.delivery, Delivery::Deferred);
    for _ in 0..3 {
        assert_eq!(read(&one, 7).await, 2);
    }
    proxy.heal();
    one.until_connected().await;
    for _ in 0..3 {
        assert_eq!(read(&one, 7).await, 2);
    }
}

#[tokio::test]
async fn so_does_one_whose_caller_has_given_up() {
    let (_server, proxy, one, database) = behind_a_proxy().await;
    assert_eq!(one.warm(7).await, 1);
    proxy.hang();
    database.store(2, SeqCst);
    let invalidation = one.cache.invalidate_tag("rows");
    let given_up = tokio::time::timeout(Duration::from_millis(20), invalidation).await;
    assert!(given_up.is_err(), "it hangs");
    for _ in 0..3 {
        assert_eq!(read(&one, 7).await, 2);
    }
    proxy.heal();
    one.until_connected().await;
    let read = tokio::time::timeout(PATIENCE, read(&one, 7)).await;
    assert_eq!(read.expect("in time"), 2);
}
