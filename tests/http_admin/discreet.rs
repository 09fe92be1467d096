//! What nobody is told.

use crate::world::{diagnosis, get, open, used};
use cache_runtime::Cache;
use cache_runtime::http::Admin;

#[tokio::test]
async fn keys_and_tags_of_what_is_sensitive_are_digests() {
    let cache = used().await;
    diagnosis(&cache, "grace").await;
    cache.delete("diagnosis:ada").await;
    cache.invalidate("diagnosis:gra*").await;
    cache.invalidate_tag("patient:grace").await;
    cache.delete("report:2024").await;
    let admin = open(&cache);
    for path in ["/stats", "/api/health/cache"] {
        let answer = get(&admin, path).await;
        for somebody in ["diagnosis:ada", "grace", "gra*"] {
            assert!(
                !answer.text.contains(somebody),
                "{path} {somebody}: {}",
                answer.text
            );
        }
    }
    let json = get(&admin, "/stats").await.json();
    let what = |at: usize| {
        json["invalidations"][at]["what"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    assert_eq!(what(0), "key report:2024");
    assert!(what(1).starts_with("tag ~"), "{}", what(1));
    assert!(what(2).starts_with("pattern ~"), "{}", what(2));
    assert!(what(3).starts_with("key ~"), "{}", what(3));
}

#[tokio::test]
async fn values_are_told_by_nothing() {
    let cache = Cache::in_memory();
    cache
        .set("letter:1", "dear diary".to_owned())
        .tag("letters")
        .await;
    cache.invalidate("letter:*").await;
    let admin = open(&cache);
    for path in ["/", "/stats", "/api/health/cache"] {
        assert!(!get(&admin, path).await.text.contains("diary"), "{path}");
    }
}

#[tokio::test]
async fn an_address_is_told_without_its_password() {
    let builder = Cache::builder().redis("redis://someone:hush@127.0.0.1:1");
    let cache = builder.build().await.expect("it could exist");
    for admin in [open(&cache), Admin::new(&cache).public_health()] {
        for path in ["/stats", "/api/health/cache"] {
            let answer = get(&admin, path).await;
            for secret in ["hush", "someone"] {
                assert!(!answer.text.contains(secret), "{path}: {}", answer.text);
            }
        }
    }
}
