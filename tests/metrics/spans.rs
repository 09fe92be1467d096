//! Where spans are, and where there are none.

use crate::world::{on, server, user_name};
use cache_runtime::Cache;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use test_servers::wait_until;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span, subscriber};

const LIMIT: Duration = Duration::from_secs(30);

/// Writes down every span of the cache that its program would see at `debug` level: its name and fields.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

impl Spans {
    /// Those since this was asked last.
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("not poisoned"))
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cache_runtime" && *metadata.level() <= Level::DEBUG
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut line = Line(attributes.metadata().name().to_owned());
        attributes.record(&mut line);
        let mut spans = self.0.lock().expect("not poisoned");
        spans.push(line.0);
        span::Id::from_u64(spans.len() as u64)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}

const COMPUTE: &str = "cache.compute function=metrics::world::user_name";
const SERVER: &str =
    "cache.server function=metrics::world::user_name otel.kind=\"client\" db.system.name=\"redis\"";

#[tokio::test]
async fn a_load_has_a_span_and_a_hit_in_this_process_has_none() {
    let (cache, spans) = (Cache::in_memory(), Spans::default());
    let _here = subscriber::set_default(spans.clone());
    let _ = user_name(&cache, "doctor").await;
    assert_eq!(spans.taken(), [COMPUTE]);
    let _ = user_name(&cache, "doctor").await;
    assert_eq!(spans.taken(), [""; 0]);
}

#[tokio::test]
async fn waiting_for_the_server_has_a_span_and_a_hit_that_asks_nobody_has_none() {
    let (server, spans) = (server().await, Spans::default());
    let cache = on(&server).await;
    let _here = subscriber::set_default(spans.clone());
    let _ = user_name(&cache, "doctor").await;
    let seen = spans.taken();
    assert_eq!(seen.first().map(String::as_str), Some(SERVER), "{seen:?}");
    assert_eq!(seen.last().map(String::as_str), Some(COMPUTE), "{seen:?}");
    let local_hits = || {
        let stats = cache.stats();
        stats.function("user_name").map_or(0, |it| it.local_hits)
    };
    wait_until("a hit that this process answers", LIMIT, async || {
        let (before, _) = (local_hits(), spans.taken());
        let _ = user_name(&cache, "doctor").await;
        let (is_local, seen) = (local_hits() > before, spans.taken());
        assert_eq!(seen.is_empty(), is_local, "{seen:?}");
        is_local
    })
    .await;
}
