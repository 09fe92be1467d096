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
