//! `detect` and `bypass`: what was asked and from where it was answered, and going past the cache.

use crate::source::{Broken, Source, ttl_is_over, until};
use cache_runtime::{Answer, TimedOut, bypass, cache_invalidate, cached, detect};
use std::time::Duration;

#[cached(ttl = "1m", cache = source.cache(), key = "number:{id}", skip(source))]
async fn number(source: &Source, id: u32) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "1m", cache = source.cache(), key = "sum:{a}:{b}", sensitive, skip(source))]
async fn sum(source: &Source, a: u32, b: u32) -> u32 {
    number(source, a).await + number(source, b).await
}

#[cached(ttl = "200ms", swr = "1m", cache = source.cache(), key = "stale", skip(source))]
async fn stale(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "200ms", stale_if_error = "1m", cache = source.cache(), key = "failing", skip(source))]
async fn failing(source: &Source) -> Result<u32, String> {
    source.read().await.map_err(|Broken| "broken".to_owned())
}

#[derive(Debug)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

#[cached(ttl = "1m", timeout = "100ms", cache = source.cache(), key = "slow", skip(source))]
async fn slow(source: &Source) -> Result<u32, Slow> {
    Ok(source.read().await.expect("not broken here"))
}

#[cache_invalidate("number:{id}", cache = source.cache())]
async fn write(source: &Source, id: u32, value: u32) {
    let _ = id;
    source.write(value);
}

/// What the last call was answered with.
async fn answer<T>(call: impl Future<Output = T>) -> Answer {
    let (_, detected) = detect(call).await;
    detected.calls().last().expect("a call").answer
}

#[tokio::test]
async fn every_answer_tells_where_it_came_from() {
    let source = Source::new().await;
    assert_eq!(answer(number(&source, 1)).await, Answer::Computed);
    assert!(answer(number(&source, 1)).await.is_entry());
    assert_eq!(answer(bypass(number(&source, 1))).await, Answer::Bypassed);
    let cache = source.cache();
    assert!(answer(cache.get::<u32>("number:1")).await.is_entry());
    assert_eq!(answer(cache.get::<u32>("other")).await, Answer::Absent);
    stale(&source).await;
    failing(&source).await.expect("not broken yet");
    ttl_is_over().await;
    assert_eq!(answer(stale(&source)).await, Answer::Stale);
    source.breaks();
    assert_eq!(answer(failing(&source)).await, Answer::Stale);
    source.recovers();
    source.hold();
    assert_eq!(answer(slow(&source)).await, Answer::TimedOut);
    let shared = tokio::spawn({
        let source = source.clone();
        async move { answer(number(&source, 2)).await }
    });
    source.has_read().await;
    let other = tokio::spawn({
        let source = source.clone();
        async move { answer(number(&source, 2)).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    source.let_go();
    assert_eq!(shared.await.expect("answered"), Answer::Computed);
    assert_eq!(other.await.expect("answered"), Answer::Shared);
}

#[tokio::test]
async fn calls_inside_of_a_computation_are_told_of_and_sensitive_keys_are_not() {
    let source = Source::new().await;
    let (value, detected) = detect(sum(&source, 1, 2)).await;
    assert_eq!(value, 2);
    let functions: Vec<&str> = detected
        .calls()
        .iter()
        .map(|call| call.function.rsplit("::").next().unwrap_or_default())
        .collect();
    assert_eq!(functions, ["number", "number", "sum"]);
    assert_eq!(detected.of("number").count(), 2);
    assert_eq!(detected.calls()[0].key, "number:1");
    assert!(detected.calls()[2].key.starts_with('~'));
    assert!(!detected.is_from_cache());
    let (_, again) = detect(sum(&source, 1, 2)).await;
    assert!(again.is_from_cache());
    assert!(again.to_string().contains("sum `~"), "{again}");
    let (_, nothing) = detect(async {}).await;
    assert!(nothing.calls().is_empty() && !nothing.is_from_cache());
}

#[tokio::test]
async fn past_the_cache_nothing_is_looked_up_or_stored() {
    let source = Source::new().await;
    number(&source, 1).await;
    source.write(2);
    assert_eq!(bypass(number(&source, 1)).await, 2);
    assert_eq!(bypass(sum(&source, 1, 3)).await, 4, "inside as well");
    assert_eq!(number(&source, 1).await, 1, "what is stored is as it was");
    assert!(!source.cache().contains("number:3").await);
    bypass(write(&source, 1, 5)).await;
    assert_eq!(
        number(&source, 1).await,
        5,
        "what is written is invalidated"
    );
    until(async || number(&source, 1).await == 5).await;
}

/// Operations are no futures before they are awaited.
#[tokio::test]
async fn operations_are_watched_and_sent_past_the_cache() {
    let source = Source::new().await;
    let cache = source.cache();
    let load = || {
        cache
            .get_or_set("by-hand", || async { 3 })
            .ttl(Duration::from_secs(60))
    };
    assert_eq!(bypass(load()).await, 3);
    let (_, detected) = detect(load()).await;
    assert_eq!(detected.calls()[0].answer, Answer::Computed);
    let (_, detected) = detect(load()).await;
    assert!(detected.is_from_cache());
}

#[cached(ttl = "1m", timeout = "10s", cache = source.cache(), key = "limited", skip(source))]
async fn limited(source: &Source) -> Result<u32, Slow> {
    Ok(number(source, 1).await)
}

/// A body that may go on without its caller runs for that as long as it waits.
#[tokio::test]
async fn calls_inside_of_a_computation_with_a_limit_are_told_of() {
    let source = Source::new().await;
    let (value, detected) = detect(limited(&source)).await;
    assert_eq!(value.expect("in time"), 1);
    let keys: Vec<&str> = detected.calls().iter().map(|call| &*call.key).collect();
    assert_eq!(keys, ["number:1", "limited"]);
}
