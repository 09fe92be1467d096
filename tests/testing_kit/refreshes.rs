//! What other nodes do between two steps of a call that has an older value: of one that refreshes it in the background, and
//! of one that waits.

use crate::source::{Broken, Source};
use cache_runtime::testing::{Network, on};
use cache_runtime::{Cache, Ttl, cached};
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long what is sent to a node, or by it, is under way: less than its patience.
const DELAY: Duration = Duration::from_millis(20);

#[cached(ttl = "1m", swr = "1h", key = "rate", skip(source))]
async fn rate(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

#[cached(ttl = "1m", stale_if_error = "1h", throttle = "1h", key = "price", tags = ["prices"], skip(source))]
async fn price(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(ttl = "1m", stale_if_error = "1h", throttle = "1h", key = "panics", tags = ["prices"], skip(source))]
async fn panics(source: &Source) -> Result<u32, Broken> {
    Ok(source.read().await.expect("it panics where it is broken"))
}

/// A call in a task of its own.
fn spawn<T: Send + 'static>(
    node: &Cache,
    call: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    let node = node.clone();
    tokio::spawn(async move { on(&node, call).await })
}

async fn is_past_its_time(network: &Network) {
    network.skip(Duration::from_secs(61)).await;
}

/// Who looks for what it is to refresh, and finds that it is fresh, leaves it.
#[tokio::test]
async fn what_another_node_has_replaced_is_not_refreshed() {
    let network = Network::new();
    let (a, b) = (network.node("a").await, network.node("b").await);
    let source = Source::behind(&a);
    assert_eq!(on(&a, rate(&source)).await, 1);
    is_past_its_time(&network).await;
    assert_eq!(on(&a, rate(&source)).await, 1);
    // The refresh has not begun. When it does, its question is under way for a while.
    network.cut("a");
    assert!(b.set("rate", 5u32).ttl(Ttl::mins(1)).await);
    network.advance(DELAY).await;
    network.heal("a");
    network.advance(DELAY).await;
    assert_eq!(source.runs(), 1);
    for node in [&a, &b] {
        assert_eq!(on(node, rate(&source)).await, 5);
    }
}

#[cached(ttl = "1m", swr = "1h", key = "tagged", tags = ["prices"], skip(source))]
async fn tagged(source: &Source) -> u32 {
    source.read().await.expect("not broken here")
}

/// Nor does it compute what nobody wants any more: what has ended after it has looked, it finds out with the lease in hand.
#[tokio::test]
async fn what_another_node_has_invalidated_is_not_refreshed() {
    let network = Network::new();
    let (a, b) = (network.node("a").await, network.node("b").await);
    let source = Source::behind(&a);
    assert_eq!(on(&a, tagged(&source)).await, 1);
    is_past_its_time(&network).await;
    assert_eq!(on(&a, tagged(&source)).await, 1);
    // The refresh looks now, and what it finds is under way.
    network.delay("a", DELAY);
    network.advance(DELAY / 2).await;
    b.invalidate_tag("prices").await;
    network.advance(10 * DELAY).await;
    network.heal("a");
    assert_eq!(source.runs(), 1);
    source.write(2);
    assert_eq!(on(&b, tagged(&source)).await, 2);
}

#[cached(
    ttl = "1m",
    stale_if_error = "1h",
    soft_timeout = "1s",
    throttle = "1m",
    key = "soft",
    skip(source)
)]
async fn soft(source: &Source) -> Result<u32, Broken> {
    source.read().await
}

#[cached(ttl = "1h", key = "of-soft", skip(source))]
async fn of_soft(source: &Source) -> Result<u32, Broken> {
    Ok(10 * soft(source).await?)
}

/// Its part has an answer, and gives up waiting for nothing that would be missing in it.
#[tokio::test]
async fn what_is_made_of_an_old_value_while_another_node_computes_is_kept_for_a_while() {
    let network = Network::new();
    let (a, b) = (network.node("a").await, network.node("b").await);
    let source = Source::behind(&a);
    assert_eq!(on(&a, soft(&source)).await, Ok(1));
    is_past_its_time(&network).await;
    source.write(2);
    source.hold();
    let other = spawn(&b, {
        let source = source.clone();
        async move { soft(&source).await }
    });
    source.has_read().await;
    assert_eq!(on(&a, of_soft(&source)).await, Ok(10));
    assert!(a.contains("of-soft").await);
    source.let_go();
    assert_eq!(other.await.expect("no panic"), Ok(1), "after its limit");
    is_past_its_time(&network).await;
    assert_eq!(on(&a, of_soft(&source)).await, Ok(20));
}

/// While one node refreshes, others that serve the old value ask whether they may as well; not at each call.
#[tokio::test]
async fn a_node_that_finds_another_at_it_does_not_ask_again_at_once() {
    const CALLS: u64 = 50;
    let network = Network::new();
    let (a, b) = (network.node("a").await, network.node("b").await);
    let source = Source::behind(&a);
    assert_eq!(on(&b, rate(&source)).await, 1);
    is_past_its_time(&network).await;
    source.hold();
    assert_eq!(on(&b, rate(&source)).await, 1);
    source.has_read().await;
    let asked = network.asked("a");
    for _ in 0..CALLS {
        assert_eq!(on(&a, rate(&source)).await, 1);
        network.settle().await;
    }
    let asked = network.asked("a") - asked;
    assert!(asked < 2 * CALLS, "{asked} commands for {CALLS} calls");
    assert_eq!(source.runs(), 2);
    source.let_go();
}

/// "What was invalidated does not stand in": nor for a call that had found it valid, and has waited since for somebody in its
/// own process.
#[tokio::test]
async fn what_is_invalidated_while_a_call_waits_for_another_does_not_stand_in() {
    let network = Network::new();
    let (a, b) = (network.node("a").await, network.node("b").await);
    let source = Source::behind(&a);
    let call = |source: Source| async move { panics(&source).await };
    assert_eq!(on(&a, panics(&source)).await, Ok(1));
    is_past_its_time(&network).await;
    source.breaks();
    source.hold();
    let first = spawn(&a, call(source.clone()));
    source.has_read().await;
    let waits = spawn(&a, call(source.clone()));
    network.settle().await;
    network.delay("a", DELAY);
    source.let_go();
    source.recovers();
    source.write(2);
    network.settle().await;
    b.invalidate_tag("prices").await;
    assert!(first.await.is_err(), "its caller has the panic");
    assert_eq!(waits.await.expect("no panic"), Ok(2));
}

/// The same for one that has waited for another node.
#[tokio::test]
async fn what_is_invalidated_while_a_call_waits_for_another_node_does_not_stand_in() {
    let network = Network::new();
    let (a, b) = (network.node("a").await, network.node("b").await);
    let source = Source::behind(&a);
    let call = |source: Source| async move { price(&source).await };
    assert_eq!(on(&a, price(&source)).await, Ok(1));
    is_past_its_time(&network).await;
    source.breaks();
    source.hold();
    let first = spawn(&b, call(source.clone()));
    source.has_read().await;
    let waits = spawn(&a, call(source.clone()));
    network.settle().await;
    network.delay("a", DELAY);
    source.let_go();
    source.recovers();
    source.write(2);
    assert_eq!(first.await.expect("no panic"), Ok(1), "it failed");
    b.invalidate_tag("prices").await;
    assert_eq!(waits.await.expect("no panic"), Ok(2));
}
