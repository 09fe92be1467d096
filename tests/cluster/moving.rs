//! Slots move from one server to another.

use crate::world::*;
use cache_runtime::{Cache, Consistency, Delivery};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use test_servers::RedisCluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_move_while_they_are_read_and_written() {
    let cluster = RedisCluster::of(3, 0).await;
    under_readers(&cluster, bound(), async |_, _| {
        // The root, the scope and a tag of all, and some entries; back and forth.
        let mut names = vec!["~scope:".to_owned(), "~scope:row:".to_owned()];
        names.extend((0..3).map(|group| format!("~tag:group:{group}")));
        names.extend((0..8).map(|row| format!("row:{row}")));
        for name in names.iter().chain(&names) {
            let slot = cluster.slot_of(name).await;
            let from = cluster.primary_of(name).await;
            let mut others = cluster.nodes().iter();
            let to = others.find(|node| node.port() != from.port());
            cluster.move_slot(slot, from, to.expect("another")).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    })
    .await;
}

/// What is on its way is neither here nor there for a while. Functions run then, and invalidations get through.
#[tokio::test]
async fn a_slot_that_is_on_its_way_for_long_is_not_cached_and_still_invalidated() {
    let cluster = RedisCluster::of(2, 0).await;
    let caches = [cache(&cluster).await, cache(&cluster).await];
    let key = "thing";
    let (slot, from) = (cluster.slot_of(key).await, cluster.primary_of(key).await);
    let mut others = cluster.nodes().iter();
    let to = others.find(|node| node.port() != from.port());
    let to = to.expect("another");
    caches[0].set(key, 1_u64).await;
    assert_eq!(caches[1].get::<u64>(key).await, Some(1));
    cluster.begin_to_move(slot, from, to).await;
    let is_computed = async |cache: &Cache| cache.get_or_set(key, || async { 2_u64 }).await;
    while cluster.move_some(slot, from, to, 100).await > 0 {}
    // Its entry is there already, and its slot is not.
    let done = caches[0].invalidate(key).await;
    assert_eq!(done.delivery, Delivery::Delivered);
    assert_eq!(
        to.command(&["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()])
            .await
            .integer(),
        0
    );
    assert_eq!(is_computed(&caches[0]).await, 2);
    // A pattern cannot tell where to look, and ends more than it names.
    caches[0].set("another", 3_u64).await;
    let done = caches[0].invalidate("*thin?").await;
    assert_eq!((done.delivery, done.removed), (Delivery::Delivered, None));
    assert_eq!(caches[1].get::<u64>("another").await, None);
    cluster.end_of_move(slot, from, to).await;
    for cache in &caches {
        assert_eq!(is_computed(cache).await, 2);
    }
    for cache in &caches {
        assert_eq!(cache.get::<u64>(key).await, Some(2));
    }
}

/// The tag has ended on the server that had it, and stands on the one that gets it; and a computation is told so in the middle.
#[tokio::test]
async fn an_older_copy_on_the_server_that_gets_a_slot_is_not_taken_for_what_was_there() {
    let cluster = RedisCluster::of(2, 0).await;
    let strict = |cache: cache_runtime::Builder| {
        let patience = Duration::from_secs(20);
        cache
            .consistency(Consistency::Strict)
            .operation_timeout(patience)
    };
    let (reader, writer) = (
        cache_with(&cluster, strict).await,
        cache_with(&cluster, strict).await,
    );
    let key = "thing";
    let holder = cluster.primary_of(key).await;
    let mut tag = 0;
    while cluster.primary_of(&format!("~tag:t{tag}")).await.port() == holder.port() {
        tag += 1;
    }
    let (tag, name) = (format!("t{tag}"), format!("~tag:t{tag}"));
    let from = cluster.primary_of(&name).await;
    let slot = cluster.slot_of(&name).await;
    let database = Arc::new(AtomicU64::new(1));
    let read = {
        let (database, tag) = (Arc::clone(&database), tag.clone());
        move || {
            let (reader, database, tag) = (reader.clone(), Arc::clone(&database), tag.clone());
            async move {
                let load = || async { database.load(SeqCst) };
                reader.get_or_set(key, load).tags([tag]).await
            }
        }
    };
    assert_eq!((read().await, read().await), (1, 1));
    cluster.leave_copy(&name, from, holder).await;
    database.store(2, SeqCst);
    let done = writer.invalidate_tag(tag.as_str()).await;
    assert_eq!(done.delivery, Delivery::Delivered);
    // Reads are answered, and what captures is not.
    from.command(&["CLIENT", "PAUSE", "60000", "WRITE"]).await;
    let reading = tokio::spawn(read());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!reading.is_finished(), "it has begun to capture");
    cluster.end_of_move(slot, from, holder).await;
    from.command(&["CLIENT", "UNPAUSE"]).await;
    assert_eq!(reading.await.expect("no panic"), 2);
    assert_eq!(read().await, 2);
}
