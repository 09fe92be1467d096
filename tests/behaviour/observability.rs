//! Statistics, health and `tracing`.

use cache_runtime::{Cache, cached};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
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

#[tokio::test]
async fn statistics_serialize_and_display_as_a_table() {
    let cache = Cache::in_memory();
    for id in ["a", "a", "a", "b", "bad"] {
        let _ = seen(&cache, id).await;
    }
    cache.invalidate("seen:*").await;
    let stats = cache.stats();
    let function = stats.function("seen").expect("it was called");
    assert_eq!(function.name, "behaviour::observability::seen");
    assert_eq!((function.hits, function.misses), (2, 3));
    assert_eq!(
        (function.loads, function.stores, function.errors),
        (3, 2, 1)
    );
    assert!((function.hit_rate() - 0.4).abs() < 1e-9);
    assert!((stats.hit_rate() - 0.4).abs() < 1e-9);
    assert_eq!(stats.invalidations, 1);
    let table = stats.to_string();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 4, "{table}");
    assert!(
        lines[0].starts_with("function") && lines[0].ends_with("fenced"),
        "{table}"
    );
    assert!(lines[2].contains("40.0 %"), "{table}");
    assert!(lines[3].contains("40.0 % hits"), "{table}");
    let json = serde_json::to_value(&stats).expect("serializes");
    assert_eq!(json["functions"][0]["hits"], 2);
}

#[tokio::test]
async fn two_caches_count_apart() {
    let (one, other) = (Cache::in_memory(), Cache::in_memory());
    let _ = seen(&one, "a").await;
    let _ = seen(&other, "a").await;
    let _ = seen(&other, "a").await;
    assert_eq!(
        one.stats().function("seen").map(|f| (f.hits, f.misses)),
        Some((0, 1))
    );
    assert_eq!(
        other.stats().function("seen").map(|f| (f.hits, f.misses)),
        Some((1, 1))
    );
}

#[tokio::test]
async fn health_tells_what_is_held() {
    let cache = Cache::builder()
        .max_entries(100)
        .build()
        .await
        .expect("valid");
    cache.set("a", 1).await;
    let health = cache.health().await;
    assert_eq!(
        (
            health.backend,
            health.ready,
            health.entries,
            health.max_entries
        ),
        ("embedded", true, 1, 100)
    );
    assert!(
        serde_json::to_string(&health)
            .expect("serializes")
            .contains("\"embedded\"")
    );
}

/// Writes down every event and span.
#[derive(Clone)]
struct Scribe {
    level: Level,
    lines: Arc<Mutex<String>>,
}

impl Subscriber for Scribe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level && metadata.target() == "cache_runtime"
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

async fn overheard(level: Level) -> String {
    let scribe = Scribe {
        level,
        lines: Arc::default(),
    };
    let guard = tracing::subscriber::set_default(scribe.clone());
    let cache = Cache::in_memory();
    for id in ["visible", "visible", "bad"] {
        let _ = seen(&cache, id).await;
        hidden(&cache, "patient").await;
    }
    cache.invalidate("seen:*").await;
    drop(guard);
    let lines = scribe.lines.lock().expect("not poisoned");
    lines.clone()
}

#[tokio::test]
async fn logs_have_no_values_and_keys_only_at_trace_level() {
    let trace = overheard(Level::TRACE).await;
    assert!(trace.contains("key=seen:visible"), "{trace}");
    assert!(trace.contains("cache.compute"), "{trace}");
    assert!(trace.contains("behaviour::observability::seen"), "{trace}");
    let debug = overheard(Level::DEBUG).await;
    assert!(debug.contains("route=scope"), "{debug}");
    assert!(!debug.contains("visible"), "{debug}");
    for log in [trace, debug] {
        assert!(!log.contains("secret"), "{log}");
        assert!(!log.contains("patient"), "a sensitive key: {log}");
    }
}
