//! What `stored()` hands over, and what becomes of what is made of it.

use crate::source::{Broken, Source, pass, ttl_is_over, until};
use cache_runtime::{bypass, cached, stored};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[cached(ttl = "1m", cache = source.cache(), key = "price", tags = ["prices"], skip(source))]
async fn price(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Offer {
    text_revision: u32,
    line: String,
}

/// The text of an offer has a revision; what else is in it is read through the cache, which knows what it depends on.
#[cached(ttl = "200ms", revalidate = "1m", cache = source.cache(), key = "offer", tags = ["texts"], skip(source))]
async fn offer(source: &Source) -> Offer {
    const REVISION: u32 = 7;
    if let Some(stored) = stored::<Offer>()
        && stored.text_revision == REVISION
    {
        return stored.not_modified();
    }
    Offer {
        text_revision: REVISION,
        line: format!("costs {}", price(source).await),
    }
}

/// "What is made of what": the second run returns what the first has made of the price, so it hangs on the price as well.
#[tokio::test]
async fn what_was_not_modified_ends_with_what_it_was_made_of() {
    let source = Source::new().await;
    assert_eq!(offer(&source).await.line, "costs 1");
    ttl_is_over().await;
    assert_eq!(offer(&source).await.line, "costs 1", "not modified");
    source.write(2);
    source.cache().invalidate_tag("prices").await;
    assert_eq!(offer(&source).await.line, "costs 2");
}

/// The same for a part whose key is deleted.
#[tokio::test]
async fn what_was_not_modified_ends_with_the_key_of_its_part() {
    let source = Source::new().await;
    assert_eq!(offer(&source).await.line, "costs 1");
    ttl_is_over().await;
    assert_eq!(offer(&source).await.line, "costs 1", "not modified");
    source.write(2);
    source.cache().delete("price").await;
    assert_eq!(offer(&source).await.line, "costs 2");
}

#[cached(ttl = "200ms", revalidate = "1m", cache = source.cache(), key = "fragment:{name}", skip(source))]
async fn fragment(source: &Source, name: &str) -> String {
    source.read().await.expect("not broken here");
    match stored::<String>() {
        Some(stored) => stored.not_modified(),
        None => format!("fragment {name}"),
    }
}

#[cached(ttl = "200ms", revalidate = "1m", cache = source.cache(), key = "document", skip(source))]
async fn document(source: &Source) -> String {
    format!("[{}]", bypass(fragment(source, "a")).await)
}

#[cached(ttl = "200ms", cache = source.cache(), key = "watched:{name}", when = false, revalidate = "1m", skip(source))]
async fn unlooked(source: &Source, name: &str) -> String {
    source.read().await.expect("not broken here");
    match stored::<String>() {
        Some(stored) => stored.not_modified(),
        None => format!("unlooked {name}"),
    }
}

#[cached(ttl = "200ms", revalidate = "1m", cache = source.cache(), key = "other-document", skip(source))]
async fn other_document(source: &Source) -> String {
    format!("[{}]", unlooked(source, "a").await)
}

/// A body past the cache replaces nothing: what is stored under its caller's key is not for it.
#[tokio::test]
async fn a_body_past_the_cache_is_not_handed_what_its_caller_is_to_replace() {
    let source = Source::new().await;
    assert_eq!(document(&source).await, "[fragment a]");
    assert_eq!(other_document(&source).await, "[unlooked a]");
    ttl_is_over().await;
    assert_eq!(document(&source).await, "[fragment a]");
    assert_eq!(other_document(&source).await, "[unlooked a]");
}

async fn helper(source: &Source) -> u32 {
    source.cache().get_or_set("by-hand", || async { 3 }).await
}

#[cached(ttl = "200ms", revalidate = "1m", cache = source.cache(), key = "by-helper", skip(source))]
async fn by_helper(source: &Source) -> u32 {
    let one = bypass(helper(source)).await;
    one + u32::from(stored::<u32>().is_some())
}

#[tokio::test]
async fn and_the_caller_still_is() {
    let source = Source::new().await;
    assert_eq!(by_helper(&source).await, 3);
    ttl_is_over().await;
    assert_eq!(by_helper(&source).await, 4);
}

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "300ms", cache = source.cache(), key = "rate", skip(source))]
async fn rate(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(ttl = "1h", revalidate = "1h", cache = source.cache(), key = "list", skip(source))]
async fn list(source: &Source) -> Result<String, Broken> {
    if let Some(stored) = stored::<String>() {
        return Ok(stored.not_modified());
    }
    Ok(format!("at {}", rate(source).await?))
}

/// It would be fresh for an hour again, though nobody has found that what it was made of is still what there is.
#[tokio::test]
async fn what_was_made_of_an_old_value_is_not_handed_over() {
    let source = Source::new().await;
    assert_eq!(rate(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(list(&source).await.as_deref(), Ok("at 1"));
    source.recovers();
    source.write(2);
    pass(Duration::from_millis(500)).await;
    assert_eq!(list(&source).await.as_deref(), Ok("at 2"));
}

#[cached(ttl = "1h", early = 1000.0, cache = source.cache(), key = "eager-list", skip(source))]
async fn eager_list(source: &Source) -> Result<String, Broken> {
    // So that it is due from its beginning.
    pass(Duration::from_millis(30)).await;
    if let Some(stored) = stored::<String>() {
        return Ok(stored.not_modified());
    }
    Ok(format!("at {}", rate(source).await?))
}

/// The same entry, for who waits for its end.
#[cached(ttl = "1h", cache = source.cache(), key = "eager-list", skip(source))]
async fn calm_list(source: &Source) -> Result<String, Broken> {
    Ok(format!("at {}", rate(source).await?))
}

/// The same before its end, wherever the entry was found.
#[tokio::test]
async fn what_was_made_of_an_old_value_is_not_handed_to_an_early_refresh() {
    let source = Source::new().await;
    assert_eq!(rate(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(eager_list(&source).await.as_deref(), Ok("at 1"));
    for _ in 0..5 {
        // From here on a process with a server may have it at hand.
        assert_eq!(calm_list(&source).await.as_deref(), Ok("at 1"));
        assert_eq!(eager_list(&source).await.as_deref(), Ok("at 1"));
        pass(Duration::from_millis(50)).await;
    }
    source.recovers();
    source.write(2);
    until(async || eager_list(&source).await.as_deref() == Ok("at 2")).await;
}
