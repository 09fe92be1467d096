//! Metrics of the whole cache, and of its server as this process sees it.

#[cfg(any(feature = "redis", feature = "http"))]
use super::metric::Unit::Seconds;
use super::metric::Unit::{Bytes, Count};
use super::metric::{Family, Metric, Series, Unit, Value};
use crate::cache::Health;
#[cfg(feature = "http")]
use crate::purges::EdgeHealth;
#[cfg(feature = "redis")]
use crate::redis::{Coherence, RedisHealth};
use crate::stats::Stats;
#[cfg(any(feature = "redis", feature = "http"))]
use std::time::Duration;

static INFO: Metric = Metric::gauge(
    "cache_info",
    Count,
    "Always 1; the label tells what the cache is: embedded, or on redis",
);

type Of<T> = fn(&T) -> Value;
/// `None`: it is not known at present, or there is no such thing.
#[cfg(any(feature = "redis", feature = "http"))]
type Known<T> = fn(&T) -> Option<Value>;

static OF_STATS: [(Metric, Of<Stats>); 3] = [
    counter(
        "cache_evictions_total",
        "Entries given up by this process for want of room",
        |stats| Value::Count(stats.evictions),
    ),
    counter(
        "cache_invalidations_total",
        "Keys, patterns and tags that were invalidated here",
        |stats| Value::Count(stats.invalidations),
    ),
    counter(
        "cache_invalidations_deferred_total",
        "Of the invalidations, those that could not be delivered to the server at once",
        |stats| Value::Count(stats.deferred),
    ),
];

static OF_HEALTH: [(Metric, Of<Health>); 8] = [
    gauge(
        "cache_enabled",
        Count,
        "Whether the cache is switched on",
        |health| truth(health.enabled),
    ),
    gauge(
        "cache_ready",
        Count,
        "Whether its backend answers and has got every invalidation",
        |health| truth(health.ready),
    ),
    gauge(
        "cache_entries",
        Count,
        "Entries held in this process",
        |health| number(health.entries),
    ),
    gauge(
        "cache_entries_max",
        Count,
        "How many entries this process may hold",
        |health| number(health.max_entries),
    ),
    gauge(
        "cache_size_bytes",
        Bytes,
        "Estimated bytes of the entries held in this process",
        |health| number(health.bytes),
    ),
    gauge(
        "cache_size_max_bytes",
        Bytes,
        "How many bytes this process may hold",
        |health| number(health.max_bytes),
    ),
    gauge(
        "cache_computing",
        Count,
        "Computations under way in this process",
        |health| number(health.computing as u64),
    ),
    gauge(
        "cache_generations",
        Count,
        "Tags, scopes and keys that something in this process depends on",
        |health| number(health.generations as u64),
    ),
];

#[cfg(feature = "redis")]
static OF_SERVER: [(Metric, Known<RedisHealth>); 8] = [
    gauge(
        "cache_server_connected",
        Count,
        "Whether there is a connection to a primary that answers in time",
        |server| Some(truth(server.connected)),
    ),
    gauge(
        "cache_server_breaker_open",
        Count,
        "Whether the server is not asked, and only probed",
        |server| Some(truth(server.breaker == "open")),
    ),
    gauge(
        "cache_server_queued_invalidations",
        Count,
        "Deletions that wait for the server; while there are any, nothing is read from it",
        |server| Some(number(server.queued_invalidations as u64)),
    ),
    gauge(
        "cache_server_latency_seconds",
        Seconds,
        "From one question to its answer, when these numbers were gathered",
        |server| server.latency.map(seconds),
    ),
    gauge(
        "cache_server_memory_bytes",
        Bytes,
        "Bytes in use on the server, for whatever it holds",
        |server| server.connected.then(|| number(server.memory)),
    ),
    gauge(
        "cache_server_memory_max_bytes",
        Bytes,
        "How many bytes the server may use; missing if it has no limit",
        |server| (server.connected && server.max_memory > 0).then(|| number(server.max_memory)),
    ),
    counter(
        "cache_server_evictions_total",
        "Keys that the server has evicted since its start",
        |server| server.connected.then_some(Value::Count(server.evictions)),
    ),
    gauge(
        "cache_server_keys",
        Count,
        "Keys in the server's database, those of others included",
        |server| server.connected.then(|| number(server.keys)),
    ),
];

