//! Old values: what is made of them, how long they stand in, and refreshes that panic or are overtaken.

use crate::source::{Broken, Source, pass, ttl_is_over, until};
use cache_runtime::{TimedOut, cached};
use std::time::Duration;

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "300ms", cache = source.cache(), key = "part", skip(source))]
async fn part(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(ttl = "1h", cache = source.cache(), key = "whole", skip(source))]
async fn whole(source: &Source) -> Result<String, Broken> {
    Ok(format!("made of {}", part(source).await?))
}

#[cached(ttl = "1h", cache = source.cache(), key = "page", skip(source))]
async fn page(source: &Source) -> Result<String, Broken> {
    whole(source).await
}

/// "What is made of an older value, by another cached function, is fresh for `throttle` at most": also if there is a hit in
/// between.
#[tokio::test]
async fn what_is_made_of_what_is_made_of_an_old_value_is_made_anew() {
    let source = Source::new().await;
    assert_eq!(part(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(whole(&source).await.as_deref(), Ok("made of 1"));
    assert_eq!(page(&source).await.as_deref(), Ok("made of 1"));
    source.recovers();
    source.write(2);
    pass(Duration::from_millis(500)).await;
    assert_eq!(whole(&source).await.as_deref(), Ok("made of 2"));
    assert_eq!(
        page(&source).await.as_deref(),
        Ok("made of 2"),
        "not after an hour"
    );
}

#[cached(ttl = "300ms", idle = "200ms", stale_if_error = "1m", throttle = "100ms", cache = source.cache(), key = "session", skip(source))]
async fn session(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// `idle` is for what nobody reads.
#[tokio::test]
async fn an_old_value_that_is_read_all_the_time_is_not_idle() {
    let source = Source::new().await;
    assert_eq!(session(&source).await, Ok(1));
    source.breaks();
    for read in 0..60 {
        assert_eq!(session(&source).await, Ok(1), "read {read}");
        pass(Duration::from_millis(20)).await;
    }
}

#[cached(ttl = "200ms", swr = "1m", throttle = "1m", cache = source.cache(), key = "panicking", skip(source))]
async fn panicking(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

/// "After a refresh that failed, how long the next one waits."
#[tokio::test]
async fn a_refresh_that_panics_is_tried_again_after_a_rest() {
    let source = Source::new().await;
    assert_eq!(panicking(&source).await, 1);
    ttl_is_over().await;
    source.breaks();
    for _ in 0..50 {
        assert_eq!(panicking(&source).await, 1);
        pass(Duration::from_millis(5)).await;
    }
    assert_eq!(source.runs(), 2);
}

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "1m", cache = source.cache(), key = "resting", skip(source))]
async fn resting(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// "Deleting the key ends the rest."
#[tokio::test]
async fn deleting_the_key_ends_the_rest() {
    let source = Source::new().await;
    let cache = source.cache();
    assert_eq!(resting(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(resting(&source).await, Ok(1));
    cache.delete("resting").await;
    source.recovers();
    source.write(3);
    cache
        .set("resting", 2u32)
        .ttl(Duration::from_millis(100))
        .await;
    pass(Duration::from_millis(200)).await;
    assert_eq!(resting(&source).await, Ok(3));
}

#[derive(Debug)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

#[cached(ttl = "1m", timeout = "100ms", cache = source.cache(), key = "slow", tags = ["slow"], skip(source))]
async fn slow(source: &Source) -> Result<u32, Slow> {
    Ok(source.read().await.expect("not broken here"))
}

#[cached(ttl = "1h", cache = source.cache(), key = "lenient", skip(source))]
async fn lenient(source: &Source) -> String {
    slow(source)
        .await
        .map_or("unknown".to_owned(), |number| number.to_string())
}

/// A value may be made of the news that something took too long; then it depends on that.
#[tokio::test]
async fn what_is_made_of_a_timeout_ends_with_what_took_too_long() {
    let source = Source::new().await;
    source.hold();
    assert_eq!(lenient(&source).await, "unknown");
    source.let_go();
    until(async || source.cache().contains("slow").await).await;
    source.write(2);
    source.cache().invalidate_tag("slow").await;
    assert_eq!(lenient(&source).await, "2");
}

/// The same where that is under way already, on somebody else's behalf.
#[tokio::test]
async fn what_is_made_of_waiting_too_long_ends_with_what_was_waited_for() {
    let source = Source::new().await;
    source.hold();
    let first = tokio::spawn({
        let source = source.clone();
        async move { slow(&source).await }
    });
    source.has_read().await;
    assert_eq!(lenient(&source).await, "unknown");
    source.let_go();
    let _ = first.await;
    until(async || source.cache().contains("slow").await).await;
    source.write(2);
    source.cache().invalidate_tag("slow").await;
    assert_eq!(lenient(&source).await, "2");
}

#[cached(ttl = "200ms", swr = "1m", cache = source.cache(), key = "written", skip(source))]
async fn written(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

/// A refresh that has read before somebody sets the key stores nothing over that.
#[tokio::test]
async fn a_refresh_that_is_overtaken_by_a_write_stores_nothing() {
    for through in [false, true] {
        let source = Source::new().await;
        let cache = source.cache();
        written(&source).await;
        ttl_is_over().await;
        source.hold();
        assert_eq!(written(&source).await, 1);
        source.has_read().await;
        if through {
            let write = cache.write_through("written", || async { Ok::<_, Broken>(9u32) });
            assert_eq!(write.await, Ok(9));
        } else {
            cache.set("written", 9u32).await;
        }
        source.let_go();
        pass(Duration::from_millis(60)).await;
        assert_eq!(written(&source).await, 9, "{through}");
        assert_eq!(source.runs(), 2);
    }
}

#[cached(ttl = "1h", cache = source.cache(), key = "of-slow", skip(source))]
async fn of_slow(source: &Source) -> Result<u32, Slow> {
    Ok(10 * slow(source).await?)
}

/// A part that may run apart from its caller is a part.
#[tokio::test]
async fn what_is_made_of_a_part_with_a_limit_ends_with_it() {
    let source = Source::new().await;
    assert_eq!(of_slow(&source).await.expect("in time"), 10);
    source.write(2);
    source.cache().invalidate_tag("slow").await;
    assert_eq!(of_slow(&source).await.expect("in time"), 20);
}

#[cached(ttl = "1m", negative = "200ms", swr = "1m", stale_if_error = "1m", cache = source.cache(), key = "perhaps", skip(source))]
async fn perhaps(source: &Source) -> Result<Option<u32>, Broken> {
    Ok(Some(source.read().await?).filter(|number| *number > 0))
}

/// That there is nothing is not served past its time, and does not stand in.
#[tokio::test]
async fn that_there_is_nothing_is_never_old() {
    let source = Source::new().await;
    source.write(0);
    assert_eq!(perhaps(&source).await, Ok(None));
    source.write(3);
    assert_eq!(perhaps(&source).await, Ok(None));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(perhaps(&source).await, Err(Broken));
    source.recovers();
    assert_eq!(perhaps(&source).await, Ok(Some(3)));
}

#[cached(ttl = "1s", idle = "200ms", swr = "1m", cache = source.cache(), key = "unread", skip(source))]
async fn unread(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

/// What nobody has read for too long has ended, and is not old.
#[tokio::test]
async fn what_is_idle_is_not_served_past_its_time() {
    let source = Source::new().await;
    assert_eq!(unread(&source).await, 1);
    source.write(2);
    pass(Duration::from_millis(1_200)).await;
    assert_eq!(unread(&source).await, 2);
}
