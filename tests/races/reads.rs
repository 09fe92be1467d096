//! Reading through, against every route of invalidation.

use crate::backend::{JOINS_AT_ONCE, SLOWNESS};
use crate::world::{World, read, soon};
use cache_runtime::{Cache, key};
use std::future::Future;
use std::pin::Pin;

type Invalidation = fn(&Cache) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

/// Every way in which the entry `number:7` can be invalidated.
const ROUTES: [(&str, Invalidation); 12] = [
    ("its key", |cache| {
        Box::pin(async {
            cache.delete("number:7").await;
        })
    }),
    ("its key among many", |cache| {
        Box::pin(async {
            cache.delete_many(["x", "number:7"]).await;
        })
    }),
    ("its key as a pattern", |cache| {
        Box::pin(async {
            cache.invalidate(key!("number:{7}")).await;
        })
    }),
    ("its scope", |cache| {
        Box::pin(async {
            cache.invalidate("number:*").await;
        })
    }),
    ("the root", |cache| {
        Box::pin(async {
            cache.invalidate("*").await;
        })
    }),
    ("everything", |cache| {
        Box::pin(async {
            cache.clear().await;
        })
    }),
    ("a scan", |cache| {
        Box::pin(async {
            cache.invalidate("num*r:?").await;
        })
    }),
    ("a class", |cache| {
        Box::pin(async {
            cache.invalidate("number:[0-9]").await;
        })
    }),
    ("a tag with a value", |cache| {
        Box::pin(async {
            cache.invalidate_tag("tag:7").await;
        })
    }),
    ("a plain tag", |cache| {
        Box::pin(async {
            cache.invalidate_tag("numbers").await;
        })
    }),
    ("tags", |cache| {
        Box::pin(async {
            cache.invalidate_tags(["other", "numbers"]).await;
        })
    }),
    ("its key, twice", |cache| {
        Box::pin(async {
            cache.delete("number:7").await;
            cache.delete("number:7").await;
        })
    }),
];

#[tokio::test]
async fn a_reader_that_started_before_the_invalidation_never_stores() {
    for (route, invalidate) in ROUTES {
        let world = World::new().await;
        let early = world.held_reader().await;
        world.write(2);
        invalidate(&world.cache).await;
        world.let_go(1);
        assert_eq!(soon(early).await, 1, "{route}: it has what it read");
        assert_eq!(
            world.reader().await,
            2,
            "{route}: the next reader computes afresh"
        );
        assert_eq!(world.runs(), 2, "{route}");
        assert_eq!(world.reader().await, 2, "{route}: and that is stored");
        assert_eq!(world.runs(), 2, "{route}");
        assert_eq!(
            world.cache.stats().function("read").map(|f| f.fenced),
            Some(1),
            "{route}"
        );
    }
}

#[tokio::test]
async fn a_follower_that_comes_after_the_invalidation_does_not_get_the_old_value() {
    for (route, invalidate) in ROUTES {
        let world = World::new().await;
        let early = world.held_reader().await;
        let joined = world.spawn(|world| async move { read(&world, 7).await });
        tokio::task::yield_now().await;
        world.write(2);
        invalidate(&world.cache).await;
        let late = world.spawn(|world| async move { read(&world, 7).await });
        world.have_read(1).await;
        // One that has not joined yet computes on its own, and may be fenced as well.
        let runs = if JOINS_AT_ONCE { 2 } else { 3 };
        world.let_go(runs);
        assert_eq!(soon(early).await, 1, "{route}");
        let joined = soon(joined).await;
        assert!(joined == 1 || !JOINS_AT_ONCE, "{route}: it came before");
        assert_eq!(soon(late).await, 2, "{route}: it came after");
        assert!(world.runs() <= runs, "{route}");
        assert_eq!(world.reader().await, 2, "{route}");
    }
}

#[tokio::test]
async fn an_early_reader_that_ends_last_does_not_overwrite_the_new_value() {
    for (route, invalidate) in ROUTES {
        let world = World::new().await;
        let early = world.held_reader().await;
        world.write(2);
        invalidate(&world.cache).await;
        // The permit goes to whoever waits first, which is the early reader; so the late one asks by itself.
        let fresh = world
            .cache
            .get_or_set("number:7", || async { 2 })
            .tags(["tag:7", "numbers"])
            .await;
        assert_eq!(fresh, 2);
        world.let_go(1);
        soon(early).await;
        assert_eq!(world.reader().await, 2, "{route}");
    }
}

#[tokio::test]
async fn a_hit_is_gone_after_every_route() {
    for (route, invalidate) in ROUTES {
        let world = World::new().await;
        assert_eq!(world.reader().await, 1);
        world.write(2);
        assert_eq!(world.reader().await, 1, "{route}: it is a hit");
        invalidate(&world.cache).await;
        assert_eq!(world.reader().await, 2, "{route}");
    }
}

#[tokio::test]
async fn what_was_evicted_while_it_was_invalidated_does_not_come_back() {
    let world = World::new().await;
    let early = world.held_reader().await;
    let filler = 200_000 / SLOWNESS.pow(3);
    for n in 0..filler {
        world.cache.set(key!("filler:{n}"), n).await;
    }
    world.write(2);
    world.cache.invalidate_tag("numbers").await;
    for n in 0..filler {
        world.cache.set(key!("filler:{n}"), n).await;
    }
    world.let_go(1);
    soon(early).await;
    assert_eq!(world.reader().await, 2);
}

#[tokio::test]
async fn others_are_left_alone() {
    let world = World::new().await;
    assert_eq!(world.reader().await, 1);
    world.write(2);
    world.cache.delete("number:8").await;
    world.cache.invalidate("numbers:*").await;
    world.cache.invalidate("number:7:*").await;
    world.cache.invalidate_tag("number:7").await;
    world.cache.invalidate("tag:*").await;
    world.cache.invalidate("number:\\*").await;
    assert_eq!(world.reader().await, 1);
}
