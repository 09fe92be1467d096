//! What Prometheus reads of a cache on a server, and of one whose server is away.

use crate::scraped::assert_says_the_same;
use crate::world::{live, on, scraped, server, user_name};
use std::time::Duration;
use test_servers::wait_until;

const LIMIT: Duration = Duration::from_secs(30);
const USER_NAME: &str = "metrics::world::user_name";

#[tokio::test]
async fn prometheus_reads_how_the_server_is_doing() {
    let server = server().await;
    let (cache, other) = (on(&server).await, on(&server).await);
    live(&cache).await;
    let _ = user_name(&other, "doctor").await;
    assert_says_the_same(&cache).await;
    let read = scraped(&cache).await;
    let is = |name: &str| read.value(name, &[]);
    assert_eq!(
        (
            is("cache_server_connected"),
            is("cache_server_breaker_open")
        ),
        (1.0, 0.0)
    );
    assert_eq!(is("cache_server_queued_invalidations"), 0.0);
    assert_eq!(is("cache_server_memory_max_bytes"), f64::from(100 << 20));
    assert!(is("cache_server_memory_bytes") > 0.0 && is("cache_server_keys") > 0.0);
    assert!(is("cache_server_latency_seconds") > 0.0);
    assert_eq!(is("cache_coherence_bound_seconds"), 2.0);
    assert_eq!(is("cache_coherence_serving"), 1.0);
    assert!(is("cache_coherence_lag_seconds") <= 2.0);
    let hits = |tier| {
        read.value(
            "cache_hits_total",
            &[("function", USER_NAME), ("tier", tier)],
        )
    };
    // It keeps what it has read, and not what it has stored.
    assert_eq!((hits("local"), hits("server")), (1.0, 1.0));
    let of_other = scraped(&other).await;
    let from_server = [("function", USER_NAME), ("tier", "server")];
    assert_eq!(of_other.value("cache_hits_total", &from_server), 1.0);
    let waits = "cache_server_wait_seconds_count";
    assert!(of_other.value(waits, &[("function", USER_NAME)]) >= 1.0);
}

#[tokio::test]
async fn a_hit_that_this_process_answers_waits_for_nobody() {
    let server = server().await;
    let cache = on(&server).await;
    let stats = || {
        cache
            .stats()
            .function("user_name")
            .cloned()
            .expect("called")
    };
    // What was stored is kept here once it is read.
    wait_until("a hit that this process answers", LIMIT, async || {
        let _ = user_name(&cache, "doctor").await;
        stats().local_hits > 0
    })
    .await;
    for _ in 0..100 {
        let before = stats();
        let _ = user_name(&cache, "doctor").await;
        let now = stats();
        // A machine that stood still may ask once more.
        if now.local_hits > before.local_hits {
            assert_eq!(now.server_latency, before.server_latency);
        } else {
            assert!(now.server_latency.count > before.server_latency.count);
        }
    }
}

#[tokio::test]
async fn of_a_server_that_is_away_there_is_only_what_is_known() {
    let server = server().await;
    let cache = on(&server).await;
    let _ = user_name(&cache, "patient").await;
    server.kill();
    wait_until("the loss to be noticed", LIMIT, async || {
        scraped(&cache).await.value("cache_server_connected", &[]) == 0.0
    })
    .await;
    cache.invalidate_tag("user:patient").await;
    let _ = user_name(&cache, "patient").await;
    let read = scraped(&cache).await;
    let is = |name: &str| read.value(name, &[]);
    assert_eq!(
        (is("cache_server_breaker_open"), is("cache_ready")),
        (1.0, 0.0)
    );
    assert!(is("cache_server_queued_invalidations") >= 1.0);
    assert_eq!(
        (
            is("cache_coherence_serving"),
            is("cache_invalidations_deferred_total")
        ),
        (0.0, 1.0)
    );
    assert_eq!(
        read.value("cache_unavailable_total", &[("function", USER_NAME)]),
        1.0
    );
    for unknown in [
        "cache_server_keys",
        "cache_server_memory_bytes",
        "cache_coherence_lag_seconds",
    ] {
        assert_eq!(read.get(unknown, &[]), None);
    }
    let waits = |read: &crate::exposition::Exposition| {
        read.value(
            "cache_server_wait_seconds_count",
            &[("function", USER_NAME)],
        )
    };
    let before = waits(&read);
    let _ = user_name(&cache, "patient").await;
    assert_eq!(
        waits(&scraped(&cache).await),
        before,
        "nobody waits for a server that is away"
    );
}
