//! Runtimes that end, and with them the connection that hears: what was kept over it ends too.

use crate::world::{PATIENCE, Process, read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::RedisServer;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    let builder = &mut Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

#[test]
fn what_was_kept_ends_with_the_runtime_that_would_hear_of_changes() {
    for is_dropped in [true, false] {
        let elsewhere = Builder::new_multi_thread().enable_all().build();
        let elsewhere = elsewhere.expect("a runtime");
        let server = elsewhere.block_on(RedisServer::start());
        let database = Arc::new(AtomicU32::new(1));
        let bound = Duration::from_secs(3);
        let start = || Process::start(server.url(), &database, bound);
        let near = elsewhere.block_on(start());
        let first = runtime();
        let far = first.block_on(start());
        assert_eq!(first.block_on(far.warm(7)), 1);
        // From here on nobody drives it.
        let stands_still = (!is_dropped).then_some(first);
        database.store(2, SeqCst);
        elsewhere.block_on(near.cache.invalidate_tag("rows"));
        let changed = std::time::Instant::now();
        let second = runtime();
        second.block_on(async {
            let mut has_asked = false;
            while changed.elapsed() < PATIENCE && !has_asked {
                let began = changed.elapsed();
                let value = read(&far, 7).await;
                assert!(value == 2 || began <= bound, "{began:?}");
                let redis = far.cache.health().await.redis;
                has_asked = began > bound && redis.is_some_and(|redis| redis.connected);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert!(has_asked, "it is connected again");
            for _ in 0..100 {
                assert_eq!(read(&far, 7).await, 2);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        drop(stands_still);
    }
}
