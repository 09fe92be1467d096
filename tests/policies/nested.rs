//! Old values inside of other computations.

use crate::source::{Broken, Source, pass, ttl_is_over, until};
use cache_runtime::{TimedOut, cached};
use std::time::Duration;

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "300ms", cache = source.cache(), key = "part", tags = ["parts"], skip(source))]
async fn part(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(ttl = "1h", cache = source.cache(), key = "whole", skip(source))]
async fn whole(source: &Source) -> Result<String, Broken> {
    Ok(format!("made of {}", part(source).await?))
}

#[cached(ttl = "200ms", swr = "1m", cache = source.cache(), key = "quick-part", skip(source))]
async fn quick_part(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "1h", cache = source.cache(), key = "quick-whole", skip(source))]
async fn quick_whole(source: &Source) -> String {
    format!("made of {}", quick_part(source).await)
}

#[tokio::test]
async fn what_is_made_of_an_old_value_is_made_anew_when_that_is() {
    let source = Source::new().await;
    assert_eq!(part(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(whole(&source).await.as_deref(), Ok("made of 1"));
    source.recovers();
    source.write(2);
    pass(Duration::from_millis(400)).await;
    assert_eq!(
        whole(&source).await.as_deref(),
        Ok("made of 2"),
        "not after an hour"
    );
}

#[tokio::test]
async fn what_is_made_of_an_old_value_ends_with_it() {
    let source = Source::new().await;
    assert_eq!(part(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(whole(&source).await.as_deref(), Ok("made of 1"));
    source.cache().invalidate_tag("parts").await;
    assert_eq!(whole(&source).await, Err(Broken));
}

#[tokio::test]
async fn a_computation_waits_for_the_fresh_value_of_its_parts() {
    let source = Source::new().await;
    assert_eq!(quick_part(&source).await, 1);
    source.write(2);
    ttl_is_over().await;
    assert_eq!(quick_whole(&source).await, "made of 2");
}

#[derive(Debug)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

#[cached(ttl = "1h", timeout = "100ms", cache = source.cache(), key = "slow-part", skip(source))]
async fn slow_part(source: &Source) -> Result<u32, Slow> {
    Ok(source.read().await.expect("not broken here"))
}

/// Made of an answer, or of having none in time.
#[cached(ttl = "1h", cache = source.cache(), key = "slow-whole", skip(source))]
async fn slow_whole(source: &Source) -> Option<u32> {
    Some(slow_part(source).await.unwrap_or(0))
}

/// The same by dropping the call.
#[cached(ttl = "1h", cache = source.cache(), key = "impatient-whole", skip(source))]
async fn impatient_whole(source: &Source) -> Option<u32> {
    let limit = Duration::from_millis(50);
    let part = tokio::time::timeout(limit, slow_part(source)).await;
    Some(part.map_or(0, |part| part.unwrap_or(0)))
}

#[tokio::test]
async fn what_is_made_without_an_answer_is_not_kept() {
    let source = Source::new().await;
    source.hold();
    assert_eq!(slow_whole(&source).await, Some(0));
    assert_eq!(impatient_whole(&source).await, Some(0));
    source.let_go();
    until(async || source.cache().contains("slow-part").await).await;
    assert_eq!(slow_whole(&source).await, Some(1));
    assert_eq!(impatient_whole(&source).await, Some(1));
}

/// "What is made of what", also of what is made while the source is left alone, since it has failed somebody else.
#[tokio::test]
async fn what_is_made_of_an_old_value_while_its_source_rests_ends_with_it() {
    let source = Source::new().await;
    assert_eq!(part(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(part(&source).await, Ok(1), "from here on it rests");
    assert_eq!(whole(&source).await.as_deref(), Ok("made of 1"));
    assert_eq!(source.runs(), 2);
    source.cache().invalidate_tag("parts").await;
    assert_eq!(whole(&source).await, Err(Broken));
}

#[tokio::test]
async fn what_is_made_of_an_old_value_while_its_source_rests_is_made_anew_when_that_is() {
    let source = Source::new().await;
    assert_eq!(part(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(part(&source).await, Ok(1), "from here on it rests");
    assert_eq!(whole(&source).await.as_deref(), Ok("made of 1"));
    source.recovers();
    source.write(2);
    pass(Duration::from_millis(500)).await;
    assert_eq!(
        whole(&source).await.as_deref(),
        Ok("made of 2"),
        "not after an hour"
    );
}
