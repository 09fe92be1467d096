//! Several processes on one server: what one of them does, it does for all.

use crate::source::{Broken, Source, pass, ttl_is_over, until};
use cache_runtime::{Cache, cached};
use std::time::{Duration, Instant};
use test_servers::Deployment;
use tokio::task::JoinSet;

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "500ms", cache = cache, key = "rate", skip(cache, source))]
async fn rate(cache: &Cache, source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(ttl = "200ms", swr = "1m", cache = cache, key = "number", skip(cache, source))]
async fn number(cache: &Cache, source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

/// Caches of three processes, which know nothing of each other.
async fn processes(server: &Deployment) -> [Cache; 3] {
    let mut caches = Vec::new();
    for _ in 0..3 {
        let cache = Cache::builder()
            .redis(server.url())
            .operation_timeout(Duration::from_secs(5))
            .build()
            .await;
        caches.push(cache.expect("a valid configuration"));
    }
    caches.try_into().expect("three")
}

#[tokio::test]
async fn one_process_refreshes_for_all() {
    let server = Deployment::start().await;
    let caches = processes(&server).await;
    let source = Source::behind(&caches[0]);
    number(&caches[0], &source).await;
    source.write(2);
    ttl_is_over().await;
    source.hold();
    for _ in 0..10 {
        for cache in &caches {
            assert_eq!(number(cache, &source).await, 1);
        }
    }
    source.has_read().await;
    pass(Duration::from_millis(100)).await;
    assert_eq!(source.runs(), 2);
    source.let_go();
    for cache in &caches {
        until(async || number(cache, &source).await == 2).await;
    }
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn a_source_that_fails_is_asked_once_an_interval_by_all_processes_together() {
    let server = Deployment::start().await;
    let caches = processes(&server).await;
    let source = Source::behind(&caches[0]);
    rate(&caches[0], &source).await.expect("not broken yet");
    ttl_is_over().await;
    source.breaks();
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..30 {
        let (cache, source) = (caches[caller % 3].clone(), source.clone());
        callers.spawn(async move {
            for _ in 0..200 {
                assert_eq!(rate(&cache, &source).await, Ok(1));
                pass(Duration::from_millis(10)).await;
            }
        });
    }
    callers.join_all().await;
    let rests = began.elapsed().as_millis() / 500 + 1;
    let asked = source.runs() as u128 - 1;
    assert!(asked <= rests, "{asked} times in {rests} intervals");
    assert!(asked >= 2, "and again after each");
}

#[tokio::test]
async fn an_invalidation_ends_the_rest_of_a_source() {
    let server = Deployment::start().await;
    let caches = processes(&server).await;
    let source = Source::behind(&caches[0]);
    rate(&caches[0], &source).await.expect("not broken yet");
    ttl_is_over().await;
    source.breaks();
    assert_eq!(rate(&caches[0], &source).await, Ok(1));
    source.recovers();
    source.write(2);
    assert_eq!(rate(&caches[1], &source).await, Ok(1), "it rests for all");
    caches[2].delete("rate").await;
    for cache in &caches {
        assert_eq!(rate(cache, &source).await, Ok(2));
    }
}

#[cached(ttl = "100ms", swr = "300ms", stale_if_error = "1m", cache = cache, key = "both", skip(cache, source))]
async fn both(cache: &Cache, source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// That another process is at it is no failure.
#[tokio::test]
async fn a_refresh_elsewhere_is_waited_for_by_who_would_have_to_compute() {
    let server = Deployment::start().await;
    let [one, other, _] = processes(&server).await;
    let source = Source::behind(&one);
    both(&one, &source).await.expect("not broken");
    source.write(2);
    pass(Duration::from_millis(150)).await;
    source.hold();
    assert_eq!(both(&one, &source).await, Ok(1));
    source.has_read().await;
    assert_eq!(both(&other, &source).await, Ok(1));
    pass(Duration::from_millis(300)).await;
    let caller = tokio::spawn({
        let (cache, source) = (other.clone(), source.clone());
        async move { both(&cache, &source).await }
    });
    pass(Duration::from_millis(100)).await;
    assert!(!caller.is_finished(), "it waits for the other process");
    source.let_go();
    assert_eq!(caller.await.expect("answered"), Ok(2));
    assert_eq!(source.runs(), 2);
}
