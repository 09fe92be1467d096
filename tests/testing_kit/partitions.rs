//! A network that says nothing.

use crate::app::{Db, at_once, read, read_strictly, write, write_all};
use cache_runtime::testing::{Network, on};
use cache_runtime::{Builder, Cache, Consistency};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const BOUNDS: [Duration; 3] = [
    Duration::from_millis(300),
    Duration::from_millis(500),
    Duration::from_secs(2),
];
const STEP: Duration = Duration::from_millis(5);

/// How often a node serves the old value from here on, which is never past its bound.
async fn old_hits(node: &Cache, db: &Db, bound: Duration) -> u32 {
    let invalidated = tokio::time::Instant::now();
    let mut old = 0;
    while invalidated.elapsed() < 2 * bound {
        let began = invalidated.elapsed();
        if on(node, read(db, 7)).await == 0 {
            assert!(
                began <= bound,
                "{began:?} after it, with a bound of {bound:?}"
            );
            old += 1;
        }
        tokio::time::sleep(STEP).await;
    }
    old
}

/// Every few milliseconds of a partition: what is served from the node, and how old it is.
#[tokio::test(start_paused = true)]
async fn no_hit_is_older_than_the_bound_after_a_cut_and_there_are_hits_again_after_healing() {
    for bound in BOUNDS {
        let (network, db) = (Network::new(), Db::default());
        let bounded = |builder: Builder| builder.consistency(Consistency::Bounded(bound));
        let (a, b) = (
            network.node("a").await,
            network.node_with("b", bounded).await,
        );
        assert_eq!(db.warm(&b, 7).await, 0);
        network.cut("b");
        on(&a, write(&db, 7, 1)).await;
        let old = old_hits(&b, &db, bound).await;
        assert!(old > 10, "it was kept for a while: {old}");
        network.heal("b");
        network.advance(Duration::from_secs(1)).await;
        assert_eq!(db.warm(&b, 7).await, 1);
        let asked = network.asked("b");
        for _ in 0..100 {
            assert_eq!(at_once(on(&b, read(&db, 7))).await, Some(1));
        }
        assert_eq!(network.asked("b"), asked, "hits again, that ask nobody");
    }
}

/// An answer that was long under way tells nothing of what happened meanwhile. Wherever the heartbeat is just then.
#[tokio::test]
async fn behind_a_slow_network_that_is_cut_age_counts_from_the_question() {
    let bound = Duration::from_millis(400);
    let slow = |builder: Builder| {
        let builder = builder.consistency(Consistency::Bounded(bound));
        builder.operation_timeout(Duration::from_secs(1))
    };
    for phase in (0..240).step_by(20) {
        let (network, db) = (Network::new(), Db::default());
        let (a, b) = (network.node("a").await, network.node_with("b", slow).await);
        network.delay("b", Duration::from_millis(120));
        network.advance(Duration::from_millis(2_000 + phase)).await;
        assert_eq!(db.warm(&b, 7).await, 0);
        on(&a, write(&db, 7, 1)).await;
        let invalidated = tokio::time::Instant::now();
        network.advance(Duration::from_millis(100)).await;
        assert_eq!(
            at_once(on(&b, read(&db, 7))).await,
            Some(0),
            "it has not heard yet"
        );
        network.cut("b");
        old_hits(&b, &db, bound - invalidated.elapsed()).await;
    }
}

#[tokio::test]
async fn news_come_at_once_where_nothing_is_wrong() {
    let (network, db) = (Network::new(), Db::default());
    let (a, b) = (network.node("a").await, network.node("b").await);
    assert_eq!(db.warm(&b, 7).await, 0);
    on(&a, write_all(&db, 1)).await;
    network.settle().await;
    assert_eq!(at_once(on(&b, read(&db, 7))).await, Some(1));
}

#[tokio::test]
async fn late_news_are_late_by_the_delay() {
    let (network, db) = (Network::new(), Db::default());
    let patient = |builder: Builder| builder.operation_timeout(Duration::from_secs(1));
    let (a, b) = (
        network.node("a").await,
        network.node_with("b", patient).await,
    );
    assert_eq!(db.warm(&b, 7).await, 0);
    network.delay("b", Duration::from_millis(300));
    on(&a, write(&db, 7, 1)).await;
    network.advance(Duration::from_millis(299)).await;
    assert_eq!(on(&b, read(&db, 7)).await, 0, "it has not heard yet");
    network.advance(Duration::from_millis(1)).await;
    assert_eq!(on(&b, read(&db, 7)).await, 1);
}

/// Cut off it asks the server, in vain, and runs the function.
#[tokio::test]
async fn a_strict_read_behind_a_cut_serves_nothing_that_is_kept() {
    let (network, db) = (Network::new(), Db::default());
    let strict = |builder: Builder| builder.consistency(Consistency::Strict);
    let (a, b) = (
        network.node("a").await,
        network.node_with("b", strict).await,
    );
    let c = network.node("c").await;
    for node in [&b, &c] {
        assert_eq!(db.warm(node, 7).await, 0);
        assert_eq!(on(node, read_strictly(&db, 7)).await, 0);
    }
    network.cut("b");
    network.cut("c");
    on(&a, write_all(&db, 1)).await;
    for node in [&b, &c] {
        assert_eq!(on(node, read_strictly(&db, 7)).await, 1);
    }
}

/// What a node has sent before it gave its connection up arrives when the partition ends.
#[tokio::test]
async fn a_value_that_was_computed_behind_a_cut_is_not_stored_over_an_invalidation() {
    let (network, db) = (Network::new(), Db::default());
    let (a, b) = (network.node("a").await, network.node("b").await);
    let early = tokio::spawn(on(&b, async move {
        let cut = db;
        let value = cache_runtime::Cache::global()
            .get_or_set("slow", || async {
                let value = cut.value.load(SeqCst);
                tokio::time::sleep(Duration::from_millis(200)).await;
                value
            })
            .await;
        (value, cut)
    }));
    network.advance(Duration::from_millis(100)).await;
    network.cut("b");
    // The fill is sent into the cut, and the invalidation comes before it.
    network.advance(Duration::from_millis(120)).await;
    a.invalidate("slow").await;
    network.heal("b");
    let (value, _db) = early.await.expect("it returns");
    assert_eq!(value, 0);
    network.advance(Duration::from_secs(2)).await;
    for node in [&a, &b] {
        assert_eq!(node.get::<u32>("slow").await, None);
    }
}
