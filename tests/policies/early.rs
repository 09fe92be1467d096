//! `early`: an entry is refreshed in the background before its end, at random.

use crate::source::{Source, pass, until};
use cache_runtime::cached;
use std::time::Duration;

/// So eagerly that every hit is a reason.
#[cached(ttl = "10m", early = 1000.0, cache = source.cache(), key = "eager:{id}", tags = ["eager"], skip(source))]
async fn eager(source: &Source, id: u32) -> u32 {
    let value = source.read().await.expect("not broken here");
    pass(Duration::from_millis(30)).await;
    pass(Duration::from_secs(u64::from(id) / 100)).await;
    value
}

/// It takes no time, so it is due at its very end.
#[cached(ttl = "10m", early, cache = source.cache(), key = "quick", skip(source))]
async fn quick(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[tokio::test]
async fn a_fresh_value_is_served_and_refreshed_once_at_a_time() {
    let source = Source::new().await;
    assert_eq!(eager(&source, 100).await, 1);
    source.write(2);
    source.hold();
    until(async || {
        let value = eager(&source, 100).await;
        assert_eq!(value, 1);
        source.runs() == 2
    })
    .await;
    for _ in 0..50 {
        assert_eq!(eager(&source, 100).await, 1);
    }
    assert_eq!(source.runs(), 2);
    source.let_go();
    until(async || eager(&source, 100).await == 2).await;
    let stats = source.cache().stats();
    let stats = stats.function("eager").expect("it was called");
    assert_eq!((stats.misses, stats.stale), (1, 0));
}

#[tokio::test]
async fn a_value_that_is_quickly_computed_is_refreshed_late() {
    let source = Source::new().await;
    for _ in 0..500 {
        assert_eq!(quick(&source).await, 1);
    }
    assert_eq!(source.runs(), 1);
}

#[tokio::test]
async fn an_early_refresh_that_is_overtaken_by_an_invalidation_stores_nothing() {
    let source = Source::new().await;
    eager(&source, 100).await;
    source.hold();
    until(async || {
        eager(&source, 100).await;
        source.runs() == 2
    })
    .await;
    source.has_read().await;
    source.write(2);
    source.cache().invalidate_tag("eager").await;
    source.let_go();
    assert_eq!(eager(&source, 100).await, 2);
    pass(Duration::from_millis(1_200)).await;
    assert_eq!(eager(&source, 100).await, 2);
}

#[cached(ttl = "10m", cache = source.cache(), key = "around:{id}", skip(source))]
async fn around(source: &Source, id: u32) -> u32 {
    10 * eager(source, 100).await + id
}

/// Hits refresh. What a computation reads is part of that, and no hit of anybody.
#[tokio::test]
async fn a_computation_that_reads_a_fresh_value_does_not_refresh_it() {
    let source = Source::new().await;
    assert_eq!(around(&source, 0).await, 10);
    source.write(2);
    for id in 1..20 {
        assert_eq!(around(&source, id).await, 10 + id);
    }
    pass(Duration::from_millis(50)).await;
    assert_eq!(source.runs(), 1);
}
