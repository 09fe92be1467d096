//! What is invalidated between the steps of an embedded cache, each of which is one poll of a task that has no other beside it.

use crate::source::{Broken, Source, pass, ttl_is_over};
use cache_runtime::{cached, stored};

#[cached(ttl = "200ms", swr = "1m", cache = source.cache(), key = "number:{id}", tags = ["numbers"], skip(source))]
async fn number(source: &Source, id: u32) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "200ms", stale_if_error = "1m", cache = source.cache(), key = "failing", tags = ["failing"], skip(source))]
async fn failing(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(ttl = "200ms", revalidate = "1m", cache = source.cache(), key = "handed", tags = ["handed"], skip(source))]
async fn handed(source: &Source) -> Option<bool> {
    source.read().await.expect("not broken here");
    Some(stored::<bool>().is_some())
}

/// The refresh has not begun when the key is deleted: nobody wants it any more.
#[tokio::test]
async fn a_refresh_does_not_begin_for_what_was_deleted_before() {
    let source = Source::new().await;
    assert_eq!(number(&source, 7).await, 1);
    ttl_is_over().await;
    assert_eq!(number(&source, 7).await, 1);
    source.cache().delete("number:7").await;
    pass(std::time::Duration::from_millis(50)).await;
    assert_eq!(source.runs(), 1);
    assert!(!source.cache().contains("number:7").await);
}

/// The same for a tag, which leaves the entry where it is.
#[tokio::test]
async fn a_refresh_does_not_begin_for_what_was_invalidated_before() {
    let source = Source::new().await;
    assert_eq!(number(&source, 7).await, 1);
    ttl_is_over().await;
    assert_eq!(number(&source, 7).await, 1);
    source.cache().invalidate_tag("numbers").await;
    pass(std::time::Duration::from_millis(50)).await;
    assert_eq!(source.runs(), 1);
}

/// The refresh has not begun when somebody stores what is newer.
#[tokio::test]
async fn a_refresh_does_not_begin_for_what_was_replaced_before() {
    let source = Source::new().await;
    assert_eq!(number(&source, 7).await, 1);
    ttl_is_over().await;
    assert_eq!(number(&source, 7).await, 1);
    source.cache().set("number:7", 5u32).tag("numbers").await;
    pass(std::time::Duration::from_millis(50)).await;
    assert_eq!(number(&source, 7).await, 5);
    assert_eq!(source.runs(), 1);
}

#[tokio::test]
async fn what_is_invalidated_while_its_source_fails_does_not_stand_in() {
    let source = Source::new().await;
    assert_eq!(failing(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    source.hold();
    let caller = tokio::spawn({
        let source = source.clone();
        async move { failing(&source).await }
    });
    source.has_read().await;
    source.cache().invalidate_tag("failing").await;
    source.let_go();
    assert_eq!(caller.await.expect("answered"), Err(Broken));
}

#[tokio::test]
async fn what_is_invalidated_while_a_body_runs_is_not_handed_to_it() {
    let source = Source::new().await;
    assert_eq!(handed(&source).await, Some(false));
    ttl_is_over().await;
    source.hold();
    let caller = tokio::spawn({
        let source = source.clone();
        async move { handed(&source).await }
    });
    source.has_read().await;
    source.cache().invalidate_tag("handed").await;
    source.let_go();
    assert_eq!(caller.await.expect("answered"), Some(false));
}
