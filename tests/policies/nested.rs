//! Old values inside of other computations.

use crate::source::{Broken, Source, pass, ttl_is_over};
use cache_runtime::cached;
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
