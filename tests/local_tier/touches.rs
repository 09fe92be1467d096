//! A server that is short of memory gives up what it thinks nobody uses.

use crate::world::{PATIENCE, Process, pair, read};
use cache_runtime::cached;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};
use test_servers::RedisServer;

#[cached(cache = process.cache, key = "far:{row}", tags = ["far"], ttl = "1h", local = off, skip(process))]
async fn far(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

async fn idle(server: &RedisServer, name: &str) -> i64 {
    server
        .command(&["OBJECT", "IDLETIME", name])
        .await
        .integer()
}

#[tokio::test]
async fn what_is_in_use_here_is_in_use_on_the_server() {
    let server = RedisServer::builder()
        .arg("--maxmemory-policy", "allkeys-lru")
        .start()
        .await;
    let (one, _, _) = pair(server.url()).await;
    for _ in 0..3 {
        far(&one, 7).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    for row in [7, 8] {
        one.warm(row).await;
    }
    let names = [
        "row:7",
        "~scope:",
        "~scope:row:",
        "~tag:rows",
        "~tag:row-tag:7",
        // Of these only the entry is asked for.
        "far:7",
        "~scope:far:",
        "~tag:far",
    ];
    let began = Instant::now();
    let mut longest = 0;
    while longest < 9 {
        assert_eq!((read(&one, 7).await, far(&one, 7).await), (1, 1));
        for name in names {
            let idle = idle(&server, name).await;
            assert!(idle <= 8, "{name} seems idle for {idle} s");
        }
        // Nobody reads this one.
        longest = idle(&server, "row:8").await;
        assert!(began.elapsed() < 2 * PATIENCE);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let stats = one.cache.stats();
    assert!(
        stats
            .function("read")
            .is_some_and(|read| read.local_hits > 40),
        "{stats}"
    );
    let _: &Process = &one;
}
