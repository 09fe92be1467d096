//! A minute of a source that fails, under a thousand callers a second.

use crate::source::Broken;
use cache_runtime::{Cache, Clock, ManualClock, cached};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::task::JoinSet;

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

#[cached(ttl = "10s", stale_if_error = "1h", throttle = "5s", cache = cache, key = "asked", skip(cache, runs))]
async fn asked(cache: &Cache, runs: &Arc<AtomicUsize>) -> Result<u32, Broken> {
    if runs.fetch_add(1, SeqCst) == 0 {
        Ok(1)
    } else {
        Err(Broken)
    }
}

/// Who comes at the very moment at which it fails finds that it rests, or waits for it: there is nothing in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_all_threads_one_asks_a_source_that_fails() {
    const INTERVALS: usize = 300;
    const THREADS: usize = 4;
    let hand = ManualClock::new();
    let cache = Cache::builder()
        .clock(Clock::manual(&hand))
        .build()
        .await
        .expect("valid");
    let runs = Arc::new(AtomicUsize::new(0));
    assert_eq!(asked(&cache, &runs).await, Ok(1));
    hand.advance(Duration::from_secs(10));
    for interval in 1..=INTERVALS {
        let mut callers = JoinSet::new();
        for _ in 0..THREADS {
            let (cache, runs) = (cache.clone(), Arc::clone(&runs));
            callers.spawn(async move {
                for _ in 0..20 {
                    assert_eq!(asked(&cache, &runs).await, Ok(1));
                }
            });
        }
        callers.join_all().await;
        assert_eq!(runs.load(SeqCst), 1 + interval);
        hand.advance(Duration::from_secs(5));
    }
}
