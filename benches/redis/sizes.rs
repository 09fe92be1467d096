//! Bytes that an entry takes, on the server and in a process, and what the library keeps beside it: as numbers to plan
//! with, in a table of Markdown.

use cache_runtime::{Cache, Consistency, Ttl, key};
use std::future::pending;
use test_servers::{RedisServer, Reply, wait_until};

const ENTRIES: u64 = 10_000;
/// Entries that share a tag.
const PER_TAG: u64 = 10;
const NAMESPACE: &str = "shop";

pub(crate) async fn measure(server: &RedisServer) {
    println!("| value | tags | entry | with all beside it | process that reads it | embedded |");
    println!("|---:|---:|---:|---:|---:|---:|");
    for length in [100, 1_000, 10_000] {
        for tags in [0, 2] {
            row(server, length, tags).await;
        }
    }
    println!();
    let cache = cache(server, Consistency::Strict).await;
    lease(server, &cache).await;
    for name in ["~tag:group:1", "~scope:user:", "~scope:"] {
        let bytes = usage(server, &format!("{NAMESPACE}:{name}")).await;
        println!("generation `{name}`: {bytes} bytes");
    }
}

async fn row(server: &RedisServer, length: usize, tags: u64) {
    server.command(&["FLUSHALL"]).await;
    let empty = used(server).await;
    let writer = cache(server, Consistency::Strict).await;
    for n in 0..ENTRIES {
        set(&writer, n, length, tags).await;
    }
    let stored = used(server).await - empty;
    let entry = usage(server, &format!("{NAMESPACE}:user:1234")).await;

    // A process that keeps all of it, of which the server has to tell it.
    let reader = cache(server, Consistency::default()).await;
    for n in 0..ENTRIES {
        let read = reader.get::<String>(key!("user:{n}")).await;
        assert_eq!(read.map(|read| read.len()), Some(length));
    }
    let tracked = (used(server).await - empty).saturating_sub(stored);
    let kept = reader.health().await;
    assert_eq!(kept.entries, ENTRIES);

    let embedded = Cache::in_memory();
    let before = resident();
    for n in 0..ENTRIES {
        set(&embedded, n, length, tags).await;
    }
    let resident = resident().saturating_sub(before);
    let health = embedded.health().await;
    println!(
        "| {length} B | {tags} | {entry} | {} | {} | {} by its own estimate, {} resident |",
        stored / ENTRIES,
        tracked / ENTRIES,
        health.bytes / ENTRIES,
        resident / ENTRIES,
    );
}

/// What is read over a connection of a cache does not go away with the commands of a test.
async fn cache(server: &RedisServer, consistency: Consistency) -> Cache {
    let cache = Cache::builder().redis(server.url()).namespace(NAMESPACE);
    let cache = cache.consistency(consistency).max_bytes(1 << 30).build();
    cache.await.expect("a server")
}

async fn set(cache: &Cache, n: u64, length: usize, tags: u64) {
    let tags = (0..tags).map(|tag| {
        let group = tag * ENTRIES + n / PER_TAG;
        key!("group:{group}")
    });
    let stored = cache
        .set(key!("user:{n}"), text(n, length))
        .tags(tags)
        .ttl(Ttl::hours(1))
        .await;
    assert!(stored);
}

/// Letters in no order, which no compression makes shorter.
fn text(n: u64, length: usize) -> String {
    const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(LETTERS[(state >> 32) as usize % LETTERS.len()])
    };
    std::iter::repeat_with(letter).take(length).collect()
}

/// A lease stands while somebody computes.
async fn lease(server: &RedisServer, cache: &Cache) {
    let name = format!("{NAMESPACE}:~lease:{{{NAMESPACE}:slow:1234}}");
    let cache = cache.clone();
    let computing = tokio::spawn(async move {
        cache
            .get_or_set("slow:1234", || async { pending::<u64>().await })
            .await
    });
    let stands = || async { server.command(&["EXISTS", &name]).await.integer() == 1 };
    wait_until("it computes", std::time::Duration::from_secs(5), stands).await;
    println!("lease: {} bytes", usage(server, &name).await);
    computing.abort();
}

async fn used(server: &RedisServer) -> u64 {
    let memory = server.info("memory").await;
    memory["used_memory"].parse().expect("a number")
}

/// A name, its value, and what the server needs for both.
async fn usage(server: &RedisServer, name: &str) -> i64 {
    match server.command(&["MEMORY", "USAGE", name]).await {
        Reply::Integer(bytes) => bytes,
        other => panic!("{name}: {other:?}"),
    }
}

/// Bytes of this process that are in memory; 0 where nobody tells.
fn resident() -> u64 {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = told.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4096
}
