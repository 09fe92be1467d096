//! Functions that run apart from their callers, with a cache for a part of a task.

use cache_runtime::testing::{self, assert_cached, on};
use cache_runtime::{TimedOut, cached};

#[derive(Clone, Debug)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

#[cached(ttl = "1m", key = "inner:{id}")]
async fn inner(id: u32) -> u32 {
    id
}

#[cached(ttl = "1m", timeout = "10s", key = "limited:{id}")]
async fn limited(id: u32) -> Result<u32, Slow> {
    Ok(inner(id).await)
}

#[tokio::test]
async fn a_body_with_a_limit_uses_the_cache_of_its_caller() {
    let cache = testing::cache();
    on(&cache, limited(1)).await.expect("in time");
    assert!(cache.contains("limited:1").await);
    assert!(cache.contains("inner:1").await);
}

#[tokio::test]
async fn a_function_with_a_limit_is_seen_to_be_cached() {
    on(&testing::cache(), async {
        assert_cached!(limited(2).await.expect("in time"));
    })
    .await;
}
