//! Crowds, for whom one looks.

use crate::source::{Broken, Source, pass, ttl_is_over};
use cache_runtime::{Answer, Cache, Consistency, Ttl, cached, detect};
use std::time::Duration;
use test_servers::Deployment;
use tokio::task::JoinSet;

async fn process(server: &Deployment) -> Cache {
    with(server, Consistency::Strict).await
}

async fn with(server: &Deployment, consistency: Consistency) -> Cache {
    let cache = Cache::builder()
        .redis(server.url())
        .consistency(consistency)
        .operation_timeout(Duration::from_secs(5))
        .build()
        .await;
    cache.expect("a valid configuration")
}

async fn total(cache: &Cache, source: &Source, tolerant: bool) -> u32 {
    let (source, brief) = (source.clone(), Ttl::For(Duration::from_millis(200)));
    let compute = || async move { source.read().await.expect("not broken here") };
    let load = cache.get_or_set("total", compute).ttl(brief);
    if tolerant {
        load.swr(Duration::from_secs(60)).await
    } else {
        load.await
    }
}

/// Past its time to live an entry is a miss for an operation that declares nothing, whoever looks for it.
#[tokio::test]
async fn an_operation_that_declares_nothing_is_not_answered_with_what_is_past_its_time() {
    nobody_is_answered_with_it(Consistency::Strict).await;
}

#[tokio::test]
async fn nor_with_a_bound() {
    nobody_is_answered_with_it(Consistency::default()).await;
}

async fn nobody_is_answered_with_it(consistency: Consistency) {
    let server = Deployment::start().await;
    let cache = with(&server, consistency).await;
    let source = Source::behind(&cache);
    assert_eq!(total(&cache, &source, true).await, 1);
    source.write(2);
    ttl_is_over().await;
    let mut callers = JoinSet::new();
    for caller in 0..60 {
        let (cache, source) = (cache.clone(), source.clone());
        callers.spawn(async move {
            let is_tolerant = caller < 8;
            (is_tolerant, total(&cache, &source, is_tolerant).await)
        });
    }
    let answers = callers.join_all().await;
    let old = answers.iter().filter(|answer| **answer == (false, 1));
    assert_eq!(old.count(), 0, "of 52 callers who did not ask for it");
}

#[cached(ttl = "200ms", swr = "1m", cache = cache, key = "number", skip(cache, source))]
async fn number(cache: &Cache, source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[tokio::test]
async fn every_stale_answer_is_counted_and_told_of() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let source = Source::behind(&cache);
    number(&cache, &source).await;
    ttl_is_over().await;
    source.hold();
    let mut callers = JoinSet::new();
    for _ in 0..40 {
        let (cache, source) = (cache.clone(), source.clone());
        callers.spawn(async move { detect(number(&cache, &source)).await.1.calls()[0].answer });
    }
    let answers = callers.join_all().await;
    source.let_go();
    let stats = cache.stats();
    let stats = stats.function("number").expect("called");
    let told = answers.iter().filter(|answer| **answer == Answer::Stale);
    assert_eq!((stats.stale, told.count()), (40, 40));
}

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "1m", cache = cache, key = "rate", skip(cache, source))]
async fn rate(cache: &Cache, source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// How often the server is asked for an entry when four hundred want it at once.
async fn looks(server: &Deployment, cache: &Cache, source: &Source) -> u64 {
    server.reset_stats().await;
    let mut callers = JoinSet::new();
    for _ in 0..400 {
        let (cache, source) = (cache.clone(), source.clone());
        callers.spawn(async move { rate(&cache, &source).await });
    }
    for answer in callers.join_all().await {
        assert_eq!(answer, Ok(1));
    }
    server.calls("mget").await
}

/// Nobody waits in line while a source rests: one look answers all who have begun before it, as it does while it is fresh.
#[tokio::test]
async fn callers_of_a_source_that_rests_are_answered_side_by_side() {
    let server = Deployment::start().await;
    let cache = process(&server).await;
    let source = Source::behind(&cache);
    rate(&cache, &source).await.expect("not broken yet");
    let fresh = looks(&server, &cache, &source).await;
    ttl_is_over().await;
    source.breaks();
    rate(&cache, &source).await.expect("the older one");
    pass(Duration::from_millis(50)).await;
    let resting = looks(&server, &cache, &source).await;
    assert_eq!(source.runs(), 2);
    assert!(
        resting < 10 * fresh.max(5),
        "{resting} times, and {fresh} while it is fresh"
    );
}
