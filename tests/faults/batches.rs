//! How often a call waits for the server. Heartbeats pass through the same proxy, hence the least of a few tries.

use crate::world::{By, Database, PATIENCE, Process, least_of, soon};
use cache_runtime::{Ttl, key};
use std::sync::Arc;
use std::time::Instant;
use test_servers::{Proxy, RedisServer};

const TRIES: usize = 8;

struct Line {
    server: RedisServer,
    proxy: Proxy,
    process: Arc<Process>,
}

impl Line {
    async fn new() -> Self {
        let server = RedisServer::start().await;
        let proxy = Proxy::start(server.port()).await;
        Line {
            process: Process::patient(proxy.url(), &Database::new()).await,
            server,
            proxy,
        }
    }

    /// The round trips of `call`, which is made several times.
    async fn round_trips<F: Future>(&self, expected: u64, mut call: impl FnMut() -> F) {
        let least = least_of(TRIES, 0, || {
            self.proxy.reset_counts();
            let call = call();
            async {
                call.await;
                self.proxy.round_trips()
            }
        });
        assert_eq!(least.await, expected);
    }
}

#[tokio::test]
async fn a_hit_is_one_round_trip() {
    let line = Line::new().await;
    line.process.until_hit(7).await;
    line.round_trips(1, || line.process.read(7)).await;
}

#[tokio::test]
async fn a_miss_is_three() {
    let line = Line::new().await;
    let mut row = 0;
    let missed = || {
        row += 1;
        line.process.read(row)
    };
    line.round_trips(3, missed).await;
}

#[tokio::test]
async fn an_invalidation_by_tag_by_key_or_by_scope_is_one() {
    let line = Line::new().await;
    for by in [By::Tag, By::Key, By::Scope] {
        line.process.until_hit(7).await;
        line.round_trips(1, || line.process.write(7, by)).await;
    }
}

#[tokio::test]
async fn many_keys_are_read_in_one() {
    let line = Line::new().await;
    let cache = &line.process.cache;
    let entries = (0..100).map(|n| (key!("n:{n}"), n));
    assert_eq!(cache.set_many(entries, Ttl::secs(60)).await, 100);
    let keys = || (0..101).map(|n| key!("n:{n}"));
    line.round_trips(1, || async {
        let values = cache.get_many::<i32>(keys()).await;
        let expected: Vec<_> = (0..100).map(Some).chain([None]).collect();
        assert_eq!(values, expected);
    })
    .await;
    line.server.reset_stats().await;
    cache.get_many::<i32>(keys()).await;
    assert_eq!(line.server.calls("mget").await, 1, "and in one command");
}

/// Reads of several tasks travel together. Who was to send them may be gone by then.
#[tokio::test]
async fn a_read_that_others_have_joined_is_sent_although_its_caller_has_gone() {
    let line = Line::new().await;
    line.process.until_hit(7).await;
    let first = line.process.reader(7);
    let others: Vec<_> = (0..10).map(|_| line.process.reader(7)).collect();
    // Each has had its first turn then.
    tokio::task::yield_now().await;
    first.abort();
    let gone = Instant::now();
    for other in others {
        assert!(!soon(other).await.ran);
    }
    assert!(first.await.is_err(), "it was cancelled in time");
    let took = gone.elapsed();
    assert!(took < PATIENCE / 2, "{took:?}");
}

#[tokio::test]
async fn many_keys_are_written_in_one_once_their_generations_are_known() {
    let line = Line::new().await;
    let cache = &line.process.cache;
    let entries = |of: i32| (0..100).map(move |n| (key!("of-{of}:{n}"), n));
    let mut first = 0;
    let first_time = || {
        first += 1;
        cache.set_many(entries(first), Ttl::secs(60))
    };
    line.round_trips(2, first_time).await;
    line.round_trips(1, || cache.set_many(entries(1), Ttl::secs(60)))
        .await;
    assert_eq!(cache.get::<i32>("of-1:99").await, Some(99));
}

#[tokio::test]
async fn many_keys_are_deleted_in_one() {
    let line = Line::new().await;
    let cache = &line.process.cache;
    cache
        .set_many((0..100).map(|n| (key!("n:{n}"), n)), Ttl::secs(60))
        .await;
    assert_eq!(cache.delete_many((0..50).map(|n| key!("n:{n}"))).await, 50);
    line.round_trips(1, || cache.delete_many((0..100).map(|n| key!("n:{n}"))))
        .await;
    assert_eq!(cache.get::<i32>("n:99").await, None);
}
