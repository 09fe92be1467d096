//! Warming records that are past their time.

use crate::source::{Broken, Source, ttl_is_over};
use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "warmed", ttl = "400ms", swr = "1m")]
struct Warmed {
    #[cache(key)]
    id: u32,
    value: u32,
}

/// Who warms a cache wants fresh records in it, and says so: what is past its time is loaded.
#[tokio::test]
async fn what_is_past_its_time_is_warmed() {
    let source = Source::new().await;
    let records = WarmedCache::new(&source.cache());
    let warm = || {
        let source = source.clone();
        records.warm([7], move |id| {
            let source = source.clone();
            async move {
                let value = source.read().await?;
                Ok::<_, Broken>(Some(Warmed { id, value }))
            }
        })
    };
    warm().await;
    source.write(2);
    ttl_is_over().await;
    ttl_is_over().await;
    let report = warm().await;
    let found = records.get(&7).await.map(|record| record.value);
    assert_eq!(found, Some(2), "{report:?}");
}
