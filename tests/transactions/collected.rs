//! What is invalidated inside of a transaction waits for its commit.

use crate::world::{Failed, PersonCache, View, World, hit, miss, rename, soon};
use cache_runtime::{Cache, Delivery, Invalidations, Route};
use std::future::Future;
use std::pin::Pin;

type Invalidate = fn(View) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Ways to invalidate `name:1`.
const ROUTES: [(&str, Invalidate); 9] = [
    ("annotated", |view| {
        Box::pin(async move { rename(&view, 1, "Grace").await.expect("it is written") })
    }),
    ("delete", |view| {
        Box::pin(async move { assert!(!view.world.cache.delete("name:1").await) })
    }),
    ("try_delete", |view| {
        Box::pin(async move {
            let deleted = view.world.cache.try_delete("name:1").await;
            assert!(!deleted.expect("nothing is wrong"));
        })
    }),
    ("delete_many", |view| {
        Box::pin(async move { assert_eq!(view.world.cache.delete_many(["a", "name:1"]).await, 0) })
    }),
    ("scope", |view| {
        Box::pin(collects(view, "name:*", Route::Scope))
    }),
    ("glob", |view| {
        Box::pin(collects(view, "n?me:1", Route::Scan))
    }),
    ("key", |view| Box::pin(collects(view, "name:1", Route::Key))),
    ("tags", |view| {
        Box::pin(async move {
            let done = view.world.cache.invalidate_tags(["x", "name-tag:1"]).await;
            assert_eq!(done.delivery, Delivery::Collected);
        })
    }),
    ("clear", |view| Box::pin(collects(view, "*", Route::Scope))),
];

async fn collects(view: View, pattern: &'static str, route: Route) {
    let done = view.world.cache.invalidate(pattern).await;
    assert_eq!(
        (done.route, done.removed, done.delivery),
        (route, None, Delivery::Collected)
    );
}

#[tokio::test]
async fn it_takes_effect_after_the_commit_and_not_before() {
    let world = World::new().await;
    for (route, invalidate) in ROUTES {
        world.writer.rename(1, "Ada");
        world.cache.clear().await;
        world.until_hit(1).await;
        world.begin();
        let mut invalidations = world.invalidations();
        world.writer.rename(1, "Grace");
        invalidations.collect(invalidate(world.inside())).await;
        let counted = world.cache.stats().invalidations;
        assert_eq!(world.read(1).await, hit("Ada"), "{route}");
        let committed = invalidations.commit(world.commit()).await;
        assert_eq!(committed, Ok(()), "{route}");
        assert!(world.cache.stats().invalidations > counted, "{route}");
        assert_eq!(world.read(1).await, miss("Grace"), "{route}");
    }
}

#[tokio::test]
async fn a_rollback_invalidates_nothing() {
    let world = World::new().await;
    world.until_hit(1).await;
    for (route, invalidate) in ROUTES {
        world.begin();
        let mut invalidations = world.invalidations();
        invalidations.collect(invalidate(world.inside())).await;
        world.rollback();
        let counted = world.cache.stats().invalidations;
        drop(invalidations);
        assert_eq!(world.cache.stats().invalidations, counted, "{route}");
        assert_eq!(world.read(1).await, hit("Ada"), "{route}");
    }
}

#[tokio::test]
async fn domain_caches_are_collected_too() {
    let world = World::new().await;
    let people = PersonCache::new(&world.cache);
    let mut invalidations = world.invalidations();
    invalidations
        .collect(async {
            assert!(!people.invalidate(&1).await);
            let by_team = people.invalidate_by_team(&7).await;
            assert_eq!(by_team.delivery, Delivery::Collected);
            people.invalidate_all().await;
        })
        .await;
    let lines = ["key person:1", "tag person:team:7", "pattern person:*"];
    assert_eq!(invalidations.lines_of(&world.cache), lines);
}

#[tokio::test]
async fn what_is_named_twice_is_kept_once() {
    let world = World::new().await;
    let mut invalidations = world.invalidations();
    invalidations
        .key("name:1")
        .tag("name:1")
        .pattern("name:1")
        .pattern("name:*");
    invalidations
        .collect(async {
            rename(&world.inside(), 1, "Grace")
                .await
                .expect("it is written");
            world.cache.delete_many(["name:1", "name:1"]).await;
            world.cache.invalidate("name:*").await;
        })
        .await;
    let lines = ["key name:1", "tag name:1", "pattern name:*"];
    assert_eq!(invalidations.lines_of(&world.cache), lines);
    assert_eq!(invalidations.len(), 3);
    let counted = world.cache.stats().invalidations;
    assert_eq!(invalidations.deliver().await, Delivery::Delivered);
    assert_eq!(world.cache.stats().invalidations, counted + 3);
}

