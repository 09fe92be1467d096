//! What a cache tells about what it holds and how it is configured.

use cache_runtime::{Audit, Cache, Ttl};
use std::time::Duration;

#[tokio::test]
async fn families_are_the_first_segments_of_keys_the_largest_first() {
    let cache = Cache::in_memory();
    cache.set("word", 1).await;
    for id in 0..20 {
        cache.set(format!("user:{id}"), id).await;
        cache
            .set(format!("order:{id}:lines"), vec![0_u64; 100])
            .await;
    }
    let told = cache.key_families();
    let names: Vec<_> = told
        .families
        .iter()
        .map(|family| family.name.as_str())
        .collect();
    assert_eq!(names, ["order", "user", "word"]);
    let entries: Vec<_> = told
        .families
        .iter()
        .map(|family| family.held.entries)
        .collect();
    assert_eq!(entries, [20, 20, 1]);
    assert_eq!((told.looked_at, told.entries, told.further), (41, 41, 0));
    let bytes: u64 = told.families.iter().map(|family| family.held.bytes).sum();
    assert_eq!(bytes, cache.stats().bytes, "nothing is left out");
}

#[tokio::test]
async fn what_was_invalidated_is_told_apart_until_its_room_is_taken() {
    let cache = Cache::in_memory();
    cache.set("user:1", 1).await;
    cache.set("order:1", 1).await;
    cache.invalidate("user:*").await;
    let told = cache.key_families();
    assert_eq!(told.families.len(), 1);
    assert_eq!(told.families[0].name, "order");
    assert_eq!(told.invalidated.entries, 1);
}

#[tokio::test]
async fn fifty_families_are_told_of_and_the_others_together() {
    let cache = Cache::in_memory();
    for id in 0..60 {
        cache.set(format!("family{id}:1"), id).await;
    }
    let told = cache.key_families();
    assert_eq!(
        (told.families.len(), told.further, told.others.entries),
        (50, 10, 10)
    );
}

#[tokio::test]
async fn a_walk_ends_however_much_is_held() {
    let cache = Cache::in_memory();
    for id in 0..12_000 {
        cache.set(format!("user:{id}"), id).await;
    }
    let told = cache.key_families();
    assert_eq!((told.looked_at, told.entries), (10_000, 12_000));
    assert_eq!(told.families[0].held.entries, 10_000);
}

#[tokio::test]
async fn a_configuration_is_told_without_what_is_secret() {
    let builder = Cache::builder()
        .max_entries(10)
        .default_ttl(Ttl::Forever)
        .domain_ttl("users", Duration::from_secs(60))
        .audit(Audit::Sensitive)
        .redis("redis://someone:hush@127.0.0.1:1/3");
    let cache = builder.build().await.expect("it could exist");
    let told = cache.configuration();
    assert_eq!(
        (told.max_entries, told.default_ttl, told.audit),
        (10, None, "sensitive")
    );
    assert_eq!(told.domain_ttls["USERS"], Some(Duration::from_secs(60)));
    let redis = told.redis.as_ref().expect("there is one");
    assert_eq!(
        (redis.consistency, redis.bound),
        ("bounded", Some(Duration::from_secs(2)))
    );
    let json = serde_json::to_string(&told).expect("serializes");
    for secret in ["hush", "someone"] {
        assert!(!json.contains(secret), "{json}");
        assert!(!format!("{told:?}").contains(secret), "{told:?}");
    }
    assert_eq!(Cache::in_memory().configuration().redis.map(|_| ()), None);
}
