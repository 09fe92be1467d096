//! `soft_timeout` and `timeout`: a caller waits for so long, and the computation goes on.

use crate::source::{Broken, Source, ttl_is_over, until};
use cache_runtime::{Cache, Invalidations, TimedOut, bypass, cached};
use std::time::{Duration, Instant};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Error {
    Broken,
    Slow(TimedOut),
}

impl From<Broken> for Error {
    fn from(Broken: Broken) -> Self {
        Error::Broken
    }
}

impl From<TimedOut> for Error {
    fn from(error: TimedOut) -> Self {
        Error::Slow(error)
    }
}

const LIMIT: Duration = Duration::from_millis(300);

#[cached(ttl = "200ms", stale_if_error = "1m", soft_timeout = "100ms", cache = source.cache(), key = "soft", skip(source))]
async fn soft(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "1m", timeout = LIMIT, cache = source.cache(), key = "hard", tags = ["hard"], skip(source))]
async fn hard(source: &Source) -> Result<u32, Error> {
    Ok(source.read().await?)
}

#[cached(ttl = "200ms", stale_if_error = "1m", timeout = "300ms", cache = source.cache(), key = "both", skip(source))]
async fn both(source: &Source) -> Result<u32, Error> {
    Ok(source.read().await?)
}

#[cached(ttl = "1m", timeout = "10s", cache = source.cache(), key = "panics", skip(source))]
async fn panics(source: &Source) -> Result<u32, Error> {
    assert_ne!(source.read().await?, 1, "one is not to be read");
    Ok(2)
}

#[tokio::test]
async fn after_the_soft_limit_an_older_value_answers_and_the_run_goes_on() {
    let source = Source::new().await;
    assert_eq!(soft(&source).await, 1);
    source.write(2);
    ttl_is_over().await;
    source.hold();
    assert_eq!(soft(&source).await, 1);
    assert_eq!(source.runs(), 2);
    assert_eq!(
        soft(&source).await,
        1,
        "who comes then waits for the same run"
    );
    assert_eq!(source.runs(), 2);
    source.let_go();
    until(async || soft(&source).await == 2).await;
}

#[tokio::test]
async fn with_nothing_to_answer_with_the_soft_limit_is_none() {
    let source = Source::new().await;
    source.hold();
    let caller = tokio::spawn({
        let source = source.clone();
        async move { soft(&source).await }
    });
    source.has_read().await;
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert!(!caller.is_finished());
    source.let_go();
    assert_eq!(caller.await.expect("answered"), 1);
}

#[tokio::test]
async fn after_the_hard_limit_the_caller_is_told_and_the_run_goes_on() {
    let source = Source::new().await;
    source.hold();
    let began = Instant::now();
    let Err(Error::Slow(error)) = hard(&source).await else {
        panic!("the source is held");
    };
    assert_eq!(error.limit(), LIMIT);
    assert!(began.elapsed() >= LIMIT);
    assert_eq!(error.to_string(), "not computed within 300ms");
    source.let_go();
    until(async || source.cache().contains("hard").await).await;
    assert_eq!(hard(&source).await, Ok(1));
    assert_eq!(source.runs(), 1);
    let stats = source.cache().stats();
    assert_eq!(stats.function("hard").expect("it was called").timeouts, 1);
}

#[tokio::test]
async fn an_older_value_comes_before_the_error() {
    let source = Source::new().await;
    assert_eq!(both(&source).await, Ok(1));
    ttl_is_over().await;
    source.hold();
    assert_eq!(both(&source).await, Ok(1));
    source.breaks();
    source.let_go();
}

#[tokio::test]
async fn a_run_that_has_lost_its_caller_stores_nothing_old() {
    let source = Source::new().await;
    source.hold();
    hard(&source).await.expect_err("the source is held");
    source.write(2);
    source.cache().invalidate_tag("hard").await;
    source.let_go();
    assert_eq!(hard(&source).await, Ok(2));
}

#[tokio::test]
async fn errors_and_panics_reach_the_caller() {
    let source = Source::new().await;
    source.breaks();
    assert_eq!(hard(&source).await, Err(Error::Broken));
    source.recovers();
    let caller = tokio::spawn({
        let source = source.clone();
        async move { panics(&source).await }
    });
    let panic = caller.await.expect_err("it panics").into_panic();
    let said = panic.downcast_ref::<String>().expect("a message");
    assert!(said.contains("one is not to be read"), "{said}");
    source.write(2);
    assert_eq!(panics(&source).await, Ok(2));
}

#[cached(ttl = "1m", timeout = LIMIT, cache = cache, key = "past", when = *wanted, skip(cache, source, wanted))]
async fn past(cache: &Cache, source: &Source, wanted: &bool) -> Result<u32, Error> {
    Ok(source.read().await?)
}

#[cached(ttl = "1m", cache = source.cache(), key = "around", skip(source))]
async fn around(source: &Source) -> u32 {
    bypass(hard(source)).await.unwrap_or(7)
}

/// Whoever waits, waits for so long: also where the cache stands aside.
#[tokio::test]
async fn the_limit_holds_past_the_cache() {
    let source = Source::new().await;
    let cache = source.cache();
    source.hold();
    let began = Instant::now();
    let slow =
        |answer: Result<u32, Error>| assert!(matches!(answer, Err(Error::Slow(_))), "{answer:?}");
    slow(past(&cache, &source, &false).await);
    slow(bypass(past(&cache, &source, &true)).await);
    slow(past(&Cache::disabled(), &source, &true).await);
    let mut uncommitted = Invalidations::of(&cache);
    slow(uncommitted.collect(past(&cache, &source, &true)).await);
    assert!(began.elapsed() < 6 * LIMIT, "{:?}", began.elapsed());
    // What it would have found, nobody knows: nothing is kept that is made without it.
    assert_eq!(around(&source).await, 7);
    assert!(!cache.contains("around").await);
    source.let_go();
    assert_eq!(bypass(past(&cache, &source, &true)).await, Ok(1));
}
