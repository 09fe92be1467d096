//! Transactions that commit and that roll back, beside readers who look at everything they get.

use crate::world::{PATIENCE, World, name, put, rename, soon};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use test_servers::wait_until;
use tokio::task::yield_now;

/// Transactions, every other of which is rolled back.
const ROUNDS: u32 = 300;

/// Even numbers are committed, odd ones never.
struct Truth {
    world: Arc<World>,
    /// No reader that starts from now on may get less.
    vouched: AtomicU32,
    is_over: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_what_was_rolled_back_or_is_older_than_a_commit() {
    let world = World::new().await;
    world.writer.rename(1, "0");
    let truth = Arc::new(Truth {
        world,
        vouched: AtomicU32::new(0),
        is_over: AtomicBool::new(false),
    });
    let readers: Vec<_> = (0..3)
        .map(|_| tokio::spawn(read(Arc::clone(&truth))))
        .collect();
    for number in 1..=ROUNDS {
        transaction(&truth, number).await;
        if number.is_multiple_of(30) {
            // With nothing stored there would be nothing to see here.
            let (world, before) = (&truth.world, hits(&truth.world));
            let is_hit = || async { hits(world) > before };
            wait_until("a reader has a hit", PATIENCE, is_hit).await;
        }
        yield_now().await;
    }
    truth.is_over.store(true, SeqCst);
    for reader in readers {
        soon(reader).await;
    }
}

/// How often the cache has answered.
fn hits(world: &World) -> u64 {
    let stats = world.cache.stats();
    stats
        .function("name")
        .map_or(0, |name| name.hits + name.local_hits)
}

async fn transaction(truth: &Truth, number: u32) {
    let (world, text) = (&truth.world, number.to_string());
    let inside = world.inside();
    let mut invalidations = world.invalidations();
    world.begin();
    invalidations
        .collect(async {
            if number.is_multiple_of(3) {
                put(&inside, 1, &text).await.expect("it is written");
            } else {
                rename(&inside, 1, &text).await.expect("it is written");
            }
            yield_now().await;
            assert_eq!(name(&inside, 1).await, text, "it sees its own writes");
        })
        .await;
    yield_now().await;
    if number.is_multiple_of(2) {
        let committed = invalidations.commit(world.commit()).await;
        committed.expect("it commits");
        truth.vouched.store(number, SeqCst);
    } else {
        world.rollback();
    }
}

/// Reads until it is over.
async fn read(truth: Arc<Truth>) {
    let view = truth.world.outside();
    while !truth.is_over.load(SeqCst) {
        let least = truth.vouched.load(SeqCst);
        let read = name(&view, 1).await;
        let read: u32 = read.parse().expect("a number");
        assert!(read.is_multiple_of(2), "{read} was rolled back");
        assert!(read >= least, "{read}, though {least} was committed");
        yield_now().await;
    }
}
