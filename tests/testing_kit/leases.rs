//! One computation among all nodes, and what becomes of it when its node fails.

use crate::app::{Db, read};
use cache_runtime::testing::{Network, on};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn of_all_nodes_one_computes() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let network = Network::new();
    let mut calls = Vec::new();
    for name in ["a", "b", "c", "d"] {
        let node = network.node(name).await;
        calls.push(tokio::spawn(async move {
            node.get_or_set("slow", || async {
                tokio::time::sleep(Duration::from_secs(5)).await;
                RUNS.fetch_add(1, SeqCst)
            })
            .await
        }));
    }
    for call in calls {
        assert_eq!(call.await.expect("it returns"), 0);
    }
    assert_eq!(RUNS.load(SeqCst), 1);
}

/// Nobody renews its lease any more, so that expires.
#[tokio::test]
async fn a_leader_behind_a_cut_is_waited_for_until_its_lease_expires() {
    let (network, db) = (Network::new(), Arc::new(Db::default()));
    let (a, b) = (network.node("a").await, network.node("b").await);
    let leads = {
        let node = a.clone();
        tokio::spawn(async move { node.get_or_set("row:7", std::future::pending::<u32>).await })
    };
    network.advance(Duration::from_millis(10)).await;
    network.cut("a");
    leads.abort();
    let began = Instant::now();
    assert_eq!(on(&b, read(&db, 7)).await, 0);
    let waited = began.elapsed();
    assert!((2..=4).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(db.runs(), 1);
    assert_eq!(on(&b, read(&db, 7)).await, 0);
    assert_eq!(db.runs(), 1, "and it was stored");
}

/// The lease is given back, and that is heard of.
#[tokio::test]
async fn a_leader_that_gives_up_is_followed_at_once() {
    let (network, db) = (Network::new(), Arc::new(Db::default()));
    let (a, b) = (network.node("a").await, network.node("b").await);
    let leads = {
        let node = a.clone();
        tokio::spawn(async move { node.get_or_set("row:7", std::future::pending::<u32>).await })
    };
    network.settle().await;
    let (node, of) = (b.clone(), Arc::clone(&db));
    let follows = tokio::spawn(async move { on(&node, read(&of, 7)).await });
    network.advance(Duration::from_millis(100)).await;
    let began = Instant::now();
    leads.abort();
    assert_eq!(follows.await.expect("it returns"), 0);
    assert!(
        began.elapsed() < Duration::from_millis(10),
        "{:?}",
        began.elapsed()
    );
}
