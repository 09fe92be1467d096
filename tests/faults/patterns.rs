//! Patterns that are no scopes: the server has to be searched.

use crate::world::{Database, PATIENCE, soon, strict};
use cache_runtime::{Cache, Delivery, Route, Ttl, cached, key};
use std::time::Duration;
use test_servers::RedisServer;

const USERS: usize = 2_500;

async fn cache(server: &RedisServer, namespace: &str) -> Cache {
    let builder = strict(server.url()).namespace(namespace);
    let builder = builder
        .operation_timeout(PATIENCE)
        .invalidation_timeout(PATIENCE);
    builder.build().await.expect("a valid configuration")
}

/// Looks like one of the others, and is none.
const OTHERS: [&str; 6] = [
    "user:profile",
    "users:1:profile",
    "user:1:profiles",
    "a:user:1:profile",
    "user:1:Profile",
    "profile",
];

#[tokio::test]
async fn a_pattern_over_thousands_of_keys_deletes_those_that_match_and_no_others() {
    let server = RedisServer::start().await;
    let (ours, theirs) = (cache(&server, "ours").await, cache(&server, "theirs").await);
    let bare = cache(&server, "").await;
    for cache in [&ours, &theirs] {
        for kind in ["profile", "name"] {
            let entries = (0..USERS).map(|user| (key!("user:{user}:{kind}"), user));
            assert_eq!(cache.set_many(entries, Ttl::secs(600)).await, USERS);
        }
    }
    let others = OTHERS.map(|other| (other, 1_usize));
    assert_eq!(ours.set_many(others, Ttl::secs(600)).await, OTHERS.len());
    bare.set("user:1:profile", 1_usize).await;
    let invalidated = ours.invalidate("user:*:profile").await;
    assert_eq!(invalidated.route, Route::Scan);
    assert_eq!(invalidated.delivery, Delivery::Delivered);
    assert_eq!(invalidated.removed, Some(USERS as u64));
    let there = async |cache: &Cache, kind: &str| {
        let keys = (0..USERS).map(|user| key!("user:{user}:{kind}"));
        cache
            .get_many::<usize>(keys)
            .await
            .into_iter()
            .flatten()
            .count()
    };
    assert_eq!(there(&ours, "profile").await, 0);
    assert_eq!(there(&ours, "name").await, USERS, "they do not match");
    assert_eq!(
        there(&theirs, "profile").await,
        USERS,
        "they are another namespace's"
    );
    assert_eq!(bare.get::<usize>("user:1:profile").await, Some(1));
    let others = ours.get_many::<usize>(OTHERS).await;
    assert_eq!(others, OTHERS.map(|_| Some(1)));
}

#[tokio::test]
async fn a_loader_that_has_nothing_but_a_lease_is_found_as_well() {
    #[cached(cache = cache, key = "user:{user}:profile", skip(cache, database))]
    async fn profile(cache: &Cache, database: &Database, user: usize) -> u32 {
        database.read(user).await
    }

    let server = RedisServer::start().await;
    let cache = cache(&server, "ours").await;
    let database = Database::new();
    database.takes(Duration::from_millis(300));
    let (loading, source) = (cache.clone(), database.clone());
    let loader = tokio::spawn(async move { profile(&loading, &source, 7).await });
    database.until_runs(1).await;
    database.write(7);
    let invalidated = cache.invalidate("user:*:profile").await;
    assert_eq!(invalidated.removed, Some(0), "there was no entry");
    assert_eq!(soon(loader).await, 1);
    database.takes(Duration::ZERO);
    assert_eq!(profile(&cache, &database, 7).await, 2);
    assert_eq!(profile(&cache, &database, 7).await, 2);
    assert_eq!(database.runs(), 2);
}
