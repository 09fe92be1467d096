//! What a process says of what it keeps.

use crate::world::{PATIENCE, Process, pair, read};
use cache_runtime::{Cache, Consistency, State, Tier, cache_invalidate, key};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use test_servers::{Proxy, RedisServer, wait_until};

#[cache_invalidate(tags = ["row-tag:{row}"], cache = cache)]
async fn change(cache: &Cache, row: u32) {
    assert!(row > 0);
}

#[tokio::test]
async fn explain_tells_the_tier_and_the_stamps() {
    let server = RedisServer::start().await;
    let (one, _, _) = pair(server.url()).await;
    read(&one, 7).await;
    let stored = one.cache.explain("row:7").await;
    let entry = stored.entry.as_ref().expect("it is there");
    assert_eq!(
        (stored.state, entry.tier, entry.kept_for),
        (State::Fresh, Tier::Server, None)
    );
    one.warm(7).await;
    let kept = one.cache.explain("row:7").await;
    let entry = kept.entry.as_ref().expect("it is there");
    assert_eq!(entry.tier, Tier::Local);
    assert!(entry.kept_for.is_some_and(|time| time < PATIENCE));
    assert!(entry.age < PATIENCE && entry.time_left > Some(Duration::from_secs(3_500)));
    let stamps: Vec<(&str, bool)> = entry.stamps.iter().map(|s| (&*s.guard, s.stands)).collect();
    let all = ["scope *", "scope row:*", "tag rows", "tag row-tag:7"].map(|guard| (guard, true));
    assert_eq!(stamps, all);
    assert!(entry.stamps.iter().all(|stamp| stamp.generation.is_some()));
    for (explained, answers) in [
        (&stored, "the server"),
        (&kept, "this process, which has kept it"),
    ] {
        let text = explained.to_string();
        assert!(text.contains(&format!("answered by {answers}")), "{text}");
    }
}

#[tokio::test]
async fn explain_tells_who_has_invalidated_it() {
    for redis in [true, false] {
        let server = RedisServer::start().await;
        let (mut one, _, _) = pair(server.url()).await;
        if !redis {
            one.cache = Cache::in_memory();
        }
        one.warm(7).await;
        one.cache.invalidate("r?w:*").await;
        one.warm(7).await;
        change(&one.cache, 7).await;
        let gone = one.cache.explain("row:7").await;
        assert_eq!(gone.state, State::Invalidated);
        let past: Vec<_> = gone
            .invalidations
            .iter()
            .map(|past| (&*past.what, &*past.by))
            .collect();
        let by = "local_tier::questions::change";
        assert_eq!(past, [("tag row-tag:7", by), ("pattern r?w:*", "(direct)")]);
        let place = gone.invalidations[0].place.as_deref();
        assert!(place.is_some_and(|place| place.starts_with("tests/local_tier/questions.rs:")));
        let text = gone.to_string();
        assert!(text.contains("tag row-tag:7 was invalidated"), "{text}");
        // What is not there any more has no tags.
        one.cache.delete(key!("row:{7}")).await;
        let absent = one.cache.explain("row:7").await;
        let whats: Vec<_> = absent
            .invalidations
            .iter()
            .map(|past| &*past.what)
            .collect();
        assert_eq!(absent.state, State::Absent);
        assert_eq!(whats, ["key row:7", "pattern r?w:*"]);
    }
}

#[tokio::test]
async fn statistics_tell_tiers_and_coherence() {
    let server = RedisServer::start().await;
    let (one, other, _) = pair(server.url()).await;
    one.warm(7).await;
    for _ in 0..5 {
        read(&one, 7).await;
    }
    let stats = one.cache.stats();
    let function = stats.function("read").expect("called");
    assert_eq!(
        (function.hits, function.local_hits, function.misses),
        (7, 6, 1)
    );
    let coherence = stats.coherence.clone().expect("bounded");
    assert_eq!(coherence.bound, Duration::from_secs(60));
    assert_eq!(coherence.dropped, 0);
    let own = coherence.told;
    assert!(coherence.lag.is_some_and(|lag| lag < PATIENCE) && coherence.watched >= 5);
    assert!(stats.to_string().contains("local tier: at most"), "{stats}");
    other.cache.invalidate_tag("rows").await;
    let told = || async {
        one.cache
            .stats()
            .coherence
            .is_some_and(|coherence| coherence.told == own + 1)
    };
    wait_until("it is told", PATIENCE, told).await;
    server.command(&["FLUSHALL"]).await;
    let dropped = || async {
        one.cache
            .stats()
            .coherence
            .is_some_and(|coherence| coherence.dropped == 1)
    };
    wait_until("everything is dropped", PATIENCE, dropped).await;
    let strict = Cache::builder()
        .redis(server.url())
        .consistency(cache_runtime::Consistency::Strict);
    let strict = strict.build().await.expect("valid");
    assert!(strict.stats().coherence.is_none());
}

/// As long as hits are answered from here it says so, also while the server does not answer.
#[tokio::test]
async fn explain_tells_what_is_kept_while_the_server_is_silent() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::new(AtomicU32::new(1));
    let one = Process::with(proxy.url(), &database, |builder| {
        builder
            .consistency(Consistency::Bounded(Duration::from_secs(60)))
            .operation_timeout(Duration::from_millis(50))
    })
    .await;
    assert_eq!(one.warm(7).await, 1);
    proxy.hang();
    let kept = one.cache.explain("row:7").await;
    assert_eq!(kept.state, State::Fresh);
    let details = kept.entry.expect("it is kept");
    assert_eq!(details.tier, Tier::Local);
    assert!(details.kept_for.is_some() && details.time_left.is_some());
    let has = |guard: &str| details.guards.iter().any(|found| found == guard);
    assert!(
        has("tag rows") && has("scope row:*"),
        "{:?}",
        details.guards
    );
    let unknown = one.cache.explain("row:8").await;
    assert_eq!(unknown.state, State::Unknown);
}
