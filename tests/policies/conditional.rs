//! `revalidate`: the body is handed what is stored, and may say that it has not changed.

use crate::source::{Broken, Source, ttl_is_over, until};
use cache_runtime::{Stored, cached, stored};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Page {
    revision: u32,
    text: String,
}

#[cached(ttl = "200ms", revalidate = "1m", cache = source.cache(), key = "page", tags = ["pages"], skip(source))]
async fn page(source: &Source) -> Result<Option<Page>, Broken> {
    let revision = source.read().await?;
    if let Some(stored) = stored::<Page>()
        && stored.revision == revision
    {
        return Ok(Some(stored.not_modified()));
    }
    // Only a download makes a new text.
    let text = format!("downloaded in run {}", source.runs());
    Ok(Some(Page { revision, text }))
}

#[cached(ttl = "200ms", cache = source.cache(), key = "forgetful", skip(source))]
async fn forgetful(source: &Source) -> bool {
    source.read().await.expect("not broken here");
    stored::<bool>().is_some()
}

async fn text(source: &Source) -> String {
    let page = page(source).await.expect("not broken here");
    page.expect("there is always one").text
}

#[tokio::test]
async fn what_is_stored_is_handed_to_the_body_that_replaces_it() {
    let source = Source::new().await;
    assert_eq!(text(&source).await, "downloaded in run 1");
    ttl_is_over().await;
    assert_eq!(text(&source).await, "downloaded in run 1");
    assert_eq!(source.runs(), 2, "it was asked");
    assert_eq!(text(&source).await, "downloaded in run 1");
    assert_eq!(source.runs(), 2, "and is fresh again");
    source.write(2);
    ttl_is_over().await;
    assert_eq!(text(&source).await, "downloaded in run 3");
    let stats = source.cache().stats();
    assert_eq!(stats.function("page").expect("called").unchanged, 1);
}

#[tokio::test]
async fn what_was_invalidated_is_not_handed_out() {
    let source = Source::new().await;
    text(&source).await;
    ttl_is_over().await;
    source.cache().invalidate_tag("pages").await;
    assert_eq!(text(&source).await, "downloaded in run 2");
}

#[tokio::test]
async fn without_the_option_and_outside_of_a_body_there_is_nothing() {
    let source = Source::new().await;
    assert!(!forgetful(&source).await);
    ttl_is_over().await;
    assert!(!forgetful(&source).await);
    assert!(stored::<Page>().is_none());
    fn age(stored: &Stored<Page>) -> std::time::Duration {
        stored.age()
    }
    let _ = age;
}

#[cached(ttl = "200ms", swr = "1m", revalidate = "1m", cache = source.cache(), key = "generation", skip(source))]
async fn generation(source: &Source) -> u32 {
    source.read().await.expect("not broken here");
    stored::<u32>().map_or(1, |stored| *stored + 1)
}

#[tokio::test]
async fn what_is_stored_is_handed_to_a_refresh_in_the_background() {
    let source = Source::new().await;
    assert_eq!(generation(&source).await, 1);
    ttl_is_over().await;
    assert_eq!(generation(&source).await, 1);
    until(async || generation(&source).await == 2).await;
}
