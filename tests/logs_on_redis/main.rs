//! What the log says of a server that does not do what it is asked: the reason, and once.

#![forbid(unsafe_code)]

use cache_runtime::{Cache, cached};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use test_servers::{RedisServer, wait_until};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

const PATIENCE: Duration = Duration::from_secs(20);

#[cached(cache = cache, key = "row:{row}", ttl = "1h", skip(cache))]
async fn read(cache: &Cache, row: u32) -> u32 {
    row
}

/// Writes down every event that is meant for people.
#[derive(Clone, Default)]
struct Scribe(Arc<Mutex<String>>);

impl Subscriber for Scribe {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target() == "cache_runtime"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut lines = self.0.lock().expect("not poisoned");
        write!(lines, "{}", event.metadata().level()).expect("a string");
        event.record(&mut Line(&mut lines));
        lines.push('\n');
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line<'s>(&'s mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("a string");
    }
}

impl Scribe {
    /// What was said of this server since anything was last asked for.
    fn said(&self, of: &RedisServer) -> String {
        self.said_with(&format!("server=127.0.0.1:{}", of.port()))
    }

    /// Lines with this text, since anything was last asked for.
    fn said_with(&self, text: &str) -> String {
        let said = std::mem::take(&mut *self.0.lock().expect("not poisoned"));
        let lines = said.lines().filter(|line| line.contains(text));
        lines.collect::<Vec<_>>().join("\n")
    }
}

async fn cache(url: String) -> Cache {
    let builder = Cache::builder().redis(url).namespace("app");
    let builder = builder.operation_timeout(PATIENCE);
    builder.build().await.expect("a valid configuration")
}

/// Adds a user with these rights, and returns the address for that.
async fn user(server: &RedisServer, rights: &str) -> String {
    let mut user = vec!["ACL", "SETUSER", "ann", "reset", "on", ">word"];
    user.extend(rights.split(' '));
    server.command(&user).await;
    format!("redis://ann:word@127.0.0.1:{}/", server.port())
}

/// One test, since a program has one subscriber.
#[tokio::test]
async fn what_a_server_refuses_is_said_once_and_with_the_reason() {
    let scribe = Scribe::default();
    tracing::subscriber::set_global_default(scribe.clone()).expect("the only one");
    // One each: a cache may go on for a while after its test.
    keys_of_somebody_else(&scribe, &RedisServer::start().await).await;
    a_user_who_may_only_read(&scribe, &RedisServer::start().await).await;
    a_user_who_may_not_be_told(&scribe, &RedisServer::start().await).await;
    a_user_who_may_not_count_keys(&scribe, &RedisServer::start().await).await;
    full(&scribe, &RedisServer::start().await).await;
    #[cfg(feature = "encryption")]
    a_key_that_is_not_there(&scribe, &RedisServer::start().await).await;
}

async fn keys_of_somebody_else(scribe: &Scribe, server: &RedisServer) {
    let cache = cache(user(server, "~other:* +@all").await).await;
    let said = scribe.said(server);
    assert!(
        said.contains("cannot be tried with a key of the namespace: redis refused: NOPERM"),
        "{said}"
    );
    for row in 0..10 {
        read(&cache, row).await;
    }
    let said = scribe.said(server);
    assert_eq!(said.matches("redis refuses reads").count(), 1, "{said}");
    assert!(
        said.contains("WARN") && said.contains("its user lacks"),
        "{said}"
    );
    // Each counts once.
    let stats = cache.stats();
    let function = stats.function("read").expect("it was called");
    assert_eq!((function.misses, function.unavailable), (10, 10));
    cache.invalidate("row:*").await;
    let said = scribe.said(server);
    assert!(
        said.contains("may not use `DEL`, or not on these keys (NOPERM)"),
        "{said}"
    );
}

async fn a_user_who_may_only_read(scribe: &Scribe, server: &RedisServer) {
    let cache = cache(
        user(
            server,
            "~* +@read +@connection +@scripting +@transaction +info +time",
        )
        .await,
    )
    .await;
    scribe.said(server);
    for row in 0..10 {
        read(&cache, row).await;
    }
    let said = scribe.said(server);
    assert_eq!(said.matches("redis refuses to store").count(), 1, "{said}");
}

async fn a_user_who_may_not_be_told(scribe: &Scribe, server: &RedisServer) {
    let _cache = cache(user(server, "~* +@all -client|tracking").await).await;
    let said = scribe.said(server);
    assert!(
        said.contains("`CLIENT TRACKING` is refused: redis refused: NOPERM"),
        "{said}"
    );
}

async fn a_user_who_may_not_count_keys(scribe: &Scribe, server: &RedisServer) {
    let cache = cache(user(server, "~* +@all -scan -dbsize").await).await;
    let health = cache.health().await;
    assert!(health.ready, "{health}");
    let said = scribe.said(server);
    assert!(!said.contains("refuses"), "{said}");
}

async fn full(scribe: &Scribe, server: &RedisServer) {
    let limit = |bytes| ["CONFIG", "SET", "maxmemory", bytes];
    server.command(&limit("1")).await;
    let cache = cache(server.url()).await;
    let said = scribe.said(server);
    assert!(
        said.contains("OOM: out of memory; it is tried again later"),
        "{said}"
    );
    for row in 0..10 {
        read(&cache, row).await;
    }
    let said = scribe.said(server);
    assert_eq!(said.matches("redis refuses to store").count(), 1, "{said}");
    assert!(said.contains("OOM"), "{said}");
    server.command(&limit("0")).await;
    let tells = || async {
        let redis = cache.health().await.redis;
        redis.is_some_and(|redis| redis.consistency == Some("bounded"))
    };
    wait_until("it is asked to tell of changes again", PATIENCE, tells).await;
    read(&cache, 1).await;
    let said = scribe.said(server);
    assert!(said.contains("redis tells of changes now"), "{said}");
    assert!(said.contains("redis stores again"), "{said}");
    assert!(!said.contains("connected to redis again"), "{said}");
}

#[cfg(feature = "encryption")]
#[cached(cache = cache, key = "secret:{row}", ttl = "1h", skip(cache), sensitive)]
async fn secret(cache: &Cache, row: u32) -> u32 {
    row
}

/// A process that was not given the new key yet: its operators have to hear of it, and neither of keys nor of values.
#[cfg(feature = "encryption")]
async fn a_key_that_is_not_there(scribe: &Scribe, server: &RedisServer) {
    use cache_runtime::encryption::{EncryptionKey, KeyRing};
    let process = async |name: &str| {
        let key = EncryptionKey::new(name, [1; 32]).expect("a name");
        let builder = Cache::builder().redis(server.url());
        let builder = builder.operation_timeout(PATIENCE);
        builder.encryption(KeyRing::new(key)).build().await
    };
    let new = process("new").await.expect("valid");
    for row in 7_000..7_010 {
        secret(&new, row).await;
    }
    scribe.said_with("");
    let old = process("old").await.expect("valid");
    for row in 7_000..7_010 {
        secret(&old, row).await;
    }
    let said = scribe.said_with("encrypted");
    assert_eq!(
        said.matches("with a key that is not there").count(),
        1,
        "{said}"
    );
    assert!(said.contains("WARN") && said.contains("secret"), "{said}");
    assert!(!said.contains("700"), "{said}");
}
