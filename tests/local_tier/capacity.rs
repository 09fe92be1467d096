//! How much a process keeps of what is on the server.

use crate::world::PATIENCE;
use cache_runtime::{Cache, CacheValue, Ttl, key};
use test_servers::Deployment;

const KIB: u64 = 1024;

/// What is said to be held of `many` values that were read, and how many entries that is.
async fn held_of<T: CacheValue>(url: String, many: u64, most: u64, value: T) -> (u64, u64) {
    let builder = Cache::builder().redis(url).operation_timeout(PATIENCE);
    let cache = builder.max_bytes(most).build().await;
    let cache = cache.expect("a valid configuration");
    cache.flush(PATIENCE).await;
    for n in 0..many {
        assert!(
            cache
                .set(key!("large:{n}"), value.clone())
                .ttl(Ttl::hours(1))
                .await
        );
    }
    for _ in 0..2 {
        for n in 0..many {
            assert!(cache.get::<T>(key!("large:{n}")).await.is_some());
        }
    }
    let stats = cache.stats();
    (stats.bytes, stats.entries)
}

/// A text that is compressed to next to nothing on the server, and numbers that are a byte each there.
#[tokio::test]
async fn what_is_kept_weighs_what_it_takes_here_and_not_on_the_server() {
    let server = Deployment::start().await;
    let most = 2 * 1024 * KIB;
    for (bytes, entries) in [
        held_of(server.url(), 200, most, "x".repeat(100 * 1024)).await,
        held_of(server.url(), 200, most, vec![7_u64; 100 * 128]).await,
    ] {
        assert!(
            (1..=20).contains(&entries),
            "{entries} entries of 100 KiB in 2 MiB"
        );
        assert!(
            bytes >= entries * 100 * KIB && bytes <= most,
            "{bytes} bytes"
        );
    }
}

#[tokio::test]
async fn what_is_larger_than_the_room_is_not_kept() {
    let server = Deployment::start().await;
    let (bytes, entries) = held_of(server.url(), 1, 50 * KIB, "x".repeat(100 * 1024)).await;
    assert_eq!((bytes, entries), (0, 0));
}
