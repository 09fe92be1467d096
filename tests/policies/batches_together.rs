//! Batches beside others: what they wait for, what they are made of, and identifiers that have one key.

use crate::backend::Backend;
use crate::source::{Broken, Source, pass, ttl_is_over};
use cache_runtime::{Cache, Invalidations, cached, detect};
use std::collections::HashMap;
use std::time::{Duration, Instant};

#[cached(batch(id in ids), ttl = "1m", cache = cache, key = "row:{id}", skip(cache, source))]
async fn rows(cache: &Cache, source: &Source, ids: &[u32]) -> HashMap<u32, u32> {
    let value = source.read().await.expect("not broken here");
    ids.iter().map(|id| (*id, id * 10 + value)).collect()
}

#[cached(ttl = "1m", cache = cache, key = "row:{id}", skip(cache, source))]
async fn row(cache: &Cache, source: &Source, id: u32) -> Option<u32> {
    let value = source.read().await.expect("not broken here");
    Some(id * 10 + value)
}

/// A call waits for others for `longest_wait`, not for so long for each identifier.
#[tokio::test]
async fn a_batch_waits_no_longer_than_any_call() {
    const WAIT: Duration = Duration::from_millis(300);
    let backend = Backend::with(|cache| cache.longest_wait(WAIT)).await;
    let cache = backend.cache();
    let (slow, quick) = (Source::behind(&cache), Source::behind(&cache));
    slow.hold();
    let mut others = tokio::task::JoinSet::new();
    for id in 0..10 {
        let (cache, slow) = (cache.clone(), slow.clone());
        others.spawn(async move { row(&cache, &slow, id).await });
        slow_has_read(id).await;
    }
    for _ in 0..10 {
        slow.has_read().await;
    }
    let ids: Vec<u32> = (0..10).collect();
    let began = Instant::now();
    assert_eq!(rows(&cache, &quick, &ids).await.len(), 10);
    let took = began.elapsed();
    slow.let_go();
    others.join_all().await;
    assert!(took < 4 * WAIT, "it took {took:?}");
}

async fn slow_has_read(_id: u32) {
    pass(Duration::from_millis(1)).await;
}

#[cached(batch(name in names), ttl = "1m", cache = source.cache(), key = "name:{name.to_lowercase()}", skip(source))]
async fn lengths(source: &Source, names: &[String]) -> HashMap<String, usize> {
    source.read().await.expect("not broken here");
    names
        .iter()
        .map(|name| (name.clone(), name.len()))
        .collect()
}

/// Without the cache both are answered.
#[tokio::test]
async fn two_identifiers_with_one_key_are_both_answered() {
    let source = Source::new().await;
    let names = ["Ada".to_owned(), "ada".to_owned()];
    let found = lengths(&source, &names).await;
    assert_eq!((found.get("Ada"), found.get("ada")), (Some(&3), Some(&3)));
}

#[cached(batch(id in ids), ttl = "1m", cache = source.cache(), key = "failing:{id}", skip(source))]
async fn failing(source: &Source, ids: &[u32]) -> Result<HashMap<u32, u32>, Broken> {
    let value = source.read().await?;
    Ok(ids.iter().map(|id| (*id, value)).collect())
}

#[tokio::test]
async fn one_run_that_fails_is_one_error_and_is_told_of() {
    let source = Source::new().await;
    source.breaks();
    let (answer, detected) = detect(failing(&source, &[1, 2, 3, 4])).await;
    assert_eq!(answer, Err(Broken));
    let stats = source.cache().stats();
    let stats = stats.function("failing").expect("called");
    assert_eq!(
        (stats.loads, stats.errors, detected.calls().len()),
        (1, 1, 4)
    );
}

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "300ms", cache = source.cache(), key = "part", skip(source))]
async fn part(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(batch(id in ids), ttl = "1h", cache = source.cache(), key = "made:{id}", skip(source))]
async fn made(source: &Source, ids: &[u32]) -> Result<HashMap<u32, u32>, Broken> {
    let value = part(source).await?;
    Ok(ids.iter().map(|id| (*id, value)).collect())
}

#[tokio::test]
async fn a_batch_that_is_made_of_an_old_value_is_made_anew_when_that_is() {
    let source = Source::new().await;
    assert_eq!(part(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(made(&source, &[1, 2]).await.expect("an old one")[&2], 1);
    source.recovers();
    source.write(2);
    pass(Duration::from_millis(400)).await;
    assert_eq!(made(&source, &[1, 2]).await.expect("a new one")[&2], 2);
}

#[cached(batch(id in ids), ttl = "1h", cache = source.cache(), key = "inside:{id}", skip(source))]
async fn inside(source: &Source, ids: &[u32]) -> HashMap<u32, u32> {
    let mut uncommitted = Invalidations::of(&source.cache());
    let value = uncommitted.collect(source.read()).await;
    let value = value.expect("not broken here");
    ids.iter().map(|id| (*id, value)).collect()
}

/// "A `#[cached]` function around it: its value is returned and not stored."
#[tokio::test]
async fn a_batch_that_has_read_inside_of_a_transaction_stores_nothing() {
    let source = Source::new().await;
    assert_eq!(inside(&source, &[1, 2]).await[&2], 1);
    assert!(!source.cache().contains("inside:1").await);
    assert!(!source.cache().contains("inside:2").await);
}

#[cached(ttl = "1m", cache = source.cache(), key = "price", tags = ["prices"], skip(source))]
async fn price(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(batch(id in ids), ttl = "1h", cache = source.cache(), key = "offer:{id}", skip(source, pause))]
async fn offers(source: &Source, pause: &Source, ids: &[u32]) -> HashMap<u32, u32> {
    let value = price(source).await;
    pause.read().await.expect("not broken here");
    ids.iter().map(|id| (*id, value)).collect()
}

#[tokio::test]
async fn what_a_batch_has_read_each_item_depends_on() {
    let source = Source::new().await;
    let pause = Source::behind(&source.cache());
    assert_eq!(offers(&source, &pause, &[1, 2]).await[&2], 1);
    source.write(2);
    source.cache().invalidate_tag("prices").await;
    assert_eq!(offers(&source, &pause, &[1, 2]).await[&2], 2);
    source.write(3);
    source.cache().delete("price").await;
    assert_eq!(offers(&source, &pause, &[2]).await[&2], 3);
}

/// Who comes after the invalidation of what a batch has read does not share what it finds.
#[tokio::test]
async fn nobody_joins_a_batch_that_has_read_what_has_ended() {
    let source = Source::new().await;
    let pause = Source::behind(&source.cache());
    pause.hold();
    let first = tokio::spawn({
        let (source, pause) = (source.clone(), pause.clone());
        async move { offers(&source, &pause, &[1, 2]).await }
    });
    pause.has_read().await;
    source.write(2);
    source.cache().invalidate_tag("prices").await;
    let second = tokio::spawn({
        let (source, pause) = (source.clone(), pause.clone());
        async move { offers(&source, &pause, &[2, 1]).await }
    });
    pass(Duration::from_millis(100)).await;
    pause.let_go();
    assert_eq!(first.await.expect("answered")[&1], 1);
    assert_eq!(second.await.expect("answered")[&1], 2);
    assert_eq!(offers(&source, &pause, &[1]).await[&1], 2);
}
