//! `jitter`: entries that were made together do not end together.

use crate::source::Source;
use cache_runtime::{Ttl, cached};
use std::time::Duration;

#[cached(ttl = "1000s", jitter = 0.5, cache = source.cache(), key = "spread:{id}", skip(source))]
async fn spread(source: &Source, id: u32) -> u32 {
    source.read().await.expect("not broken here")
}

#[tokio::test]
async fn times_to_live_are_shorter_by_a_part_and_differ() {
    let source = Source::new().await;
    let mut times = Vec::new();
    for id in 0..40 {
        spread(&source, id).await;
        let Some(Ttl::For(time)) = source.cache().ttl(format!("spread:{id}")).await else {
            panic!("{id} is stored");
        };
        assert!((490..=1_000).contains(&time.as_secs()), "{time:?}");
        times.push(time);
    }
    times.sort();
    let (first, last) = (times[0], times[39]);
    assert!(last - first > Duration::from_secs(150), "{times:?}");
}
