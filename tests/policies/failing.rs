//! `stale_if_error`: a source that fails is left alone for a while, and an older value stands in.

use crate::source::{Broken, Source, pass, ttl_is_over};
use cache_runtime::cached;
use std::time::Duration;
use tokio::task::JoinSet;

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "500ms", cache = source.cache(), key = "number:{id}", tags = ["numbers"], skip(source))]
async fn number(source: &Source, id: u32) -> Result<u32, Broken> {
    source.read().await
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Shared;

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "500ms", cache = source.cache(), key = "shared", skip(source))]
async fn shared(source: &Source) -> Result<u32, Shared> {
    source.read().await.map_err(|Broken| Shared)
}

#[cached(ttl = "100ms", stale_if_error = "300ms", cache = source.cache(), key = "brief", skip(source))]
async fn brief(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(ttl = "200ms", stale_if_error = "1m", cache = source.cache(), key = "found", skip(source))]
async fn found(source: &Source) -> Result<Option<u32>, Broken> {
    let found = source.read().await?;
    Ok((found > 0).then_some(found))
}

/// The same key for who has declared nothing of the kind.
#[cached(ttl = "200ms", cache = source.cache(), key = "number:{id}", tags = ["numbers"], skip(source))]
async fn plain(source: &Source, id: u32) -> Result<u32, Broken> {
    source.read().await
}

#[tokio::test]
async fn an_older_value_stands_in_and_the_source_is_left_alone() {
    let source = Source::new().await;
    assert_eq!(number(&source, 7).await, Ok(1));
    source.breaks();
    ttl_is_over().await;
    for _ in 0..50 {
        assert_eq!(number(&source, 7).await, Ok(1));
    }
    assert_eq!(source.runs(), 2, "asked once");
    pass(Duration::from_millis(600)).await;
    assert_eq!(number(&source, 7).await, Ok(1));
    assert_eq!(number(&source, 7).await, Ok(1));
    assert_eq!(source.runs(), 3, "and once more after its rest");
    source.recovers();
    source.write(2);
    pass(Duration::from_millis(600)).await;
    assert_eq!(number(&source, 7).await, Ok(2));
    let stats = source.cache().stats();
    let stats = stats.function("number").expect("it was called");
    assert_eq!((stats.errors, stats.stale), (2, 52));
}

#[tokio::test]
async fn who_waits_for_a_run_that_fails_has_the_older_value_too() {
    for is_shared in [false, true] {
        let source = Source::new().await;
        let call = |source: Source| async move {
            if is_shared {
                shared(&source).await.ok()
            } else {
                number(&source, 7).await.ok()
            }
        };
        assert_eq!(call(source.clone()).await, Some(1));
        source.breaks();
        ttl_is_over().await;
        source.hold();
        let mut callers = JoinSet::new();
        for _ in 0..20 {
            callers.spawn(call(source.clone()));
        }
        source.has_read().await;
        pass(Duration::from_millis(50)).await;
        source.let_go();
        assert_eq!(callers.join_all().await, [Some(1); 20]);
        assert_eq!(source.runs(), 2);
    }
}

#[tokio::test]
async fn what_is_too_old_does_not_stand_in() {
    let source = Source::new().await;
    assert_eq!(brief(&source).await, Ok(1));
    source.breaks();
    pass(Duration::from_millis(500)).await;
    assert_eq!(brief(&source).await, Err(Broken));
    assert_eq!(brief(&source).await, Err(Broken));
    assert_eq!(
        source.runs(),
        3,
        "with nothing to answer with, the source is asked each time"
    );
}

#[tokio::test]
async fn what_was_invalidated_does_not_stand_in() {
    let source = Source::new().await;
    number(&source, 7).await.expect("not broken yet");
    ttl_is_over().await;
    source.breaks();
    assert_eq!(number(&source, 7).await, Ok(1));
    source.cache().invalidate_tag("numbers").await;
    assert_eq!(
        number(&source, 7).await,
        Err(Broken),
        "also while the source rests"
    );
}

