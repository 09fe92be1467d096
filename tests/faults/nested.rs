//! A cached function that calls another one: what the outer value is made of must not end without it.

use crate::world::{PATIENCE, strict};
use cache_runtime::{Cache, cached};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use test_servers::{Proxy, RedisServer};

/// How long every command of the slow process takes to get to the server.
const DELAY: Duration = Duration::from_millis(400);

struct Process {
    cache: Cache,
    database: Arc<AtomicU32>,
    /// Who sets the inner value while the outer one is computed.
    other: Option<Cache>,
}

#[cached(cache = process.cache, key = "inner", tags = ["numbers"], ttl = "5m", skip(process))]
async fn inner(process: &Process) -> u32 {
    process.database.load(SeqCst)
}

#[cached(cache = process.cache, key = "outer", ttl = "5m", skip(process))]
async fn outer(process: &Process) -> u32 {
    if let Some(other) = process.other.clone() {
        let value = process.database.load(SeqCst);
        tokio::spawn(async move {
            // Between the capture of the inner key's generation and the second look at its entry.
            tokio::time::sleep(DELAY * 5 / 2).await;
            assert!(other.set("inner", value).tags(["numbers"]).await);
        });
    }
    inner(process).await
}

#[tokio::test]
async fn an_outer_value_depends_on_an_inner_one_that_was_set_while_it_was_read() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let cache = |url| async {
        let builder = strict(url).operation_timeout(PATIENCE);
        builder.build().await.expect("a valid configuration")
    };
    let database = Arc::new(AtomicU32::new(1));
    let (slow, fast) = (cache(proxy.url()).await, cache(server.url()).await);
    let slow = Process {
        cache: slow,
        database: Arc::clone(&database),
        other: Some(fast.clone()),
    };
    let fast = Process {
        cache: fast,
        database: Arc::clone(&database),
        other: None,
    };
    assert_eq!((inner(&fast).await, inner(&slow).await), (1, 1));
    proxy.delay_requests(DELAY);
    assert_eq!(outer(&slow).await, 1);
    database.store(2, SeqCst);
    fast.cache.invalidate_tag("numbers").await;
    assert_eq!(inner(&fast).await, 2);
    assert_eq!(outer(&fast).await, 2, "what it is made of was invalidated");
}
