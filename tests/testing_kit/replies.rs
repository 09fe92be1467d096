//! Replies that are lost: a node that cannot know whether it was heard.

use crate::app::{Db, read, write, write_and_hang};
use cache_runtime::testing::{Network, assert_coherent, on};
use cache_runtime::{Builder, Consistency, Delivery};
use std::future::Future;
use std::sync::atomic::Ordering::SeqCst;
use std::task::Poll;
use std::time::Duration;

#[tokio::test]
async fn an_invalidation_whose_reply_is_lost_is_delivered_again() {
    let (network, db) = (Network::new(), Db::default());
    let (a, b) = (network.node("a").await, network.node("b").await);
    assert_eq!((db.warm(&a, 7).await, db.warm(&b, 7).await), (0, 0));
    network.lose_next_reply("a");
    on(&a, write(&db, 7, 1)).await;
    // Whether delivered or deferred, its own changes a node sees at once.
    assert_eq!(on(&a, read(&db, 7)).await, 1);
    network.advance(Duration::from_secs(1)).await;
    assert_coherent!(network, read(&db, 7).await, 1);
}

#[tokio::test]
async fn a_deferred_invalidation_is_delivered_after_healing_and_nothing_stale_is_served_between() {
    let (network, db) = (Network::new(), Db::default());
    let (a, b) = (network.node("a").await, network.node("b").await);
    assert_eq!((db.warm(&a, 7).await, db.warm(&b, 7).await), (0, 0));
    network.cut("a");
    db.value.store(1, SeqCst);
    let done = a.invalidate("row:7").await;
    assert_eq!(done.delivery, Delivery::Deferred);
    for _ in 0..20 {
        assert_eq!(on(&a, read(&db, 7)).await, 1, "not even its own entry");
        assert_eq!(on(&b, read(&db, 7)).await, 0, "nobody has told the others");
        network.advance(Duration::from_millis(100)).await;
    }
    network.heal("a");
    assert_eq!(a.flush(Duration::from_secs(5)).await, Delivery::Delivered);
    assert_coherent!(network, read(&db, 7).await, 1);
}

/// Nobody waits for the reply, nor for the command to be sent: what this node reads next comes after it all the same.
#[tokio::test]
async fn after_a_write_that_was_dropped_midway_nothing_stale_is_read_here() {
    for configure in [strict, bounded] {
        let (network, db) = (Network::new(), Db::default());
        let a = network.node_with("a", configure).await;
        assert_eq!(db.warm(&a, 7).await, 0);
        on(&a, async {
            // It has written when it is dropped.
            let mut hangs = std::pin::pin!(write_and_hang(&db, 7, 1));
            let polled = std::future::poll_fn(|context| Poll::Ready(hangs.as_mut().poll(context)));
            assert!(polled.await.is_pending());
        })
        .await;
        assert_eq!(on(&a, read(&db, 7)).await, 1);
    }
}

fn strict(builder: Builder) -> Builder {
    builder.consistency(Consistency::Strict)
}

fn bounded(builder: Builder) -> Builder {
    builder
}

/// Every command of a first read, a second one and an invalidation is lost once.
#[tokio::test]
async fn whichever_reply_is_lost_nothing_stale_is_read() {
    for lost in 0..12 {
        let (network, db) = (Network::new(), Db::default());
        let (a, b) = (network.node("a").await, network.node("b").await);
        let mut left = lost;
        for round in 1..=4_u32 {
            for node in [&a, &b] {
                if left == 0 {
                    network.lose_next_reply("a");
                }
                left -= 1;
                assert_eq!(on(node, read(&db, 7)).await, round - 1, "{lost}");
            }
            if left == 0 {
                network.lose_next_reply("a");
            }
            left -= 1;
            on(&a, write(&db, 7, round)).await;
            let delivered = a.flush(Duration::from_secs(5)).await;
            assert_eq!(delivered, Delivery::Delivered);
            assert_coherent!(network, read(&db, 7).await, round);
        }
    }
}
