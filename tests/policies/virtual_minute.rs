//! A minute of a source that fails, under a thousand callers a second.

use cache_runtime::{Cache, Clock, ManualClock, cached};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

static RUNS: AtomicUsize = AtomicUsize::new(0);
static FAILS: AtomicBool = AtomicBool::new(false);

#[cached(ttl = "10s", stale_if_error = "1h", throttle = "5s", cache = cache, key = "rate", skip(cache))]
async fn rate(cache: &Cache) -> Result<u32, &'static str> {
    RUNS.fetch_add(1, SeqCst);
    if FAILS.load(SeqCst) {
        Err("down")
    } else {
        Ok(1)
    }
}

#[tokio::test]
async fn the_source_is_asked_once_an_interval_and_all_callers_have_the_older_value() {
    let hand = ManualClock::new();
    let cache = Cache::builder()
        .clock(Clock::manual(&hand))
        .build()
        .await
        .expect("valid");
    rate(&cache).await.expect("it works");
    FAILS.store(true, SeqCst);
    hand.advance(Duration::from_secs(10));
    for _ in 0..60_000 {
        assert_eq!(rate(&cache).await, Ok(1));
        hand.advance(Duration::from_millis(1));
    }
    // At once, and after every five seconds of the minute.
    assert_eq!(RUNS.load(SeqCst), 1 + 12);
    FAILS.store(false, SeqCst);
    hand.advance(Duration::from_secs(5));
    assert_eq!(rate(&cache).await, Ok(1));
    assert_eq!(RUNS.load(SeqCst), 1 + 12 + 1);
}
