//! A record that is found by one thing more than before. The type is the same; the new version stores under two keys what
//! the old one stores under one.

use crate::world::{PATIENCE, Promise};
use cache_runtime::{Builder, Cache};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::RedisServer;

macro_rules! user {
    ($version:ident $(, $lookup:meta)?) => {
        mod $version {
            use cache_runtime::DomainCache;
            use serde::{Deserialize, Serialize};

            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
            #[cache(prefix = "user", ttl = "1h")]
            pub(super) struct User {
                #[cache(key)]
                pub(super) id: u32,
                #[cache(tag = "clinic:{clinic}")]
                pub(super) clinic: u32,
                $(#[$lookup])?
                pub(super) email: String,
            }

            pub(super) fn user(state: u32) -> User {
                User { id: 7, clinic: 1, email: email(state) }
            }

            fn email(state: u32) -> String {
                super::email(state)
            }
        }
    };
}

user!(old);
user!(new, cache(lookup));

/// The user has a new address in each state.
fn email(state: u32) -> String {
    format!("ada-{state}@example.org")
}

async fn cache(server: &RedisServer, promise: Promise) -> Cache {
    let configured = |cache: Builder| {
        cache
            .redis(server.url())
            .consistency(promise.consistency())
            .operation_timeout(PATIENCE)
    };
    let cache = configured(Cache::builder()).build().await;
    let cache = cache.expect("a valid configuration");
    let connected = || async { cache.health().await.ready };
    test_servers::wait_until("the server is there", PATIENCE, connected).await;
    cache
}

async fn both(server: &RedisServer) -> (old::UserCache, new::UserCache) {
    let (one, other) = (
        cache(server, Promise::Strict).await,
        cache(server, Promise::Strict).await,
    );
    (old::UserCache::new(&one), new::UserCache::new(&other))
}

async fn loaded<T>(user: T) -> Result<Option<T>, Infallible> {
    Ok(Some(user))
}

#[tokio::test]
async fn what_the_old_version_has_stored_is_not_found_by_the_lookup_and_is_loaded() {
    let server = RedisServer::start().await;
    let (old, new) = both(&server).await;
    assert!(old.put(&old::user(1)).await);
    assert_eq!(new.by_email(&email(1)).await, None);
    assert_eq!(new.get(&7).await, None, "it stands under one key alone");
    let found = new
        .by_email_or_load(&email(1), || loaded(new::user(1)))
        .await;
    assert_eq!(found, Ok(Some(new::user(1))));
    assert_eq!(new.by_email(&email(1)).await, Some(new::user(1)));
    assert_eq!(new.get(&7).await, Some(new::user(1)));
    // A record that is stored under another set of keys is one of another kind: neither version takes what the other stored.
    assert_eq!(old.get(&7).await, None);
    let read = old.get_or_load(&7, || loaded(old::user(1))).await;
    assert_eq!(read, Ok(Some(old::user(1))));
}

/// Whatever the old version does with the record: it knows nothing of addresses, and ends what stands under them.
#[tokio::test]
async fn what_the_old_version_writes_or_invalidates_is_not_found_by_the_lookup() {
    let server = RedisServer::start().await;
    let (old, new) = both(&server).await;
    for way in 0..6 {
        let state = 2 * way;
        assert!(new.put(&new::user(state)).await);
        assert_eq!(new.by_email(&email(state)).await, Some(new::user(state)));
        let after = old::user(state + 1);
        match way {
            0 => assert!(old.put(&after).await),
            1 => {
                let refreshed = old.refresh(&7, || loaded(after)).await;
                assert!(refreshed.is_ok());
            }
            2 => _ = old.invalidate(&7).await,
            3 => _ = old.invalidate_by_clinic(&1).await,
            4 => _ = old.invalidate_all().await,
            _ => _ = old.put_many(&[after]).await,
        }
        assert_eq!(new.by_email(&email(state)).await, None, "way {way}");
        let read = new.get_or_load(&7, || loaded(new::user(state + 1))).await;
        assert_eq!(read, Ok(Some(new::user(state + 1))), "way {way}");
    }
}

/// By whoever writes: both versions read what was written last.
#[tokio::test]
async fn what_the_new_version_writes_the_old_one_reads() {
    let server = RedisServer::start().await;
    let (old, new) = both(&server).await;
    for state in 1..5 {
        assert!(old.put(&old::user(2 * state)).await);
        assert!(new.put(&new::user(2 * state + 1)).await);
        let read = old
            .get_or_load(&7, || loaded(old::user(2 * state + 1)))
            .await;
        assert_eq!(read, Ok(Some(old::user(2 * state + 1))));
    }
}

/// The user moves from address to address, told by either version; nobody finds him under one that he has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_moves_is_found_under_no_address_that_he_has_left() {
    for promise in Promise::BOTH {
        let server = RedisServer::start().await;
        let truth = Arc::new(AtomicU32::new(0));
        // What nobody may read any more, since when.
        let left: Arc<std::sync::Mutex<Vec<(Instant, u32)>>> = Arc::default();
        let (one, other) = (cache(&server, promise).await, cache(&server, promise).await);
        let (old, new) = (old::UserCache::new(&one), new::UserCache::new(&other));
        let until = Instant::now() + Duration::from_millis(1_200);
        let mut tasks = Vec::new();
        for _ in 0..3 {
            let (truth, left, new) = (Arc::clone(&truth), Arc::clone(&left), new.clone());
            tasks.push(tokio::spawn(async move {
                let mut found_him = 0;
                while Instant::now() < until {
                    let now = Instant::now();
                    let is_due =
                        |at: Instant| promise == Promise::Strict || now - at >= crate::world::BOUND;
                    let due = left.lock().expect("nobody panics").clone();
                    let due = due.iter().filter(|(at, _)| is_due(*at));
                    let least = due.map(|(_, state)| *state).max().unwrap_or_default();
                    let state = truth.load(SeqCst);
                    let load = || async {
                        let user = new::user(truth.load(SeqCst));
                        Ok::<_, Infallible>((user.email == email(state)).then_some(user))
                    };
                    let found = new.by_email_or_load(&email(state), load).await;
                    let Ok(Some(user)) = found else { continue };
                    assert_eq!(user, new::user(state), "another user's");
                    for before in least.saturating_sub(3)..least {
                        assert_eq!(new.by_email(&email(before)).await, None, "{promise:?}");
                    }
                    found_him += 1;
                }
                assert!(found_him > 10, "{found_him} times is no load");
            }));
        }
        while Instant::now() < until {
            let state = truth.fetch_add(1, SeqCst) + 1;
            // The old version does not know that the address was one to be found by.
            let written = match state % 3 {
                0 => new.refresh(&7, || loaded(new::user(state))).await.is_ok(),
                1 => old.refresh(&7, || loaded(old::user(state))).await.is_ok(),
                _ => {
                    old.invalidate(&7).await;
                    true
                }
            };
            assert!(written);
            left.lock()
                .expect("nobody panics")
                .push((Instant::now(), state));
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        for task in tasks {
            task.await.expect("no call fails");
        }
    }
}
