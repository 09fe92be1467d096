//! The same options for the operations of a handle.

use crate::source::{Broken, Source, ttl_is_over, until};
use cache_runtime::{TimedOut, Ttl, stored};
use std::time::Duration;

const TTL: Duration = Duration::from_millis(200);
const MINUTE: Duration = Duration::from_secs(60);

async fn swr(source: &Source) -> u32 {
    let (cache, source) = (source.cache(), source.clone());
    let read = || async move { source.read().await.unwrap_or(0) };
    cache.get_or_set("swr", read).ttl(TTL).swr(MINUTE).await
}

async fn failing(source: &Source) -> Result<u32, Broken> {
    let cache = source.cache();
    let read = || source.read();
    cache
        .get_or_try_set("failing", read)
        .ttl(TTL)
        .stale_if_error(MINUTE)
        .throttle(MINUTE)
        .await
}

#[derive(Debug, PartialEq, Eq)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

async fn limited(source: &Source) -> Result<u32, Slow> {
    let (cache, source) = (source.cache(), source.clone());
    let read = || async move { Ok(source.read().await.unwrap_or(0)) };
    cache
        .get_or_try_set("limited", read)
        .ttl(TTL)
        .stale_if_error(MINUTE)
        .soft_timeout(Duration::from_millis(50))
        .timeout(Duration::from_millis(200))
        .await
}

#[tokio::test]
async fn an_old_value_is_served_while_it_is_refreshed() {
    let source = Source::new().await;
    assert_eq!(swr(&source).await, 1);
    source.write(2);
    ttl_is_over().await;
    source.hold();
    assert_eq!(swr(&source).await, 1);
    source.has_read().await;
    source.let_go();
    until(async || swr(&source).await == 2).await;
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn an_old_value_stands_in_for_a_failure() {
    let source = Source::new().await;
    assert_eq!(failing(&source).await, Ok(1));
    source.breaks();
    ttl_is_over().await;
    for _ in 0..10 {
        assert_eq!(failing(&source).await, Ok(1));
    }
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn a_caller_waits_for_so_long() {
    let source = Source::new().await;
    source.hold();
    assert_eq!(limited(&source).await, Err(Slow));
    source.let_go();
    until(async || limited(&source).await == Ok(1)).await;
    ttl_is_over().await;
    source.hold();
    assert_eq!(limited(&source).await, Ok(1), "the older value");
    source.let_go();
}

#[tokio::test]
async fn a_time_to_live_adapts_and_the_last_value_is_handed_over() {
    let source = Source::new().await;
    let cache = source.cache();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let read = || async { stored::<u32>().map_or(0, |stored| stored.not_modified()) };
        let adaptive = cache.get_or_set("adaptive", read);
        adaptive
            .adaptive_ttl(Duration::from_millis(100), MINUTE)
            .await;
        seen.push(cache.ttl("adaptive").await);
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let [Some(Ttl::For(first)), Some(Ttl::For(second))] = seen[..] else {
        panic!("{seen:?}");
    };
    assert!(first <= Duration::from_millis(100) && second > Duration::from_millis(120));
}

#[tokio::test]
async fn an_early_refresh_runs_beside_the_hit() {
    let source = Source::new().await;
    let eager = || {
        let (cache, read) = (source.cache(), source.clone());
        async move {
            let read = || async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                read.read().await.unwrap_or(0)
            };
            cache
                .get_or_set("eager", read)
                .ttl(Ttl::secs(9))
                .early(1_000.0)
                .await
        }
    };
    assert_eq!(eager().await, 1);
    source.write(2);
    until(async || eager().await == 2).await;
}
