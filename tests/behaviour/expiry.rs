//! Time to live, by a clock that tests move.

use cache_runtime::{Cache, Clock, ManualClock, State, Ttl, cached, key};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

struct Fixture {
    cache: Cache,
    hand: ManualClock,
    runs: AtomicU32,
}

async fn fixture() -> Fixture {
    let hand = ManualClock::new();
    let cache = Cache::builder()
        .clock(Clock::manual(&hand))
        .default_ttl(Ttl::secs(10))
        .build()
        .await
        .expect("valid");
    Fixture {
        cache,
        hand,
        runs: AtomicU32::new(0),
    }
}

#[cached(ttl = "5m", cache = fixture.cache, key = "minutes", skip(fixture))]
async fn minutes(fixture: &Fixture) -> u32 {
    fixture.runs.fetch_add(1, SeqCst)
}

#[cached(cache = fixture.cache, key = "default", skip(fixture))]
async fn by_default(fixture: &Fixture) -> u32 {
    fixture.runs.fetch_add(1, SeqCst)
}

#[cached(ttl = forever, cache = fixture.cache, key = "forever", skip(fixture))]
async fn for_ever(fixture: &Fixture) -> u32 {
    fixture.runs.fetch_add(1, SeqCst)
}

#[cached(ttl = Duration::from_millis(u64::from(millis)), cache = fixture.cache, key = "millis:{millis}", skip(fixture))]
async fn millis(fixture: &Fixture, millis: u32) -> u32 {
    fixture.runs.fetch_add(1, SeqCst)
}

#[tokio::test]
async fn an_entry_is_served_until_its_time_is_over_and_not_after() {
    let fixture = fixture().await;
    assert_eq!(minutes(&fixture).await, 0);
    fixture.hand.advance(Duration::from_millis(299_999));
    assert_eq!(minutes(&fixture).await, 0);
    fixture.hand.advance(Duration::from_millis(1));
    assert_eq!(fixture.cache.explain("minutes").await.state, State::Expired);
    assert_eq!(minutes(&fixture).await, 1);
}

#[tokio::test]
async fn without_a_time_the_default_of_the_cache_holds() {
    let fixture = fixture().await;
    by_default(&fixture).await;
    assert_eq!(fixture.cache.ttl("default").await, Some(Ttl::secs(10)));
    fixture.hand.advance(Duration::from_secs(4));
    assert_eq!(fixture.cache.ttl("default").await, Some(Ttl::secs(6)));
    fixture.hand.advance(Duration::from_secs(6));
    assert_eq!(fixture.cache.ttl("default").await, None);
    assert_eq!(by_default(&fixture).await, 1);
}

#[tokio::test]
async fn for_ever_is_for_ever() {
    let fixture = fixture().await;
    for_ever(&fixture).await;
    fixture
        .hand
        .advance(Duration::from_secs(u64::from(u32::MAX) * 1000));
    assert_eq!(for_ever(&fixture).await, 0);
}

#[tokio::test]
async fn an_expression_over_the_arguments() {
    let fixture = fixture().await;
    millis(&fixture, 50).await;
    millis(&fixture, 0).await;
    assert_eq!(fixture.cache.ttl("millis:50").await, Some(Ttl::millis(50)));
    assert!(
        !fixture.cache.contains("millis:0").await,
        "no time at all is not stored"
    );
}

#[tokio::test(start_paused = true)]
async fn a_cache_can_follow_tokios_clock() {
    let cache = Cache::builder()
        .clock(Clock::tokio())
        .build()
        .await
        .expect("valid");
    cache.set("k", 1).ttl(Duration::from_secs(60)).await;
    tokio::time::advance(Duration::from_secs(59)).await;
    assert!(cache.contains("k").await);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(!cache.contains("k").await);
}

#[tokio::test]
async fn explain_tells_why() {
    let fixture = fixture().await;
    let cache = &fixture.cache;
    assert_eq!(cache.explain("k:1").await.state, State::Absent);
    cache
        .set(key!("k:{1}"), 7)
        .tag("odd")
        .ttl(Ttl::secs(60))
        .await;
    fixture.hand.advance(Duration::from_secs(20));
    let fresh = cache.explain("k:1").await;
    assert_eq!(fresh.state, State::Fresh);
    let entry = fresh.entry.as_ref().expect("stored");
    assert_eq!(entry.age, Duration::from_secs(20));
    assert_eq!(entry.time_left, Some(Duration::from_secs(40)));
    assert_eq!(entry.guards, ["key k:1", "scope *", "scope k:*", "tag odd"]);
    assert!(entry.invalidated_by.is_empty());
    assert!(
        fresh
            .to_string()
            .starts_with("`k:1` is fresh\n  stored 20s ago, 40s left of 1m, about ")
    );
    cache.invalidate("k:*").await;
    let gone = cache.explain("k:1").await;
    assert_eq!(gone.state, State::Invalidated);
    assert_eq!(
        gone.entry.expect("remembered").invalidated_by,
        ["scope k:*"]
    );
}
