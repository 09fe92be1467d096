//! What a recorder of the `metrics` crate is told.

use crate::recorder::{Remembers, Series};
use crate::world::{live, on, report, scraped, server};
use ::metrics::set_default_local_recorder;
use cache_runtime::{Cache, metrics};
use std::time::Duration;

fn function(name: &str, function: &str) -> Series {
    let label = ("function".to_owned(), function.to_owned());
    (name.to_owned(), [label].into())
}

#[tokio::test]
async fn a_recorder_is_told_the_numbers_that_prometheus_reads() {
    let (server, recorder) = (server().await, Remembers::default());
    let cache = on(&server).await;
    live(&cache).await;
    let _here = set_default_local_recorder(&recorder);
    metrics::publish(&cache).await;
    let (read, told) = (scraped(&cache).await, recorder.told().clone());
    for (name, family) in &read.families {
        assert!(
            told.described.get(name).is_some_and(Option::is_some),
            "the unit of {name}"
        );
        for (series, value) in &family.samples {
            match &*family.kind {
                "counter" => assert_eq!(told.counters[series] as f64, *value, "{series:?}"),
                // Some of them are others by now.
                "gauge" => assert!(told.gauges.contains_key(series), "{series:?}"),
                _ => {
                    let Some(name) = series.0.strip_suffix("_count") else {
                        continue;
                    };
                    let times = told.times.get(&(name.to_owned(), series.1.clone()));
                    assert_eq!(times.map_or(0, Vec::len) as f64, *value, "{series:?}");
                }
            }
        }
    }
    assert_eq!(
        told.gauges[&("cache_entries".to_owned(), [].into())],
        cache.stats().entries as f64
    );
}

#[tokio::test]
async fn each_time_is_recorded_once_and_about_right() {
    let (cache, recorder) = (Cache::in_memory(), Remembers::default());
    let _here = set_default_local_recorder(&recorder);
    let times = || {
        let told = recorder.told();
        let series = function("cache_load_duration_seconds", "metrics::world::report");
        told.times.get(&series).cloned().unwrap_or_default()
    };
    metrics::publish(&cache).await;
    assert!(times().is_empty());
    for year in 0..3 {
        report(&cache, year, Duration::from_millis(2)).await;
    }
    metrics::publish(&cache).await;
    metrics::publish(&cache).await;
    assert_eq!(times().len(), 3);
    report(&cache, 3, Duration::from_millis(2)).await;
    tokio::join!(metrics::publish(&cache), metrics::publish(&cache));
    assert_eq!(times().len(), 4);
    let stats = cache.stats();
    let exact = stats
        .function("report")
        .expect("called")
        .load_time
        .as_secs_f64();
    let told: f64 = times().iter().sum();
    assert!((told - exact).abs() <= exact / 8.0, "{told} for {exact}");
}

#[tokio::test(start_paused = true)]
async fn it_is_published_now_and_then_until_the_guard_is_dropped() {
    let (cache, recorder) = (Cache::in_memory(), Remembers::default());
    cache.set("a", 1).await;
    let _here = set_default_local_recorder(&recorder);
    let publishing = metrics::every(&cache, Duration::from_secs(10));
    let settle = async |seconds| tokio::time::sleep(Duration::from_secs(seconds)).await;
    let entries = || {
        recorder
            .told()
            .gauges
            .get(&("cache_entries".to_owned(), [].into()))
            .copied()
    };
    settle(1).await;
    assert_eq!(entries(), Some(1.0), "at once");
    cache.set("b", 2).await;
    settle(8).await;
    assert_eq!(entries(), Some(1.0));
    settle(2).await;
    assert_eq!(entries(), Some(2.0));
    drop(publishing);
    let changes = recorder.told().changes;
    settle(100).await;
    assert_eq!(recorder.told().changes, changes);
}
