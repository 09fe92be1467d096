//! Two functions, one of them sensitive, and processes with keys of their own on one server.

use cache_runtime::encryption::{EncryptionKey, KeyRing};
use cache_runtime::{Builder, Cache, FunctionStats, cached};
use std::time::Duration;
use test_servers::{RedisServer, Reply};

#[cached(ttl = "1h", key = "diagnosis:{patient}", tags = ["patient:{patient}"], cache = cache, skip(cache), sensitive, negative = "1h")]
pub(crate) async fn diagnosis(cache: &Cache, patient: u32) -> Option<String> {
    (patient != 0).then(|| "in the best of health".to_owned())
}

#[cached(ttl = "1h", key = "weather:{city}", cache = cache, skip(cache))]
pub(crate) async fn weather(cache: &Cache, city: u32) -> String {
    "in the best of sunshine".to_owned()
}

pub(crate) fn key(name: &str) -> EncryptionKey {
    let byte = name.bytes().fold(0, |sum: u8, byte| sum.wrapping_add(byte));
    EncryptionKey::new(name, [byte; 32]).expect("a name")
}

/// The first writes.
pub(crate) fn ring(names: &[&str]) -> KeyRing {
    let mut keys = names.iter().map(|name| key(name));
    let first = KeyRing::new(keys.next().expect("one"));
    keys.fold(first, KeyRing::and)
}

/// Another process.
pub(crate) async fn process(
    server: &RedisServer,
    configure: impl FnOnce(Builder) -> Builder,
) -> Cache {
    let cache = Cache::builder()
        .redis(server.url())
        .operation_timeout(Duration::from_secs(5));
    configure(cache).build().await.expect("valid")
}

pub(crate) async fn bytes(server: &RedisServer, key: &str) -> Vec<u8> {
    match server.command(&["GET", key]).await {
        Reply::Bulk(bytes) => bytes,
        other => panic!("{key}: {other:?}"),
    }
}

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}

pub(crate) fn stats(cache: &Cache) -> FunctionStats {
    cache
        .stats()
        .function("diagnosis")
        .cloned()
        .expect("called")
}
