//! Numbers that nobody would write, but somebody computes.

use crate::source::{Broken, Source};
use cache_runtime::Ttl;
use std::time::Duration;

#[tokio::test]
async fn a_part_that_is_no_number_is_no_panic() {
    let source = Source::new().await;
    let cache = source.cache();
    let part = 0.0 / f64::from(source.runs() as u32);
    let load = tokio::spawn(async move {
        let load = cache.get_or_set("part", || async { 7 });
        load.ttl(Ttl::mins(1)).jitter(part).await
    });
    assert_eq!(load.await.expect("no panic of the cache"), 7);
}

#[tokio::test]
async fn times_without_end_are_as_good_as_long_ones() {
    const EVER: Duration = Duration::MAX;
    let source = Source::new().await;
    let cache = source.cache();
    let load = |key: &'static str| {
        let load = cache.get_or_try_set(key, || async { Ok::<_, Broken>(7) });
        load.ttl(Ttl::mins(1))
    };
    assert_eq!(load("swr").swr(EVER).await, Ok(7));
    assert_eq!(
        load("stale").stale_if_error(EVER).throttle(EVER).await,
        Ok(7)
    );
    assert_eq!(
        load("soft").stale_if_error(EVER).soft_timeout(EVER).await,
        Ok(7)
    );
    assert_eq!(load("idle").idle(EVER).await, Ok(7));
    assert_eq!(load("revalidate").revalidate(EVER).await, Ok(7));
    assert_eq!(load("adaptive").adaptive_ttl(EVER, EVER).await, Ok(7));
    assert_eq!(load("jitter").ttl(EVER).jitter(0.1).await, Ok(7));
    for key in [
        "swr",
        "stale",
        "soft",
        "idle",
        "revalidate",
        "adaptive",
        "jitter",
    ] {
        assert!(cache.contains(key).await, "{key}");
    }
}
