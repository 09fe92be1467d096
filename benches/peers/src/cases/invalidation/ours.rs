//! Entries of this cache.

use cache_runtime::{Cache, Ttl, key};
use std::time::Duration;
use test_servers::wait_until;
use tokio::task::JoinSet;

/// Entries in one command while they are made.
const AT_ONCE: u64 = 2_000;
const TASKS: u64 = 128;
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn fill(cache: &Cache, entries: u64) {
    returned(cache).await;
    for first in (0..entries).step_by(AT_ONCE as usize) {
        let some = first..entries.min(first + AT_ONCE);
        let expected = some.clone().count();
        let some = some.map(|n| (key!("user:{n}"), n));
        assert_eq!(cache.set_many(some, Ttl::hours(1)).await, expected);
    }
}

/// A server that has just deleted a million keys answered nobody meanwhile, and the cache goes on without it for a while.
async fn returned(cache: &Cache) {
    let back = async || cache.set("user:0", 0_u64).await;
    wait_until("the cache stores again", PATIENCE, back).await;
}

/// With a tag, which batches do not take.
pub(super) async fn fill_tagged(cache: &'static Cache, entries: u64) {
    returned(cache).await;
    let mut filling = JoinSet::new();
    for first in 0..TASKS.min(entries) {
        filling.spawn(async move {
            for n in (first..entries).step_by(TASKS as usize) {
                let set = cache
                    .set(key!("user:{n}"), n)
                    .tag("users")
                    .ttl(Ttl::hours(1));
                assert!(set.await, "stored");
            }
        });
    }
    filling.join_all().await;
}
