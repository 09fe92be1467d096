//! `swr`: an entry past its time to live is served, and refreshed in the background.

use crate::source::{Source, pass, ttl_is_over, until};
use cache_runtime::{State, cached};
use std::time::Duration;

#[cached(ttl = "200ms", swr = "1m", cache = source.cache(), key = "number:{id}", tags = ["numbers"], skip(source))]
async fn number(source: &Source, id: u32) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "100ms", swr = "300ms", cache = source.cache(), key = "brief:{id}", skip(source))]
async fn brief(source: &Source, id: u32) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "200ms", swr = "1m", throttle = "400ms", cache = source.cache(), key = "fragile", skip(source))]
async fn fragile(source: &Source) -> Option<u32> {
    source.read().await.ok().filter(|&number| number > 0)
}

#[cached(ttl = "200ms", swr = "1m", throttle = "400ms", cache = source.cache(), key = "breaking", skip(source))]
async fn breaking(source: &Source) -> Result<u32, crate::source::Broken> {
    source.read().await
}

#[tokio::test]
async fn an_old_value_is_served_while_one_run_refreshes_it() {
    let source = Source::new().await;
    assert_eq!(number(&source, 7).await, 1);
    source.write(2);
    ttl_is_over().await;
    source.hold();
    for _ in 0..20 {
        assert_eq!(
            number(&source, 7).await,
            1,
            "at once, though the source hangs"
        );
    }
    source.has_read().await;
    assert_eq!(source.runs(), 2, "one run refreshes for all");
    source.let_go();
    until(async || number(&source, 7).await == 2).await;
    assert_eq!(source.runs(), 2);
    let stats = source.cache().stats();
    let stats = stats.function("number").expect("it was called");
    assert_eq!((stats.refreshes, stats.misses), (1, 1));
    assert!(stats.stale >= 20);
}

#[tokio::test]
async fn the_refresh_goes_on_when_its_caller_is_gone() {
    let source = Source::new().await;
    number(&source, 7).await;
    source.write(2);
    ttl_is_over().await;
    source.hold();
    let caller = tokio::spawn({
        let source = source.clone();
        async move { number(&source, 7).await }
    });
    assert_eq!(caller.await.expect("answered"), 1);
    source.has_read().await;
    source.let_go();
    until(async || number(&source, 7).await == 2).await;
}

#[tokio::test]
async fn what_is_too_old_is_not_served() {
    let source = Source::new().await;
    assert_eq!(brief(&source, 7).await, 1);
    source.write(2);
    pass(Duration::from_millis(500)).await;
    assert_eq!(brief(&source, 7).await, 2);
}

#[tokio::test]
async fn what_was_invalidated_is_not_served_however_long_it_could_be() {
    let source = Source::new().await;
    number(&source, 7).await;
    number(&source, 8).await;
    source.write(2);
    ttl_is_over().await;
    source.cache().invalidate_tag("numbers").await;
    assert_eq!(number(&source, 7).await, 2);
    source.cache().delete("number:8").await;
    assert_eq!(number(&source, 8).await, 2);
}

/// The rivals' hole: a refresh that has read the source before a change stores what it has read after the invalidation.
#[tokio::test]
async fn a_refresh_that_is_overtaken_by_an_invalidation_stores_nothing() {
    for invalidate_tag in [true, false] {
        let source = Source::new().await;
        number(&source, 7).await;
        ttl_is_over().await;
        source.hold();
        assert_eq!(number(&source, 7).await, 1);
        source.has_read().await;
        source.write(2);
        if invalidate_tag {
            source.cache().invalidate_tag("numbers").await;
        } else {
            source.cache().delete("number:7").await;
        }
        source.let_go();
        assert_eq!(number(&source, 7).await, 2);
        pass(Duration::from_millis(50)).await;
        assert_eq!(number(&source, 7).await, 2, "nor later");
    }
}

#[tokio::test]
async fn a_refresh_that_finds_nothing_takes_the_old_value_away() {
    let source = Source::new().await;
    assert_eq!(fragile(&source).await, Some(1));
    source.write(0);
    ttl_is_over().await;
    assert_eq!(fragile(&source).await, Some(1));
    until(async || fragile(&source).await.is_none()).await;
    assert_eq!(fragile(&source).await, None, "and it does not come back");
}

#[tokio::test]
async fn a_refresh_that_fails_is_tried_again_after_a_rest() {
    let source = Source::new().await;
    assert_eq!(breaking(&source).await, Ok(1));
    source.breaks();
    ttl_is_over().await;
    assert_eq!(breaking(&source).await, Ok(1));
    until(async || source.runs() == 2).await;
    pass(Duration::from_millis(50)).await;
    for _ in 0..20 {
        assert_eq!(breaking(&source).await, Ok(1));
    }
    assert_eq!(source.runs(), 2, "left alone");
    source.recovers();
    source.write(2);
    until(async || breaking(&source).await == Ok(2)).await;
    assert_eq!(source.runs(), 3);
}

/// What it is kept for, others have no use for.
#[tokio::test]
async fn for_all_others_it_is_not_there() {
    let source = Source::new().await;
    let cache = source.cache();
    number(&source, 7).await;
    assert!(cache.contains("number:7").await);
    ttl_is_over().await;
    assert_eq!(cache.get::<u32>("number:7").await, None);
    assert!(!cache.contains("number:7").await);
    assert_eq!(cache.ttl("number:7").await, None);
    let why = cache.explain("number:7").await;
    assert_eq!(why.state, State::Expired);
    assert_eq!(cache.get_or_set("number:7", async || 9).await, 9);
}
