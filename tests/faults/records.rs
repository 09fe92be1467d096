//! A record is stored under several keys, and a computation has the lease of one of them.

use crate::mute::Mute;
use crate::world::{PATIENCE, strict};
use cache_runtime::{Cache, DomainCache};
use serde::{Deserialize, Serialize};
use test_servers::{RedisServer, wait_until};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", ttl = "30m")]
struct Session {
    #[cache(key)]
    id: String,
    #[cache(lookup)]
    email: String,
    /// Can be told from everything else that is sent.
    note: String,
}

const EMAIL: &str = "ada@example.org";

async fn read_from_the_database() -> Result<Option<Session>, String> {
    Ok(Some(Session {
        id: "s1".into(),
        email: EMAIL.into(),
        note: "a note that nobody else has".into(),
    }))
}

async fn until_connected(cache: &Cache) {
    let connected = || async {
        let redis = cache.health().await.redis;
        redis.is_some_and(|redis| redis.connected && redis.queued_invalidations == 0)
    };
    wait_until("the server is there", PATIENCE, connected).await;
}

async fn sessions(url: String) -> (Cache, SessionCache) {
    let builder = strict(url);
    let cache = builder.build().await.expect("a valid configuration");
    until_connected(&cache).await;
    let sessions = SessionCache::new(&cache);
    (cache, sessions)
}

/// Delivers what was kept back, after the process that said it has long given it up.
async fn deliver_late(mute: &Mute, server: &RedisServer, far: &Cache) {
    // Enough calls without an answer for the breaker.
    for _ in 0..6 {
        assert_eq!(far.get::<u32>("nothing").await, None);
    }
    let given_up = || async { mute.is_given_up() };
    wait_until("it is given up", PATIENCE, given_up).await;
    until_connected(far).await;
    server.reset_stats().await;
    mute.deliver_late();
    let stored = || async { server.calls("evalsha").await >= 2 };
    wait_until("the server has done it", PATIENCE, stored).await;
}

/// What was loaded by e-mail address is stored under the identifier too, where it has no lease.
#[tokio::test]
async fn a_copy_under_another_key_does_not_outlive_the_deletion_of_that_key() {
    let server = RedisServer::start().await;
    let mute = Mute::start(server.port()).await;
    let (cache, far) = sessions(mute.url()).await;
    let (_near, near) = sessions(server.url()).await;
    mute.fall_silent_at("a note that nobody else has");
    let loaded = far.by_email_or_load(EMAIL, read_from_the_database).await;
    assert_eq!(loaded, read_from_the_database().await);
    assert!(mute.is_silent(), "it was stored");
    near.invalidate("s1").await;
    deliver_late(&mute, &server, &cache).await;
    assert_eq!(near.get("s1").await, None);
    assert_eq!(near.by_email(EMAIL).await, None);
    // And without the deletion it is there.
    assert_eq!(near.get_or_load("s1", read_from_the_database).await, loaded);
    assert_eq!(near.by_email(EMAIL).await, loaded.expect("it was read"));
}

/// A refresh stores under every key of the record, and each of them may have been deleted since it began to read.
#[tokio::test]
async fn a_refreshed_record_does_not_outlive_the_deletion_of_any_of_its_keys() {
    for deleted in ["session:s1", "session:~email:ada@example.org"] {
        let server = RedisServer::start().await;
        let mute = Mute::start(server.port()).await;
        let (cache, far) = sessions(mute.url()).await;
        let (other, near) = sessions(server.url()).await;
        let loaded = near.get_or_load("s1", read_from_the_database).await;
        let record = loaded.expect("it was read").expect("it is there");
        assert_eq!(near.by_email(EMAIL).await, Some(record.clone()));
        // Among it that the process takes back what it could not store.
        mute.lose_the_rest();
        mute.fall_silent_at("a note that nobody else has");
        let refreshed = far.refresh("s1", read_from_the_database).await;
        assert_eq!(refreshed, Ok(Some(record.clone())));
        assert!(mute.is_silent(), "it was stored");
        assert!(other.delete(deleted).await, "{deleted}");
        deliver_late(&mute, &server, &cache).await;
        assert_eq!(near.get("s1").await, None, "{deleted}");
        assert_eq!(near.by_email(EMAIL).await, None, "{deleted}");
    }
}
