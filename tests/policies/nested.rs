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

#[cached(ttl = "1h", cache = source.cache(), key = "page", skip(source))]
async fn page(source: &Source) -> Result<String, Broken> {
    whole(source).await
}

/// Also what is made of that, in one go: nothing in between was there before.
#[tokio::test]
async fn what_is_made_in_one_go_of_what_is_made_of_an_old_value_is_made_anew() {
    let source = Source::new().await;
    assert_eq!(part(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(page(&source).await.as_deref(), Ok("made of 1"));
    source.recovers();
    source.write(2);
    pass(Duration::from_millis(500)).await;
    assert_eq!(
        page(&source).await.as_deref(),
        Ok("made of 2"),
        "not after an hour"
    );
}

/// A part may be old since its source has failed somebody else, and rests.
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

#[cached(ttl = "1h", cache = source.cache(), key = "patient-part", skip(source))]
async fn patient_part(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "1h", cache = source.cache(), key = "made-without", skip(source))]
async fn made_without(source: &Source) -> u32 {
    let limit = Duration::from_millis(50);
    let part = tokio::time::timeout(limit, patient_part(source)).await;
    part.unwrap_or(0)
}

/// Who drops a call that waits for somebody else's run has made its value of that, too.
#[tokio::test]
async fn what_is_made_without_waiting_for_a_run_ends_with_what_that_finds() {
    let source = Source::new().await;
    source.hold();
    let first = tokio::spawn({
        let source = source.clone();
        async move { patient_part(&source).await }
    });
    source.has_read().await;
    assert_eq!(made_without(&source).await, 0);
    source.let_go();
    assert_eq!(first.await.expect("answered"), 1);
    source.write(2);
    source.cache().delete("patient-part").await;
    assert_eq!(made_without(&source).await, 2);
}

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "1m", cache = source.cache(), key = "resting-part", skip(source))]
async fn resting_part(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(ttl = "200ms", cache = source.cache(), key = "brief-whole", skip(source, runs))]
async fn brief_whole(source: &Source, runs: &Source) -> Result<u32, Broken> {
    runs.read().await?;
    resting_part(source).await
}

/// It is fresh for no longer than its part, and for no longer than any of its kind.
#[tokio::test]
async fn what_is_made_of_an_old_value_lives_no_longer_than_its_time_to_live() {
    let source = Source::new().await;
    let runs = Source::behind(&source.cache());
    assert_eq!(resting_part(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(brief_whole(&source, &runs).await, Ok(1));
    ttl_is_over().await;
    assert_eq!(brief_whole(&source, &runs).await, Ok(1));
    assert_eq!(runs.runs(), 2);
}
