//! Bounds in number and bytes.

use cache_runtime::{Cache, Ttl, key};

#[tokio::test]
async fn the_number_of_entries_is_bounded() {
    let cache = Cache::builder()
        .max_entries(1_000)
        .build()
        .await
        .expect("valid");
    for n in 0..50_000 {
        cache.set(key!("n:{n}"), n).await;
    }
    let health = cache.health().await;
    assert!(health.entries <= 1_000, "{health}");
    assert!(health.entries > 500, "{health}");
    assert!(health.evictions >= 49_000, "{health}");
    // What nothing depends on is forgotten as well.
    assert!(health.generations < 20_000, "{health}");
}

#[tokio::test]
async fn what_is_replaced_does_not_count_as_evicted() {
    let cache = Cache::in_memory();
    for n in 0..10 {
        cache.set("k", n).await;
        cache.invalidate_tag("t").await;
        cache.get_or_set("t", || async { n }).tag("t").await;
    }
    assert_eq!(cache.stats().evictions, 0);
}

#[tokio::test]
async fn the_bytes_are_bounded() {
    let limit = 10 << 20;
    let cache = Cache::builder()
        .max_bytes(limit)
        .build()
        .await
        .expect("valid");
    for n in 0..500 {
        cache.set(key!("n:{n}"), vec![0u64; 12_500]).await;
    }
    let health = cache.health().await;
    assert!(health.bytes <= limit, "{health}");
    assert!(health.bytes > limit / 2, "{health}");
}

#[tokio::test]
async fn a_value_that_is_too_large_is_returned_and_not_kept() {
    let cache = Cache::builder()
        .max_bytes(100_000)
        .build()
        .await
        .expect("valid");
    let large = cache
        .get_or_set("large", || async { vec![1u8; 1_000_000] })
        .await;
    assert_eq!(large.len(), 1_000_000);
    assert!(!cache.contains("large").await);
    assert!(
        !cache.set("large", vec![1u8; 1_000_000]).await,
        "and says so"
    );
    assert_eq!(
        cache.stats().function("(direct)").map(|f| f.stores),
        Some(0)
    );
    let small = cache.get_or_set("small", || async { vec![1u8; 100] }).await;
    assert_eq!(small.len(), 100);
    assert!(cache.contains("small").await);
}

#[tokio::test]
async fn invalidated_generations_do_not_pile_up() {
    let cache = Cache::builder()
        .max_entries(100)
        .build()
        .await
        .expect("valid");
    for n in 0..100_000u32 {
        cache
            .set(key!("user:{n}:profile"), n)
            .tag(key!("user:{n}"))
            .ttl(Ttl::Forever)
            .await;
        if n % 2 == 0 {
            cache.invalidate_tag(key!("user:{n}")).await;
        }
    }
    let health = cache.health().await;
    assert!(health.generations < 20_000, "{health}");
}
