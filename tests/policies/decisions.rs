//! What is decided by the value and by the call: `ttl = |value| …`, `tags_with`, `when`, `unless`, `negative`, `forever`.

use crate::source::{Source, pass};
use cache_runtime::{Ttl, cached};
use std::time::Duration;

#[cached(
    ttl = |value| if *value == 1 { Ttl::millis(150) } else { Ttl::Forever },
    tags_with = |value| ["value:{value}"],
    unless = |value| *value == 13,
    when = !fresh,
    cache = source.cache(),
    key = "number:{id}",
    skip(source, fresh),
)]
async fn number(source: &Source, id: u32, fresh: bool) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = forever, negative = "150ms", cache = source.cache(), key = "found:{id}", skip(source))]
async fn found(source: &Source, id: u32) -> Option<u32> {
    Some(source.read().await.expect("not broken here")).filter(|value| *value > 0)
}

#[cached(ttl = "1h", cache = source.cache(), key = "some:{id}", skip(source))]
async fn some(source: &Source, id: u32) -> Option<u32> {
    Some(source.read().await.expect("not broken here")).filter(|value| *value > 0)
}

/// Of the same key, by mistake.
#[cached(ttl = forever, negative = "1h", cache = source.cache(), key = "found:{id}", skip(source))]
async fn found_a_name(source: &Source, id: u32) -> Option<String> {
    let value = source.read().await.expect("not broken here");
    Some(value.to_string())
}

#[tokio::test]
async fn that_there_is_none_is_known_of_one_type_alone() {
    let source = Source::new().await;
    source.write(0);
    assert_eq!(found(&source, 1).await, None);
    assert_eq!(found_a_name(&source, 1).await.as_deref(), Some("0"));
}

#[tokio::test]
async fn the_value_says_how_long_it_lives() {
    let source = Source::new().await;
    number(&source, 1, false).await;
    pass(Duration::from_millis(250)).await;
    source.write(2);
    assert_eq!(number(&source, 1, false).await, 2);
    assert_eq!(source.cache().ttl("number:1").await, Some(Ttl::Forever));
}

#[tokio::test]
async fn the_value_says_what_ends_it() {
    let source = Source::new().await;
    source.write(2);
    number(&source, 1, false).await;
    source.write(3);
    source.cache().invalidate_tag("value:3").await;
    assert_eq!(number(&source, 1, false).await, 2);
    source.cache().invalidate_tag("value:2").await;
    assert_eq!(number(&source, 1, false).await, 3);
}

#[tokio::test]
async fn the_value_says_whether_it_is_stored_and_the_call_whether_to_look() {
    let source = Source::new().await;
    source.write(13);
    number(&source, 1, false).await;
    assert!(!source.cache().contains("number:1").await);
    source.write(2);
    assert_eq!(number(&source, 1, false).await, 2);
    source.write(3);
    assert_eq!(number(&source, 1, true).await, 3, "past the cache");
    assert_eq!(number(&source, 1, false).await, 2, "and nothing is stored");
}

#[tokio::test]
async fn nothing_is_remembered_for_a_time_of_its_own_where_that_is_asked_for() {
    let source = Source::new().await;
    source.write(0);
    assert_eq!(found(&source, 1).await, None);
    assert_eq!(some(&source, 1).await, None);
    source.write(2);
    assert_eq!(found(&source, 1).await, None);
    assert_eq!(some(&source, 1).await, Some(2));
    pass(Duration::from_millis(250)).await;
    assert_eq!(found(&source, 1).await, Some(2));
    assert_eq!(source.cache().ttl("found:1").await, Some(Ttl::Forever));
}

#[cached(ttl = |value| Ttl::millis(if *value == 1 { 0 } else { 60_000 }), swr = "1m", cache = source.cache(), key = "fleeting", skip(source))]
async fn fleeting(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

/// It would be past its time from the start, and there for a minute still.
#[tokio::test]
async fn a_value_that_is_not_to_live_is_not_served_past_its_time_either() {
    let source = Source::new().await;
    assert_eq!(fleeting(&source).await, 1);
    source.write(2);
    assert_eq!(fleeting(&source).await, 2);
    source.write(3);
    assert_eq!(fleeting(&source).await, 2, "this one lives");
}
