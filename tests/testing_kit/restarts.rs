//! Servers that come back as others.

use crate::app::{Db, read, write};
use cache_runtime::testing::{Network, assert_coherent, on};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(1);

#[tokio::test]
async fn with_another_replication_id_no_entry_of_before_is_valid() {
    let (network, db) = (Network::new(), Db::default());
    let (a, b) = (network.node("a").await, network.node("b").await);
    assert_eq!((db.warm(&a, 7).await, db.warm(&b, 7).await), (0, 0));
    let saved = network.save();
    on(&a, write(&db, 7, 1)).await;
    // What was deleted is there again: the entry, and the generations that vouch for it.
    network.restart_from(&saved);
    network.advance(SOON).await;
    assert_coherent!(network, read(&db, 7).await, 1);
    assert_eq!(db.runs(), 2, "once for both");
    db.value.store(2, SeqCst);
    assert_coherent!(network, read(&db, 7).await, 1);
}

#[tokio::test]
async fn a_server_that_comes_back_empty_or_with_everything_is_used_again() {
    let (network, db) = (Network::new(), Db::default());
    let a = network.node("a").await;
    for restart in [Network::restart, Network::restart_empty] {
        db.warm(&a, 7).await;
        let before = db.runs();
        restart(&network);
        network.advance(SOON).await;
        db.warm(&a, 7).await;
        assert_eq!(db.runs(), before + 1, "one miss");
    }
}

#[tokio::test]
async fn functions_run_while_the_server_is_down() {
    let (network, db) = (Network::new(), Db::default());
    let (a, b) = (network.node("a").await, network.node("b").await);
    assert_eq!((db.warm(&a, 7).await, db.warm(&b, 7).await), (0, 0));
    network.stop();
    on(&a, write(&db, 7, 1)).await;
    assert_eq!(a.stats().deferred, 1);
    assert_coherent!(network, read(&db, 7).await, 1);
    network.restart();
    network.advance(SOON).await;
    assert_coherent!(network, read(&db, 7).await, 1);
}

/// The news of a restart are behind the cut as well.
#[tokio::test]
async fn a_node_that_is_cut_off_is_not_told_of_a_restart() {
    let (network, db) = (Network::new(), Db::default());
    let (a, b) = (network.node("a").await, network.node("b").await);
    assert_eq!(db.warm(&b, 7).await, 0);
    network.cut("b");
    network.restart_empty();
    assert_eq!(on(&b, read(&db, 7)).await, 0);
    assert_eq!(db.runs(), 1, "from what it keeps");
    network.heal("b");
    network.advance(SOON).await;
    on(&a, write(&db, 7, 1)).await;
    assert_coherent!(network, read(&db, 7).await, 1);
}

#[tokio::test]
async fn what_is_evicted_or_flushed_makes_misses() {
    let (network, db) = (Network::new(), Db::default());
    let a = network.node("a").await;
    db.warm(&a, 7).await;
    assert_eq!(network.evict("nothing:*"), 0);
    for what in ["row:7", "~tag:rows", "~scope:*"] {
        let before = db.runs();
        assert!(network.evict(what) > 0, "{what}");
        network.settle().await;
        db.warm(&a, 7).await;
        assert_eq!(db.runs(), before + 1, "{what}");
    }
    let before = db.runs();
    network.flush();
    network.settle().await;
    db.warm(&a, 7).await;
    assert_eq!(db.runs(), before + 1);
}

#[tokio::test]
async fn scripts_that_are_forgotten_are_loaded_again() {
    let (network, db) = (Network::new(), Db::default());
    let a = network.node("a").await;
    network.forget_scripts();
    db.warm(&a, 7).await;
    assert_eq!(db.runs(), 1);
}
