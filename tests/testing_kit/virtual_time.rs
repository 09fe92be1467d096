//! Hours that pass in no time.

use crate::app::{Db, read};
use cache_runtime::testing::{self, Network, assert_cached, on};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// Generous for a machine under load: what it must not do is to wait.
const REAL_LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn entries_expire_after_hours_that_take_no_real_time() {
    let real = std::time::Instant::now();
    let (network, db) = (Network::new(), Db::default());
    let (a, b) = (network.node("a").await, network.node("b").await);
    for hour in 0..24 {
        assert_eq!((db.warm(&a, 7).await, db.warm(&b, 7).await), (0, 0));
        assert_eq!(db.runs(), hour + 1);
        network.skip(HOUR - Duration::from_secs(1)).await;
        on(&b, read(&db, 7)).await;
        assert_eq!(db.runs(), hour + 1, "a second before its end");
        network.advance(Duration::from_secs(2)).await;
    }
    println!("a day of two nodes: {:?}", real.elapsed());
    assert!(real.elapsed() < REAL_LIMIT);
}

#[tokio::test]
async fn a_link_that_nobody_breaks_stands_for_an_hour() {
    let real = std::time::Instant::now();
    let network = Network::new();
    let a = network.node("a").await;
    network.advance(HOUR).await;
    println!("every heartbeat of an hour: {:?}", real.elapsed());
    let coherence = a.stats().coherence.expect("bounded");
    assert_eq!((coherence.dropped, coherence.lag.is_some()), (0, true));
    network.skip(30 * 24 * HOUR).await;
    let coherence = a.stats().coherence.expect("bounded");
    assert_eq!(
        (coherence.dropped, coherence.lag.is_some()),
        (0, true),
        "nor by a jump"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_network_there_is_virtual_time_as_well() {
    let (cache, db) = (testing::cache(), Db::default());
    on(&cache, async {
        assert_cached!(read(&db, 7).await);
        tokio::time::advance(HOUR - Duration::from_secs(1)).await;
        assert_cached!(read(&db, 7).await);
        tokio::time::advance(Duration::from_secs(2)).await;
        read(&db, 7).await;
    })
    .await;
    assert_eq!(db.runs(), 2);
}

/// The clock is paused whoever does it.
#[tokio::test]
async fn a_network_pauses_the_clock_by_itself() {
    let real = std::time::Instant::now();
    let network = Network::new();
    network.advance(HOUR).await;
    assert!(real.elapsed() < REAL_LIMIT);
}

/// Nothing is ever settled then.
#[tokio::test]
async fn a_task_that_asks_without_end_is_not_waited_for() {
    let network = Network::new();
    let a = network.node("a").await;
    let asks = tokio::spawn(async move {
        loop {
            a.get::<u32>("nothing").await;
        }
    });
    network.settle().await;
    asks.abort();
    network.advance(HOUR / 60).await;
    assert!(network.asked("a") > 100);
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "virtual time needs a runtime with one thread")]
async fn with_several_threads_there_is_no_virtual_time() {
    let _network = Network::new();
}
