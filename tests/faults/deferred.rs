//! Invalidations that the server could not be told, or of which nobody knows whether it was.

use crate::world::{By, Database, PATIENCE, Process, proxied};
use cache_runtime::{Delivery, key};
use std::time::{Duration, Instant};
use test_servers::wait_until;

const ROUTES: [By; 3] = [By::Tag, By::Key, By::Scope];

#[tokio::test]
async fn they_are_delivered_before_anything_is_served() {
    for by in ROUTES {
        let database = Database::new();
        let (server, proxy, process) = proxied(&database).await;
        let other = Process::patient(server.url(), &database).await;
        process.until_hit(7).await;
        proxy.refuse();
        proxy.cut();
        process.until_lost().await;
        assert_eq!(process.write(7, by).await, Delivery::Deferred, "{by:?}");
        let redis = process.cache.health().await.redis.expect("there is one");
        assert!(redis.queued_invalidations > 0, "{by:?}");
        assert_eq!(
            other.read(7).await.value,
            1,
            "{by:?}: the others could not be told"
        );
        proxy.heal();
        // Every one of these reads is held against the invalidation.
        process.until_hit(7).await;
        assert!(
            process.is_connected().await,
            "{by:?}: nothing is queued any more"
        );
        assert_eq!(
            other.read(7).await.value,
            2,
            "{by:?}: now they have been told"
        );
    }
}

#[tokio::test]
async fn a_program_that_ends_can_wait_for_them() {
    let (_server, proxy, process) = proxied(&Database::new()).await;
    let (cache, briefly) = (&process.cache, Duration::from_millis(20));
    assert_eq!(
        cache.flush(briefly).await,
        Delivery::Delivered,
        "there are none"
    );
    proxy.refuse();
    proxy.cut();
    process.until_lost().await;
    assert_eq!(process.write(7, By::Tag).await, Delivery::Deferred);
    assert_eq!(cache.stats().deferred, 1);
    assert_eq!(cache.flush(briefly).await, Delivery::Deferred);
    proxy.heal();
    assert_eq!(cache.flush(PATIENCE).await, Delivery::Delivered);
    let redis = cache.health().await.redis.expect("there is one");
    assert_eq!(redis.queued_invalidations, 0);
}

#[tokio::test]
async fn an_annotated_writer_that_could_not_tell_is_heard_later_too() {
    let database = Database::new();
    let (_server, proxy, process) = proxied(&database).await;
    process.until_hit(7).await;
    proxy.refuse();
    proxy.cut();
    process.rewrite(7).await;
    assert_eq!(process.read(7).await.value, 2);
    proxy.heal();
    process.until_hit(7).await;
}

#[tokio::test]
async fn one_whose_acknowledgement_got_lost_is_not_called_delivered() {
    for by in ROUTES {
        let database = Database::new();
        let (_server, proxy, process) = proxied(&database).await;
        process.until_hit(7).await;
        proxy.drop_replies();
        assert_eq!(process.write(7, by).await, Delivery::Deferred, "{by:?}");
        for _ in 0..10 {
            assert_eq!(process.read(7).await.value, 2, "{by:?}");
        }
        proxy.heal();
        process.until_hit(7).await;
    }
}

#[tokio::test]
async fn nor_one_that_never_arrived() {
    for by in ROUTES {
        let database = Database::new();
        let (_server, proxy, process) = proxied(&database).await;
        process.until_hit(7).await;
        proxy.drop_requests();
        assert_eq!(process.write(7, by).await, Delivery::Deferred, "{by:?}");
        for _ in 0..10 {
            assert_eq!(process.read(7).await.value, 2, "{by:?}");
        }
        proxy.heal();
        process.until_hit(7).await;
    }
}

/// A pattern that has to be looked for ends more than was asked for, if the search could not be brought to its end.
#[tokio::test]
async fn a_pattern_that_could_not_be_looked_for_is_made_up_for() {
    let database = Database::new();
    let (_server, proxy, process) = proxied(&database).await;
    process.until_hit(7).await;
    proxy.refuse();
    proxy.cut();
    process.until_lost().await;
    database.write(7);
    let invalidated = process.cache.invalidate("r?w:7").await;
    assert_eq!(invalidated.delivery, Delivery::Deferred);
    assert_eq!(invalidated.removed, None);
    assert_eq!(process.read(7).await.value, 2);
    proxy.heal();
    wait_until("a read is a hit", PATIENCE, || async {
        let call = process.read(7).await;
        assert_eq!(call.value, 2);
        !call.ran
    })
    .await;
}

#[tokio::test]
async fn whoever_invalidates_is_not_kept_waiting_for_longer_than_the_limit() {
    let database = Database::new();
    let (_server, proxy, process) = proxied(&database).await;
    for by in ROUTES {
        process.until_connected().await;
        process.until_hit(7).await;
        proxy.hang();
        let began = Instant::now();
        assert_eq!(process.write(7, by).await, Delivery::Deferred, "{by:?}");
        // The limit is half a second.
        let took = began.elapsed();
        assert!(took < Duration::from_millis(800), "{by:?}: {took:?}");
        proxy.heal();
    }
}

/// A future that is dropped has nobody to tell, and its invalidation counts all the same.
#[tokio::test]
async fn one_whose_caller_has_gone_is_delivered_before_anything_is_served() {
    let database = Database::new();
    let (_server, proxy, process) = proxied(&database).await;
    process.until_hit(7).await;
    proxy.hang();
    let version = database.write(7);
    let invalidation = process.cache.invalidate_tag("row-tag:7");
    let given_up = tokio::time::timeout(Duration::from_millis(20), invalidation).await;
    assert!(given_up.is_err(), "it waits for the reply");
    assert_eq!(process.read(7).await.value, version);
    proxy.heal();
    wait_until("a read is a hit", PATIENCE, || async {
        let call = process.read(7).await;
        assert_eq!(call.value, version);
        !call.ran
    })
    .await;
}

/// More of them than anybody can keep in mind end everything.
#[tokio::test]
async fn too_many_of_them_end_more_than_was_asked_for_and_never_less() {
    let database = Database::new();
    let (_server, proxy, process) = proxied(&database).await;
    process.until_hit(7).await;
    process.until_hit(8).await;
    proxy.refuse();
    proxy.cut();
    process.until_lost().await;
    assert_eq!(process.write(7, By::Tag).await, Delivery::Deferred);
    for n in 0..20_000 {
        process.cache.invalidate_tag(key!("other:{n}")).await;
    }
    let redis = process.cache.health().await.redis.expect("there is one");
    assert!(
        redis.queued_invalidations <= 10_000,
        "{}",
        redis.queued_invalidations
    );
    proxy.heal();
    process.until_connected().await;
    assert_eq!(process.read(7).await.value, 2);
    assert!(process.read(8).await.ran, "more than was asked for");
    process.until_hit(7).await;
}
