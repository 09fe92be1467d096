//! What Prometheus reads of an embedded cache, and of any.

use crate::world::{live, report, scraped, user_name};
use cache_runtime::{Cache, FunctionStats};
use std::time::Duration;

const USER_NAME: &str = "metrics::world::user_name";

type Count = fn(&FunctionStats) -> u64;

/// Every counter of a function that has no tier.
const COUNTERS: [(&str, Count); 14] = [
    ("cache_misses_total", |stats| stats.misses),
    ("cache_coalesced_total", |stats| stats.coalesced),
    ("cache_stale_total", |stats| stats.stale),
    ("cache_bypassed_total", |stats| stats.bypassed),
    ("cache_timeouts_total", |stats| stats.timeouts),
    ("cache_loads_total", |stats| stats.loads),
    ("cache_load_errors_total", |stats| stats.errors),
    ("cache_refreshes_total", |stats| stats.refreshes),
    ("cache_unchanged_total", |stats| stats.unchanged),
    ("cache_stores_total", |stats| stats.stores),
    ("cache_fenced_total", |stats| stats.fenced),
    ("cache_not_encoded_total", |stats| stats.not_encoded),
    ("cache_unavailable_total", |stats| stats.unavailable),
    ("cache_untrusted_total", |stats| stats.untrusted),
];

/// What the statistics and the health say, the metrics say too.
pub(crate) async fn assert_says_the_same(cache: &Cache) {
    let (read, stats, health) = (scraped(cache).await, cache.stats(), cache.health().await);
    for function in &stats.functions {
        let of_it = [("function", &*function.name)];
        for (name, of) in COUNTERS {
            assert_eq!(read.value(name, &of_it), of(function) as f64, "{name}");
        }
        let hits = |tier| {
            let labels = [("function", &*function.name), ("tier", tier)];
            read.get("cache_hits_total", &labels).unwrap_or_default()
        };
        assert_eq!(hits("local") + hits("server"), function.hits as f64);
        if health.backend == "redis" {
            assert_eq!(hits("local"), function.local_hits as f64);
        }
        let loads = |part: &str| read.value(&format!("cache_load_duration_seconds_{part}"), &of_it);
        assert_eq!(loads("count"), function.loads as f64);
        assert_eq!(loads("sum"), function.load_time.as_secs_f64());
    }
    let all = [
        ("cache_evictions_total", stats.evictions),
        ("cache_invalidations_total", stats.invalidations),
        ("cache_invalidations_deferred_total", stats.deferred),
        ("cache_entries", stats.entries),
        ("cache_entries_max", health.max_entries),
        ("cache_size_bytes", stats.bytes),
        ("cache_size_max_bytes", health.max_bytes),
        ("cache_computing", health.computing as u64),
        ("cache_generations", health.generations as u64),
        ("cache_enabled", health.enabled.into()),
        ("cache_ready", health.ready.into()),
    ];
    for (name, value) in all {
        assert_eq!(read.value(name, &[]), value as f64, "{name}");
    }
    assert_eq!(
        read.value("cache_info", &[("backend", health.backend)]),
        1.0
    );
}

#[tokio::test]
async fn prometheus_reads_what_the_statistics_say() {
    let cache = Cache::in_memory();
    live(&cache).await;
    assert_says_the_same(&cache).await;
    let read = scraped(&cache).await;
    let of_it = [("function", USER_NAME)];
    assert_eq!(read.value("cache_load_errors_total", &of_it), 1.0);
    let hits = [("function", USER_NAME), ("tier", "local")];
    assert_eq!(read.value("cache_hits_total", &hits), 2.0);
    let report = [("function", "metrics::world::report")];
    assert_eq!(read.value("cache_coalesced_total", &report), 1.0);
    let within = |seconds| {
        let labels = [("function", "metrics::world::report"), ("le", seconds)];
        read.value("cache_load_duration_seconds_bucket", &labels)
    };
    assert_eq!(
        (within("0.016384"), within("+Inf")),
        (0.0, 1.0),
        "it slept for 20 ms"
    );
    let names = read.names();
    assert!(
        !names.iter().any(|name| name.starts_with("cache_server")),
        "there is none"
    );
}

#[tokio::test]
async fn a_cache_that_has_done_nothing_has_metrics_too() {
    let read = scraped(&Cache::in_memory()).await;
    assert_eq!(read.value("cache_entries", &[]), 0.0);
    assert!(!read.names().contains("cache_hits_total"), "of nobody");
}

#[tokio::test]
async fn labels_are_functions_and_fixed_words_and_nothing_tells_of_keys_tags_or_values() {
    let cache = Cache::in_memory();
    live(&cache).await;
    cache.set("user:patient:card", 1).tags(["patients"]).await;
    let text = cache_runtime::metrics::prometheus(&cache).await;
    for told in ["patient", "doctor", "secret", "2026"] {
        assert!(!text.contains(told), "{told} in {text}");
    }
    let read = scraped(&cache).await;
    let samples = read
        .families
        .values()
        .flat_map(|family| family.samples.keys());
    for (name, labels) in samples {
        for (label, value) in labels {
            let is_known = match &**label {
                "function" => value.contains("::") || value == "(direct)",
                "tier" => ["local", "server"].contains(&&**value),
                "backend" => value == "embedded",
                "le" => value.parse::<f64>().is_ok(),
                _ => false,
            };
            assert!(is_known, "{name} {label}={value}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_only_grow_while_calls_are_counted() {
    let cache = Cache::in_memory();
    let calling = tokio::spawn({
        let cache = cache.clone();
        async move {
            for round in 0.. {
                let _ = user_name(&cache, &format!("{}", round % 7)).await;
                report(&cache, round % 5, Duration::ZERO).await;
                if round % 3 == 0 {
                    cache.invalidate("report:*").await;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    let mut before = scraped(&cache).await;
    for _ in 0..50 {
        let now = scraped(&cache).await;
        for ((name, labels), value) in before.growing() {
            let labels: Vec<_> = labels.iter().map(|(l, v)| (&**l, &**v)).collect();
            assert!(
                now.value(name, &labels) >= value,
                "{name} {labels:?} has fallen"
            );
        }
        before = now;
    }
    calling.abort();
    let _ = calling.await;
    assert_says_the_same(&cache).await;
}
