//! What the cache tells `tracing`, and what it keeps to itself.

use cache_runtime::{Cache, Clock, DomainCache, ManualClock, cached};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

#[cached(cache = cache, key = "seen:{id}", skip(cache))]
async fn seen(cache: &Cache, id: &str) -> Result<String, String> {
    if id == "bad" {
        Err("secret error".to_owned())
    } else {
        Ok("secret value".to_owned())
    }
}

#[cached(cache = cache, key = "hidden:{id}", sensitive, skip(cache))]
async fn hidden(cache: &Cache, id: &str) -> String {
    "secret value".to_owned()
}

#[cached(ttl = "1m", stale_if_error = "1h", cache = cache, key = "rate", skip(cache, works))]
async fn rate(cache: &Cache, works: bool) -> Result<u32, String> {
    works.then_some(1).ok_or_else(|| "secret error".to_owned())
}

#[derive(Clone, serde::Serialize, serde::Deserialize, DomainCache)]
#[cache(prefix = "user-sessions", ttl = "1m")]
struct Sessions {
    #[cache(key)]
    user: u32,
}

/// Writes down every event and span.
#[derive(Clone)]
struct Scribe {
    level: Arc<Mutex<Level>>,
    lines: Arc<Mutex<String>>,
}

impl Subscriber for Scribe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= *self.level.lock().expect("not poisoned")
            && metadata.target() == "cache_runtime"
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut lines = self.lines.lock().expect("not poisoned");
        write!(lines, "{} ", attributes.metadata().name()).expect("a string");
        attributes.record(&mut Line(&mut lines));
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(&mut self.lines.lock().expect("not poisoned")));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line<'s>(&'s mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        writeln!(self.0, "{field}={value:?}").expect("a string");
    }
}

/// Everything at `level` and above that a few calls say. Events know their subscriber once for a program, so there
/// is one, whose level is set, and one test in this program.
async fn overheard(scribe: &Scribe, level: Level) -> String {
    *scribe.level.lock().expect("not poisoned") = level;
    tracing::callsite::rebuild_interest_cache();
    scribe.lines.lock().expect("not poisoned").clear();
    let cache = Cache::in_memory();
    for id in ["visible", "visible", "bad"] {
        let _ = seen(&cache, id).await;
        hidden(&cache, "patient").await;
    }
    cache.invalidate("seen:*").await;
    scribe.lines.lock().expect("not poisoned").clone()
}

#[tokio::test]
async fn logs_have_no_values_and_keys_only_at_trace_level() {
    let scribe = Scribe {
        level: Arc::new(Mutex::new(Level::TRACE)),
        lines: Arc::default(),
    };
    tracing::subscriber::set_global_default(scribe.clone()).expect("the only one");
    let trace = overheard(&scribe, Level::TRACE).await;
    assert!(trace.contains("key=seen:visible"), "{trace}");
    assert!(trace.contains("cache.compute"), "{trace}");
    assert!(trace.contains("function=logs::seen"), "{trace}");
    let debug = overheard(&scribe, Level::DEBUG).await;
    assert!(debug.contains("route=scope"), "{debug}");
    assert!(!debug.contains("visible"), "{debug}");
    for log in [trace, debug] {
        assert!(!log.contains("secret"), "{log}");
        assert!(!log.contains("patient"), "a sensitive key: {log}");
    }
    a_source_that_fails_is_told_of_once(&scribe).await;
    a_time_to_live_of_no_domain_is_told_of(&scribe).await;
}

async fn a_time_to_live_of_no_domain_is_told_of(scribe: &Scribe) {
    *scribe.level.lock().expect("not poisoned") = Level::WARN;
    tracing::callsite::rebuild_interest_cache();
    scribe.lines.lock().expect("not poisoned").clear();
    for domain in ["user-sessions", "USER_SESSIONS", "user-sesions"] {
        let cache = Cache::builder().domain_ttl(domain, Duration::from_secs(120));
        let _cache = cache.build().await.expect("valid");
    }
    let log = scribe.lines.lock().expect("not poisoned").clone();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(
        log.contains("CACHE_USER_SESIONS_TTL is set, and no domain cache of this program reads it; they are called USER_SESSIONS"),
        "{log}"
    );
}

async fn a_source_that_fails_is_told_of_once(scribe: &Scribe) {
    *scribe.level.lock().expect("not poisoned") = Level::WARN;
    tracing::callsite::rebuild_interest_cache();
    scribe.lines.lock().expect("not poisoned").clear();
    let hand = ManualClock::new();
    let cache = Cache::builder().clock(Clock::manual(&hand)).build().await;
    let cache = cache.expect("a valid configuration");
    rate(&cache, true).await.expect("works");
    for _ in 0..5 {
        hand.advance(Duration::from_secs(61));
        assert_eq!(rate(&cache, false).await, Ok(1));
    }
    let log = scribe.lines.lock().expect("not poisoned").clone();
    assert_eq!(log.matches("function=logs::rate").count(), 1, "{log}");
    assert!(
        log.contains("the function fails; older values answer"),
        "{log}"
    );
    assert!(!log.contains("secret"), "{log}");
}