#[cfg(feature = "redis")]
static OF_COHERENCE: [(Metric, Known<Coherence>); 7] = [
    gauge(
        "cache_coherence_serving",
        Count,
        "Whether hits may be answered by this process, as the server tells it of changes",
        |coherence| Some(truth(coherence.lag.is_some())),
    ),
    gauge(
        "cache_coherence_lag_seconds",
        Seconds,
        "How old what this process answers with may be at most at this moment; missing while it answers nothing",
        |coherence| coherence.lag.map(seconds),
    ),
    gauge(
        "cache_coherence_bound_seconds",
        Seconds,
        "How old that may ever be",
        |coherence| Some(seconds(coherence.bound)),
    ),
    counter(
        "cache_coherence_told_total",
        "Names of which the server has told that they changed",
        |coherence| Some(Value::Count(coherence.told)),
    ),
    counter(
        "cache_coherence_dropped_total",
        "How often this process gave up all it kept: the connection was lost, or the server flushed",
        |coherence| Some(Value::Count(coherence.dropped)),
    ),
    counter(
        "cache_coherence_refused_total",
        "Entries that were read and not kept: they changed meanwhile, or are too large",
        |coherence| Some(Value::Count(coherence.refused)),
    ),
    gauge(
        "cache_coherence_watched",
        Count,
        "Names that are watched: entries, and what they depend on",
        |coherence| Some(number(coherence.watched)),
    ),
];

#[cfg(feature = "http")]
static OF_EDGE: [(Metric, Known<EdgeHealth>); 4] = [
    gauge(
        "cache_edge_waiting",
        Count,
        "Surrogate keys that the CDN is to purge, those included that it has purged once and will again",
        |edge| Some(number(edge.waiting as u64)),
    ),
    gauge(
        "cache_edge_oldest_seconds",
        Seconds,
        "How long the first of those has waited that were never purged; 0 if there are none",
        |edge| Some(seconds(edge.oldest.unwrap_or_default())),
    ),
    counter(
        "cache_edge_purged_total",
        "Surrogate keys that the CDN has purged",
        |edge| Some(Value::Count(edge.purged)),
    ),
    counter(
        "cache_edge_failures_total",
        "Requests to purge that the CDN has not fulfilled; they are tried again",
        |edge| Some(Value::Count(edge.failures)),
    ),
];

const fn counter<F: Copy>(name: &'static str, help: &'static str, of: F) -> (Metric, F) {
    (Metric::counter(name, help), of)
}

const fn gauge<F: Copy>(name: &'static str, unit: Unit, help: &'static str, of: F) -> (Metric, F) {
    (Metric::gauge(name, unit, help), of)
}

pub(super) fn families(stats: &Stats, health: &Health) -> Vec<Family> {
    let mut families = vec![Family {
        metric: &INFO,
        series: vec![Series {
            labels: vec![("backend", health.backend.into())],
            value: number(1),
        }],
    }];
    families.extend(
        OF_HEALTH
            .iter()
            .map(|(metric, of)| Family::plain(metric, of(health))),
    );
    families.extend(
        OF_STATS
            .iter()
            .map(|(metric, of)| Family::plain(metric, of(stats))),
    );
    #[cfg(feature = "redis")]
    if let Some(server) = &health.redis {
        families.extend(known(&OF_SERVER, server));
    }
    #[cfg(feature = "redis")]
    if let Some(coherence) = &stats.coherence {
        families.extend(known(&OF_COHERENCE, coherence));
    }
    #[cfg(feature = "http")]
    if let Some(edge) = &health.edge {
        families.extend(known(&OF_EDGE, edge));
    }
    families
}

#[cfg(any(feature = "redis", feature = "http"))]
fn known<T>(metrics: &'static [(Metric, Known<T>)], at: &T) -> impl Iterator<Item = Family> {
    metrics
        .iter()
        .filter_map(|(metric, of)| Some(Family::plain(metric, of(at)?)))
}

fn truth(is_so: bool) -> Value {
    number(u64::from(is_so))
}

fn number(number: u64) -> Value {
    Value::Number(number as f64)
}

#[cfg(any(feature = "redis", feature = "http"))]
fn seconds(time: Duration) -> Value {
    Value::Number(time.as_secs_f64())
}
