//! Records, which are stored under several keys.

use crate::batches::{Timed, TimedCache};
use crate::{Db, SessionCache, either, ms, patient, session};
use cache_runtime::{Cache, Delivery, DomainCache, cached};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::{Deployment, Proxy, RedisServer};
use tokio::sync::Notify;

#[cached(cache = db.cache, key = "outer", ttl = "5m", skip(db))]
async fn outer_of_session(db: &Db) -> u32 {
    let sessions = SessionCache::new(&db.cache);
    let now = Arc::clone(&db.now);
    let load = || async move { Ok::<_, ()>(Some(session("s1", "a@x", now.load(SeqCst)))) };
    sessions
        .get_or_load("s1", load)
        .await
        .expect("ok")
        .expect("there")
        .version
}

/// Its second round came when its guess at the generations was wrong, with the numbers of the first.
#[tokio::test]
async fn a_put_in_two_rounds_does_not_bring_a_deleted_key_generation_back() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let (far, near) = (patient(proxy.url()).await, patient(server.url()).await);
    let far_sessions = SessionCache::new(&far);
    // So that it knows the generations of the scopes.
    assert!(far_sessions.put(&session("s1", "a@x", 1)).await);
    assert!(far_sessions.put(&session("s1", "a@x", 1)).await);
    // So that it knows them wrongly.
    near.invalidate("session:*").await;
    proxy.delay_replies(Duration::from_millis(500));
    let putting = tokio::spawn(async move { far_sessions.put(&session("s1", "a@x", 1)).await });
    ms(200).await; // Its first round is done on the server.
    let db = Db {
        cache: near.clone(),
        now: Arc::new(AtomicU32::new(1)),
    };
    assert_eq!(outer_of_session(&db).await, 1);
    assert_eq!(near.get::<u32>("outer").await, Some(1), "stored");
    db.now.store(2, SeqCst);
    assert!(near.delete("session:s1").await);
    assert_eq!(near.get::<u32>("outer").await, None, "gone with its key");
    let _ = putting.await.expect("puts");
    assert_eq!(near.get::<u32>("outer").await, None, "and it stays gone");
}

/// Sent again because the server had forgotten its scripts.
#[tokio::test]
async fn a_put_that_is_sent_again_does_not_bring_a_deleted_key_generation_back() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let (far, near) = (patient(proxy.url()).await, patient(server.url()).await);
    let far_sessions = SessionCache::new(&far);
    assert!(far_sessions.put(&session("s1", "a@x", 1)).await);
    server.command(&["SCRIPT", "FLUSH"]).await;
    proxy.delay_replies(Duration::from_millis(500));
    let putting = tokio::spawn(async move { far_sessions.put(&session("s1", "a@x", 1)).await });
    ms(200).await;
    server.command(&["DEL", "session:s1"]).await; // Evicted.
    let db = Db {
        cache: near.clone(),
        now: Arc::new(AtomicU32::new(1)),
    };
    assert_eq!(outer_of_session(&db).await, 1);
    assert_eq!(near.get::<u32>("outer").await, Some(1), "stored");
    db.now.store(2, SeqCst);
    near.delete("session:s1").await;
    assert_eq!(near.get::<u32>("outer").await, None, "gone with its key");
    let _ = putting.await.expect("puts");
    assert_eq!(near.get::<u32>("outer").await, None, "and it stays gone");
}

/// A pattern that is no scope finds nothing of a computation that will store a copy under a key that matches.
#[tokio::test]
async fn a_pattern_reaches_the_copy_of_a_record_that_is_being_loaded_by_another_key() {
    for redis in [false, true] {
        let server = Deployment::start().await;
        let cache = either(redis, &server).await;
        let sessions = SessionCache::new(&cache);
        let (began, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let loading = tokio::spawn({
            let (sessions, began, gate) = (sessions.clone(), Arc::clone(&began), Arc::clone(&gate));
            async move {
                let load = || async move {
                    began.notify_one();
                    gate.notified().await;
                    Ok::<_, ()>(Some(session("s1", "a@x", 1)))
                };
                sessions.by_email_or_load("a@x", load).await
            }
        });
        began.notified().await;
        let done = cache.invalidate("session:s?").await;
        assert_eq!(done.delivery, Delivery::Delivered);
        gate.notify_one();
        loading.await.expect("loads").expect("ok");
        assert_eq!(sessions.get("s1").await, None, "redis: {redis}");
    }
}

#[tokio::test]
async fn put_many_of_two_states_of_a_record_leaves_the_last_under_all_keys() {
    for redis in [false, true] {
        let server = Deployment::start().await;
        let cache = either(redis, &server).await;
        let sessions = SessionCache::new(&cache);
        sessions
            .put_many(&[session("s1", "old@x", 1), session("s1", "new@x", 2)])
            .await;
        let found = (
            sessions.get("s1").await,
            sessions.by_email("new@x").await,
            sessions.by_email("old@x").await,
        );
        assert_eq!(found.2, None, "redis {redis}: the old address answers");
        assert_eq!(found.0.map(|s| s.version), Some(2));
        assert_eq!(found.1.map(|s| s.version), Some(2));
    }
}

#[tokio::test]
async fn put_many_keeps_every_record_for_its_own_time() {
    for redis in [false, true] {
        let server = Deployment::start().await;
        let cache = either(redis, &server).await;
        let timed = TimedCache::new(&cache);
        let of = |id: &str, ttl| Timed { id: id.into(), ttl };
        timed
            .put_many(&[of("long", 600_000), of("short", 200)])
            .await;
        assert!(timed.get("short").await.is_some());
        ms(400).await;
        let (long, short) = (timed.get("long").await, timed.get("short").await);
        assert!(long.is_some());
        assert_eq!(short, None, "redis {redis}: its time is over");
    }
}

#[tokio::test]
async fn the_generations_of_a_refreshed_record_live_as_long_as_it() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
    #[cache(prefix = "keeper", ttl = "30d")]
    struct Keeper {
        #[cache(key)]
        id: String,
    }
    let server = Deployment::start().await;
    let cache = patient(server.url()).await;
    let keepers = KeeperCache::new(&cache);
    let load = || async { Ok::<_, ()>(Some(Keeper { id: "1".into() })) };
    keepers.refresh("1", load).await.expect("ok");
    assert!(keepers.get("1").await.is_some());
    let entry = server.command(&["PTTL", "keeper:1"]).await.integer();
    let scope = server.command(&["PTTL", "~scope:keeper:"]).await.integer();
    assert!(scope >= entry, "entry {entry} ms, generation {scope} ms");
}

