//! What is read while something else is computed is read from the server: the other value is stored there, for all.

use crate::changes::outer;
use crate::relay::behind_one_that_turns_deaf;
use crate::world::{Process, read};
use cache_runtime::{cached, key};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use test_servers::RedisServer;

#[cached(cache = process.cache, key = "around:{row}", ttl = "1h", skip(process))]
async fn around(process: &Process, row: u32) -> Option<u32> {
    process.cache.get(key!("row:{row}")).await
}

#[cached(cache = process.cache, key = "around-many:{row}", ttl = "1h", skip(process))]
async fn around_many(process: &Process, row: u32) -> Vec<Option<u32>> {
    process.cache.get_many([key!("row:{row}")]).await
}

#[tokio::test]
async fn nothing_is_made_of_what_this_process_keeps() {
    let server = RedisServer::start().await;
    let (url, deaf) = behind_one_that_turns_deaf(&server).await;
    let database = Arc::new(AtomicU32::new(1));
    let bound = Duration::from_secs(60);
    let one = Process::start(url, &database, bound).await;
    let other = Process::start(server.url(), &database, bound).await;
    assert_eq!(one.warm(7).await, 1);
    deaf.turn();
    database.store(2, SeqCst);
    other.cache.delete("row:7").await;
    assert_eq!(read(&other, 7).await, 2);
    assert_eq!(read(&one, 7).await, 1, "within the bound");
    assert_eq!(around(&one, 7).await, Some(2));
    assert_eq!(around_many(&one, 7).await, [Some(2)]);
    assert_eq!(outer(&one, 7).await, 2);
    assert_eq!(around(&other, 7).await, Some(2));
}
