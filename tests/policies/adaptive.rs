//! `ttl = adaptive(…)`: the time to live follows how often the value changes.

use crate::source::{Source, until};
use cache_runtime::{Ttl, cached};
use std::time::Duration;

#[cached(ttl = adaptive("100ms", "700ms"), cache = source.cache(), key = "adaptive", skip(source))]
async fn adaptive(source: &Source) -> Vec<u32> {
    vec![source.read().await.expect("not broken here"); 3]
}

/// Waits for the next run, and returns the time to live that it gave.
async fn next(source: &Source) -> Duration {
    let runs = source.runs();
    until(async || {
        adaptive(source).await;
        source.runs() > runs
    })
    .await;
    match source.cache().ttl("adaptive").await {
        Some(Ttl::For(time)) => time,
        other => panic!("{other:?}"),
    }
}

fn is_about(time: Duration, millis: u64) -> bool {
    let upper = Duration::from_millis(millis);
    time <= upper && time > upper.saturating_sub(Duration::from_millis(60))
}

#[tokio::test]
async fn it_doubles_while_the_value_stays_and_halves_when_it_changes() {
    let source = Source::new().await;
    for (changes, millis) in [
        (false, 100),
        (false, 200),
        (false, 400),
        (false, 700),
        (true, 350),
        (true, 175),
        (true, 100),
        (false, 200),
    ] {
        if changes {
            let runs = u32::try_from(source.runs()).expect("few");
            source.write(runs + 10);
        }
        let time = next(&source).await;
        assert!(
            is_about(time, millis),
            "{time:?} where {millis} ms are expected"
        );
    }
    let stats = source.cache().stats();
    assert_eq!(stats.function("adaptive").expect("called").unchanged, 4);
}

#[tokio::test]
async fn it_is_explained() {
    let source = Source::new().await;
    next(&source).await;
    next(&source).await;
    let why = source.cache().explain("adaptive").await;
    let entry = why.entry.as_ref().expect("stored");
    let bounds = (Duration::from_millis(100), Duration::from_millis(700));
    assert_eq!(entry.adaptive, Some(bounds));
    assert_eq!(entry.time_to_live, Some(Duration::from_millis(200)));
    let text = why.to_string();
    assert!(text.contains("left of 200ms"), "{text}");
    assert!(text.contains("lives for 100ms to 700ms"), "{text}");
    source.cache().set("other", 1).await;
    let other = source.cache().explain("other").await;
    assert_eq!(other.entry.expect("stored").adaptive, None);
}