#[tokio::test]
async fn a_value_that_is_invalidated_while_the_source_fails_does_not_stand_in_for_who_comes_then() {
    let source = Source::new().await;
    number(&source, 7).await.expect("not broken yet");
    ttl_is_over().await;
    source.breaks();
    source.hold();
    let early = tokio::spawn({
        let source = source.clone();
        async move { number(&source, 7).await }
    });
    source.has_read().await;
    source.cache().invalidate_tag("numbers").await;
    let late = tokio::spawn({
        let source = source.clone();
        async move { number(&source, 7).await }
    });
    source.has_read().await;
    source.let_go();
    assert_eq!(late.await.expect("answered"), Err(Broken));
    // It came before the invalidation, and may have either.
    let _either = early.await.expect("answered");
}

#[tokio::test]
async fn the_finding_that_there_is_nothing_is_no_failure() {
    let source = Source::new().await;
    assert_eq!(found(&source).await, Ok(Some(1)));
    source.write(0);
    ttl_is_over().await;
    assert_eq!(found(&source).await, Ok(None));
    source.breaks();
    assert_eq!(
        found(&source).await,
        Err(Broken),
        "the old value is gone for good"
    );
}

#[tokio::test]
async fn the_options_of_one_function_are_not_those_of_another() {
    let source = Source::new().await;
    number(&source, 7).await.expect("not broken yet");
    assert_eq!(plain(&source, 7).await, Ok(1), "while it is fresh");
    source.breaks();
    ttl_is_over().await;
    assert_eq!(plain(&source, 7).await, Err(Broken));
    assert_eq!(number(&source, 7).await, Ok(1));
    assert_eq!(plain(&source, 7).await, Err(Broken), "nor does it rest");
}

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "1m", cache = source.cache(), key = "panicking", skip(source))]
async fn panicking(source: &Source) -> Result<u32, Broken> {
    Ok(source.read().await.expect("it panics where it is broken"))
}

/// "Its caller has the panic": the others have what those have who come while it rests.
#[tokio::test]
async fn who_waits_for_a_run_that_panics_has_the_older_value() {
    let source = Source::new().await;
    let call = || {
        let source = source.clone();
        tokio::spawn(async move { panicking(&source).await })
    };
    assert_eq!(call().await.expect("not broken"), Ok(1));
    source.breaks();
    ttl_is_over().await;
    source.hold();
    let first = call();
    source.has_read().await;
    let others: Vec<_> = (0..10).map(|_| call()).collect();
    pass(Duration::from_millis(50)).await;
    source.let_go();
    assert!(first.await.is_err(), "its caller has the panic");
    for other in others {
        assert_eq!(other.await.expect("no panic of others"), Ok(1));
    }
    assert_eq!(source.runs(), 2, "it is left alone");
}

#[cached(ttl = "200ms", stale_if_error = "1m", throttle = "1m", cache = source.cache(), key = "resting", tags = ["resting"], skip(source))]
async fn resting(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// Asked by who had nothing else to answer with, it has answered.
#[tokio::test]
async fn a_source_that_answers_is_left_alone_no_longer() {
    let source = Source::new().await;
    assert_eq!(resting(&source).await, Ok(1));
    ttl_is_over().await;
    source.breaks();
    assert_eq!(resting(&source).await, Ok(1), "it rests for a minute");
    source.recovers();
    source.write(2);
    source.cache().invalidate_tag("resting").await;
    assert_eq!(resting(&source).await, Ok(2));
    source.write(3);
    ttl_is_over().await;
    assert_eq!(resting(&source).await, Ok(3), "asked again after its time");
}

#[cached(ttl = "100ms", stale_if_error = "300ms", revalidate = "1m", cache = source.cache(), key = "kept", skip(source))]
async fn kept(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

/// What it is kept for besides does not let it stand in for longer.
#[tokio::test]
async fn what_is_kept_for_a_body_does_not_stand_in_for_longer() {
    let source = Source::new().await;
    assert_eq!(kept(&source).await, Ok(1));
    source.breaks();
    pass(Duration::from_millis(500)).await;
    assert_eq!(kept(&source).await, Err(Broken));
    assert_eq!(kept(&source).await, Err(Broken));
    assert_eq!(source.runs(), 3, "nor is the source left alone");
}
