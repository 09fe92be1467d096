//! Statistics and health.

use cache_runtime::{Cache, cached};

#[cached(cache = cache, key = "seen:{id}", skip(cache))]
async fn seen(cache: &Cache, id: &str) -> Result<String, String> {
    if id == "bad" {
        Err("secret error".to_owned())
    } else {
        Ok("secret value".to_owned())
    }
}

#[tokio::test]
async fn statistics_serialize_and_display_as_a_table() {
    let cache = Cache::in_memory();
    for id in ["a", "a", "a", "b", "bad"] {
        let _ = seen(&cache, id).await;
    }
    cache.invalidate("seen:*").await;
    let stats = cache.stats();
    let function = stats.function("seen").expect("it was called");
    assert_eq!(function.name, "behaviour::observability::seen");
    assert_eq!((function.hits, function.misses), (2, 3));
    assert_eq!(
        (function.loads, function.stores, function.errors),
        (3, 2, 1)
    );
    assert!(
        (function.hit_rate() - 0.4).abs() < 1e-9,
        "nobody was coalesced"
    );
    assert!((stats.hit_rate() - 0.4).abs() < 1e-9);
    assert_eq!(stats.invalidations, 1);
    let table = stats.to_string();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(
        lines[0].starts_with("function") && lines[0].ends_with("fenced"),
        "{table}"
    );
    assert!(lines[2].contains("40.0 %"), "{table}");
    assert!(lines[3].contains("40.0 % without load"), "{table}");
    let json = serde_json::to_value(&stats).expect("serializes");
    assert_eq!(json["functions"][0]["hits"], 2);
}

#[tokio::test]
async fn two_caches_count_apart() {
    let (one, other) = (Cache::in_memory(), Cache::in_memory());
    let _ = seen(&one, "a").await;
    let _ = seen(&other, "a").await;
    let _ = seen(&other, "a").await;
    assert_eq!(
        one.stats().function("seen").map(|f| (f.hits, f.misses)),
        Some((0, 1))
    );
    assert_eq!(
        other.stats().function("seen").map(|f| (f.hits, f.misses)),
        Some((1, 1))
    );
}

#[tokio::test]
async fn health_tells_what_is_held() {
    let cache = Cache::builder()
        .max_entries(100)
        .build()
        .await
        .expect("valid");
    cache.set("a", 1).await;
    let health = cache.health().await;
    assert_eq!(
        (
            health.backend,
            health.ready,
            health.entries,
            health.max_entries
        ),
        ("embedded", true, 1, 100)
    );
    assert!(
        serde_json::to_string(&health)
            .expect("serializes")
            .contains("\"embedded\"")
    );
}