#[tokio::test]
async fn who_asks_why_is_told_which_function_it_was() {
    let world = World::new().await;
    let (inside, mut invalidations) = (world.inside(), world.invalidations());
    let renamed = invalidations.collect(rename(&inside, 1, "Grace")).await;
    renamed.expect("it is written");
    let told = world.cache.explain("name:1").await.invalidations;
    assert!(told.is_empty(), "it has not happened yet");
    invalidations.deliver().await;
    let told = world.cache.explain("name:1").await.invalidations;
    assert!(told[0].by.ends_with("rename"), "{told:?}");
}

/// It may be committed all the same, with what the function had written before it failed.
#[tokio::test]
async fn what_a_failed_function_names_is_collected() {
    let world = World::new().await;
    world.until_hit(1).await;
    world.begin();
    let mut invalidations = world.invalidations();
    let inside = world.inside();
    let renamed = invalidations.collect(rename(&inside, 1, "nobody")).await;
    assert_eq!(renamed, Err(Failed));
    invalidations
        .commit(world.commit())
        .await
        .expect("it commits");
    assert_eq!(world.read(1).await, miss("nobody"));
    // Outside of a transaction an error means that nothing was written.
    let outside = world.outside();
    world.until_hit(1).await;
    rename(&outside, 1, "nobody").await.expect_err("it fails");
    assert_eq!(world.read(1).await, hit("nobody"));
}

#[tokio::test]
async fn what_was_collected_before_the_work_was_dropped_is_kept() {
    let world = World::new().await;
    let mut invalidations = world.invalidations();
    let work = async {
        world.cache.delete("name:1").await;
        // Inside of an annotated function, which has written and not returned.
        unending(&world.inside()).await;
    };
    let limit = std::time::Duration::from_millis(20);
    let ended = tokio::time::timeout(limit, invalidations.collect(work)).await;
    ended.expect_err("it does not end");
    let lines = ["key name:1", "tag names"];
    assert_eq!(invalidations.lines_of(&world.cache), lines);
}

#[cache_runtime::cache_invalidate(tags = ["names"], cache = view.world.cache)]
async fn unending(view: &View) {
    view.session.name(1);
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn inside_of_another_one_it_is_a_savepoint() {
    let world = World::new().await;
    let mut outer = world.invalidations();
    outer
        .collect(async {
            let mut given_up = world.invalidations();
            given_up.collect(world.cache.delete("given-up")).await;
            drop(given_up);
            let mut kept = world.invalidations();
            kept.collect(world.cache.delete("kept")).await;
            assert_eq!(kept.deliver().await, Delivery::Collected);
            world.cache.delete("after").await;
        })
        .await;
    assert_eq!(outer.lines_of(&world.cache), ["key kept", "key after"]);
}

#[tokio::test]
async fn each_cache_gets_its_own() {
    let world = World::new().await;
    let other = Cache::in_memory();
    other.set("name:1", 1).await;
    let mut invalidations = Invalidations::of(&other);
    invalidations.key("name:1");
    invalidations.collect(world.cache.delete("name:2")).await;
    assert_eq!(invalidations.lines_of(&world.cache), ["key name:2"]);
    assert_eq!(invalidations.lines_of(&other), ["key name:1"]);
    assert_eq!(invalidations.deliver().await, Delivery::Delivered);
    assert_eq!(other.get::<i32>("name:1").await, None);
}

#[tokio::test]
async fn work_of_other_tasks_is_not_part_of_it() {
    let world = World::new().await;
    world.until_hit(1).await;
    let mut invalidations = world.invalidations();
    let cache = world.cache.clone();
    let elsewhere = async { soon(tokio::spawn(async move { cache.delete("name:1").await })).await };
    assert!(invalidations.collect(elsewhere).await);
    assert!(invalidations.is_empty());
    assert_eq!(world.read(1).await, miss("Ada"));
}