mod old {
    use super::*;
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
    #[cache(prefix = "user", ttl = "30m")]
    pub(super) struct User {
        #[cache(key)]
        pub(super) id: u32,
        pub(super) email: String,
    }
}

mod new {
    use super::*;
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
    #[cache(prefix = "user", ttl = "30m")]
    pub(super) struct User {
        #[cache(key)]
        pub(super) id: u32,
        #[cache(lookup)]
        pub(super) email: String,
    }
}

/// Two versions of a program, of which the newer has one more secondary key.
#[tokio::test]
async fn a_record_of_an_older_version_ends_with_a_secondary_key_of_the_newer() {
    let server = Deployment::start().await;
    let cache = patient(server.url()).await;
    let (old, new) = (old::UserCache::new(&cache), new::UserCache::new(&cache));
    old.put(&old::User {
        id: 1,
        email: "a@x".into(),
    })
    .await;
    cache.delete("user:~email:a@x").await;
    assert_eq!(new.get(&1).await, None);
}

/// A load by e-mail address that has read the old record, while `change` happens.
async fn loading_by_email(change: impl AsyncFnOnce(&Cache)) -> (SessionCache, Deployment) {
    let server = Deployment::start().await;
    let (near, far) = (patient(server.url()).await, patient(server.url()).await);
    let sessions = SessionCache::new(&near);
    let (began, gate) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(tokio::sync::Notify::new()),
    );
    let loading = tokio::spawn({
        let (sessions, began, gate) = (sessions.clone(), Arc::clone(&began), Arc::clone(&gate));
        async move {
            let load = || async move {
                began.notify_one();
                gate.notified().await;
                Ok::<_, ()>(Some(session("s1", "old@x", 1)))
            };
            sessions.by_email_or_load("old@x", load).await
        }
    });
    began.notified().await;
    change(&far).await;
    gate.notify_one();
    loading.await.expect("loads").expect("ok");
    (sessions, server)
}

#[tokio::test]
async fn a_put_ends_a_load_of_the_same_record_by_a_former_secondary_key() {
    let put = async |far: &Cache| {
        SessionCache::new(far).put(&session("s1", "new@x", 2)).await;
    };
    let (sessions, _server) = loading_by_email(put).await;
    assert_eq!(sessions.by_email("old@x").await, None);
}

#[tokio::test]
async fn a_refresh_ends_a_load_of_the_same_record_by_a_former_secondary_key() {
    let refresh = async |far: &Cache| {
        let load = || async { Ok::<_, ()>(Some(session("s1", "new@x", 2))) };
        let _ = SessionCache::new(far).refresh("s1", load).await;
    };
    let (sessions, _server) = loading_by_email(refresh).await;
    assert_eq!(sessions.by_email("old@x").await, None);
}

#[tokio::test]
async fn a_scope_ends_a_load_whose_record_turns_out_to_lie_in_it_by_another_key() {
    let server = Deployment::start().await;
    let (near, far) = (patient(server.url()).await, patient(server.url()).await);
    let sessions = SessionCache::new(&near);
    let load = || async {
        far.invalidate("session:~email:*").await;
        Ok::<_, ()>(Some(session("s1", "a@x", 1)))
    };
    let _ = sessions.get_or_load("s1", load).await;
    assert_eq!(sessions.by_email("a@x").await, None);
}

#[tokio::test]
async fn a_refresh_ends_the_record_under_a_former_secondary_key() {
    let server = Deployment::start().await;
    let cache = patient(server.url()).await;
    let sessions = SessionCache::new(&cache);
    assert!(sessions.put(&session("s1", "old@x", 1)).await);
    let load = || async { Ok::<_, ()>(Some(session("s1", "new@x", 2))) };
    let refreshed = sessions.refresh("s1", load).await;
    assert_eq!(refreshed, Ok(Some(session("s1", "new@x", 2))));
    assert_eq!(sessions.by_email("old@x").await, None);
    assert_eq!(
        sessions.by_email("new@x").await,
        Some(session("s1", "new@x", 2))
    );
}
