//! The same options for the caches of records.

use crate::source::{Broken, Source, pass, ttl_is_over, until};
use cache_runtime::{DomainCache, TimedOut, Ttl};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(
    prefix = "record",
    ttl = "200ms",
    swr = "1m",
    stale_if_error = "2m",
    throttle = "300ms",
    negative = "1m"
)]
struct Record {
    #[cache(key)]
    id: u32,
    #[cache(lookup)]
    name: String,
    #[cache(tag)]
    group: u32,
    value: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "login", ttl = "1m", idle = "800ms", jitter = 0.1)]
struct Login {
    #[cache(key)]
    id: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "price", ttl = adaptive("100ms", "10m"), timeout = "200ms")]
struct Price {
    #[cache(key)]
    id: u32,
    value: u32,
}

#[derive(Debug, PartialEq, Eq)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

async fn load(source: Source) -> Result<Option<Record>, Broken> {
    let value = source.read().await?;
    Ok((value > 0).then(|| Record {
        id: 7,
        name: "seven".to_owned(),
        group: 1,
        value,
    }))
}

async fn value(records: &RecordCache, source: &Source) -> Result<Option<u32>, Broken> {
    let source = source.clone();
    let record = records.get_or_load(&7, || load(source)).await?;
    Ok(record.map(|record| record.value))
}

#[tokio::test]
async fn an_old_record_is_served_while_it_is_loaded_anew() {
    let source = Source::new().await;
    let records = RecordCache::new(&source.cache());
    assert_eq!(value(&records, &source).await, Ok(Some(1)));
    source.write(2);
    ttl_is_over().await;
    source.hold();
    assert_eq!(value(&records, &source).await, Ok(Some(1)));
    source.has_read().await;
    source.let_go();
    until(async || value(&records, &source).await == Ok(Some(2))).await;
    // Under its other key as well.
    let found = records.by_name("seven").await.expect("stored");
    assert_eq!(found.value, 2);
}

#[tokio::test]
async fn an_old_record_that_is_invalidated_is_not_served() {
    let source = Source::new().await;
    let records = RecordCache::new(&source.cache());
    value(&records, &source).await.expect("not broken");
    source.write(2);
    ttl_is_over().await;
    records.invalidate_by_group(&1).await;
    assert_eq!(value(&records, &source).await, Ok(Some(2)));
}

#[tokio::test]
async fn that_there_is_no_record_is_remembered_until_there_is() {
    let source = Source::new().await;
    let records = RecordCache::new(&source.cache());
    source.write(0);
    assert_eq!(value(&records, &source).await, Ok(None));
    assert_eq!(value(&records, &source).await, Ok(None));
    assert_eq!(source.runs(), 1);
    let record = Record {
        id: 7,
        name: "seven".to_owned(),
        group: 1,
        value: 5,
    };
    records.put(&record).await;
    assert_eq!(value(&records, &source).await, Ok(Some(5)));
}

#[tokio::test]
async fn a_record_that_is_read_lives_on() {
    let source = Source::new().await;
    let logins = LoginCache::new(&source.cache());
    logins.put(&Login { id: 1 }).await;
    for _ in 0..8 {
        pass(Duration::from_millis(200)).await;
        assert!(logins.get(&1).await.is_some());
    }
    pass(Duration::from_millis(1_300)).await;
    assert!(logins.get(&1).await.is_none());
}

#[tokio::test]
async fn a_load_may_take_so_long_and_its_time_to_live_adapts() {
    let source = Source::new().await;
    let prices = PriceCache::new(&source.cache());
    let get = || {
        let source = source.clone();
        prices.get_or_load(&7, || async move {
            let value = source.read().await.map_err(|Broken| Slow)?;
            Ok::<_, Slow>(Some(Price { id: 7, value }))
        })
    };
    source.hold();
    assert_eq!(get().await, Err(Slow));
    source.let_go();
    until(async || prices.get(&7).await.is_some()).await;
    pass(Duration::from_millis(150)).await;
    get().await.expect("not held");
    let Some(Ttl::For(time)) = source.cache().ttl("price:7").await else {
        panic!("it is stored");
    };
    assert!(time > Duration::from_millis(100), "twice as long: {time:?}");
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "rate", ttl = "200ms", stale_if_error = "1m", throttle = "1m")]
struct Rate {
    #[cache(key)]
    id: u32,
    value: u32,
}

/// "Deleting the key ends the rest": what is put there next rests only when its source fails again. Whoever deletes it: a
/// write that is given up does, too.
#[tokio::test]
async fn the_rest_of_a_record_ends_with_its_key() {
    for way in ["delete", "invalidate", "give up a write"] {
        let source = Source::new().await;
        let cache = source.cache();
        let rates = RateCache::new(&cache);
        let value = async || {
            let source = source.clone();
            let load = || async move {
                let value = source.read().await?;
                Ok::<_, Broken>(Some(Rate { id: 7, value }))
            };
            let rate = rates.get_or_load(&7, load).await?;
            Ok::<_, Broken>(rate.map(|rate| rate.value))
        };
        assert_eq!(value().await, Ok(Some(1)));
        ttl_is_over().await;
        source.breaks();
        assert_eq!(value().await, Ok(Some(1)), "it rests for a minute");
        match way {
            "delete" => drop(rates.invalidate(&7).await),
            "invalidate" => drop(cache.invalidate("rate:7").await),
            _ => {
                let hangs = std::future::pending::<Result<u32, Broken>>;
                let write = cache.write_through("rate:7", hangs).into_future();
                let limit = Duration::from_millis(50);
                assert!(tokio::time::timeout(limit, write).await.is_err());
            }
        }
        source.recovers();
        source.write(3);
        assert!(rates.put(&Rate { id: 7, value: 2 }).await);
        assert_eq!(value().await, Ok(Some(2)));
        ttl_is_over().await;
        assert_eq!(value().await, Ok(Some(3)), "{way}");
    }
}
