//! `assert_coherent!`: what it accepts, and what it does not.

use crate::app::{Db, read, write};
use cache_runtime::testing::{Network, assert_coherent, on};
use cache_runtime::{Builder, Consistency};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

#[tokio::test]
async fn it_gives_a_bounded_node_behind_a_cut_until_its_bound() {
    let (network, db) = (Network::new(), Db::default());
    let short =
        |builder: Builder| builder.consistency(Consistency::Bounded(Duration::from_millis(500)));
    let (a, b) = (network.node("a").await, network.node_with("b", short).await);
    db.warm(&b, 7).await;
    network.cut("b");
    on(&a, write(&db, 7, 1)).await;
    let began = tokio::time::Instant::now();
    assert_coherent!(network, read(&db, 7).await, 1);
    let took = began.elapsed();
    assert!((500..=600).contains(&took.as_millis()), "{took:?}");
}

/// Nobody has invalidated anything.
#[tokio::test]
#[should_panic(
    expected = "`read(&db, 7).await` should be 1 on every node\n  b: 0, though nothing keeps news from it"
)]
async fn it_fails_where_an_invalidation_is_missing() {
    let (network, db) = (Network::new(), Db::default());
    let strict = |builder: Builder| builder.consistency(Consistency::Strict);
    let b = network.node("b").await;
    db.warm(&b, 7).await;
    db.value.store(1, SeqCst);
    let _a = network.node_with("a", strict).await;
    assert_coherent!(network, read(&db, 7).await, 1);
}

#[tokio::test]
#[should_panic(expected = "a: 0, and it is strict")]
async fn a_strict_node_has_to_know_at_once() {
    let (network, db) = (Network::new(), Db::default());
    let strict = |builder: Builder| builder.consistency(Consistency::Strict);
    let a = network.node_with("a", strict).await;
    db.warm(&a, 7).await;
    db.value.store(1, SeqCst);
    assert_coherent!(network, read(&db, 7).await, 1);
}

/// Nothing has invalidated anything: what is wrong is still so past the bound, if the network is slow.
#[tokio::test]
#[should_panic(expected = "b: 0, also past its bound of 2s")]
async fn no_bound_helps_what_was_never_invalidated() {
    let (network, db) = (Network::new(), Db::default());
    let b = network.node("b").await;
    db.warm(&b, 7).await;
    network.delay("b", Duration::from_millis(1));
    db.value.store(1, SeqCst);
    assert_coherent!(network, read(&db, 7).await, 1);
}

#[tokio::test]
#[should_panic(expected = "what a has invalidated is not delivered yet")]
async fn it_tells_of_what_is_not_delivered() {
    let (network, db) = (Network::new(), Db::default());
    let (a, b) = (network.node("a").await, network.node("b").await);
    db.warm(&b, 7).await;
    network.cut("a");
    on(&a, write(&db, 7, 1)).await;
    assert_coherent!(network, read(&db, 7).await, 1);
}

#[tokio::test]
#[should_panic(expected = "there is no node `c`; there are [\"a\"]")]
async fn a_node_of_another_name_is_named() {
    let network = Network::new();
    network.node("a").await;
    network.cut("c");
}
