//! Several connections: what was read over one is watched over that one, so each has to be listened to.

use crate::changes::CHANGES;
use crate::relay::behind_one_that_hangs;
use crate::world::{PATIENCE, Process, read};
use cache_runtime::{Consistency, key};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};
use test_servers::{Deployment, RedisServer, wait_until};

const CONNECTIONS: usize = 3;
/// More than connections, so that something is read over each.
const ROWS: u32 = 9;

async fn with_several(url: String, database: &Arc<AtomicU32>, bound: Duration) -> Process {
    Process::with(url, database, |builder| {
        builder
            .connections(CONNECTIONS)
            .consistency(Consistency::Bounded(bound))
    })
    .await
}

#[tokio::test]
async fn a_process_hears_of_changes_over_each_of_them() {
    for (change, make) in CHANGES {
        let server = Deployment::start().await;
        let database = Arc::new(AtomicU32::new(1));
        let bound = Duration::from_secs(60);
        let one = with_several(server.url(), &database, bound).await;
        let other = Process::start(server.url(), &database, bound).await;
        // Whatever is read of row 7 comes over all of them in turn.
        for connection in 0..CONNECTIONS {
            for _ in 0..connection {
                one.cache.contains("elsewhere").await;
            }
            assert_eq!(one.warm(7).await, 1);
            database.store(2, SeqCst);
            make(other.cache.clone()).await;
            let is_heard_of = || async { read(&one, 7).await == 2 };
            wait_until(change, PATIENCE, is_heard_of).await;
            database.store(1, SeqCst);
            other.cache.clear().await;
            let is_heard_of = || async { read(&one, 7).await == 1 };
            wait_until("it is as it was", PATIENCE, is_heard_of).await;
        }
    }
}

/// One that hangs without a word: nothing that is watched over it is served past the bound, though the others go on.
#[tokio::test]
async fn when_one_of_them_hangs_nothing_older_than_the_bound_is_served() {
    const BOUND: Duration = Duration::from_millis(600);
    for number in 0..CONNECTIONS {
        let server = RedisServer::start().await;
        let (url, hung) = behind_one_that_hangs(&server).await;
        let database = Arc::new(AtomicU32::new(1));
        let one = with_several(url, &database, BOUND).await;
        let other = Process::start(server.url(), &database, BOUND).await;
        for row in 0..ROWS {
            read(&other, row).await;
            // Once, and hence over one of them.
            assert_eq!(read(&one, row).await, 1);
        }
        hung.connection(number);
        database.store(2, SeqCst);
        // Of each, the news comes over the connection that it was read over.
        for row in 0..ROWS {
            other.cache.invalidate_tag(key!("row-tag:{row}")).await;
        }
        let changed = Instant::now();
        while changed.elapsed() < 4 * BOUND {
            for row in 0..ROWS {
                let began = Instant::now();
                // Over the connection that hangs, a call takes as long as its patience; what is old is served at once.
                let call = tokio::time::timeout(Duration::from_millis(10), read(&one, row));
                let is_old = call.await.is_ok_and(|value| value == 1);
                let is_late = began.duration_since(changed) > BOUND;
                assert!(!(is_old && is_late), "row {row}, connection {number}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
