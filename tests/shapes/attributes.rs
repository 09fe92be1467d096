//! Other attributes and documentation beside ours.

use super::Runs;
use cache_runtime::{Cache, cache_invalidate, cached};

/// Documentation that is kept.
#[cached(key = "traced-inside:{n}", skip(runs))]
#[tracing::instrument(skip(runs))]
async fn traced_inside(n: u32, runs: &Runs) -> Result<u32, String> {
    runs.count();
    Ok(n.checked_add(1).ok_or("too large")?)
}

#[tracing::instrument(skip(runs), err)]
#[cached(key = "traced-outside:{n}", skip(runs))]
async fn traced_outside(n: u32, runs: &Runs) -> Result<u32, String> {
    runs.count();
    Ok(n.checked_add(1).ok_or("too large")?)
}

#[tokio::test]
async fn instrument_on_either_side() {
    let runs = Runs::new();
    for _ in 0..2 {
        assert_eq!(traced_inside(1, &runs).await, Ok(2));
        assert_eq!(traced_outside(1, &runs).await, Ok(2));
    }
    assert_eq!(runs.total(), 2);
}

#[cached(key = "both:{n}", skip(runs))]
#[cache_invalidate("nothing-here:*", "nor-here:{n}")]
async fn cached_and_invalidating(n: u32, runs: &Runs) -> u32 {
    runs.count();
    n
}

#[tokio::test]
async fn two_of_our_attributes_on_one_function() {
    let runs = Runs::new();
    cached_and_invalidating(70, &runs).await;
    cached_and_invalidating(70, &runs).await;
    assert_eq!(runs.total(), 1);
}

#[cfg(any())]
#[cached]
async fn left_out() -> Missing {}

#[allow(clippy::used_underscore_binding, reason = "it is in the key")]
#[deprecated(note = "kept on the function")]
#[cached(key = "lints:{_unused}", skip(_ignored))]
async fn lints(_unused: u8, _ignored: u8, _: u8) -> u8 {
    1
}

#[tokio::test]
#[allow(deprecated, reason = "its deprecation is the point")]
async fn attributes_and_lints_are_the_users() {
    assert_eq!(lints(1, 2, 3).await, 1);
    assert!(Cache::global().contains("lints:1").await);
}
