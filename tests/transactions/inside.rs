//! Inside of a transaction a cache stands aside: nothing is served, joined or stored.

use crate::world::{Failed, Person, PersonCache, World, hit, miss, name, rename, soon};
use cache_runtime::cached;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use tokio::sync::Notify;

/// Also before anything was collected: its first write may have been a bare statement.
#[tokio::test]
async fn a_transaction_sees_its_own_writes() {
    let world = World::new().await;
    world.until_hit(1).await;
    world.begin();
    let inside = world.inside();
    let mut invalidations = world.invalidations();
    invalidations
        .collect(async {
            world.writer.rename(1, "Grace");
            assert_eq!(name(&inside, 1).await, "Grace");
            rename(&inside, 1, "Edith").await.expect("it is written");
            assert_eq!(name(&inside, 1).await, "Edith");
        })
        .await;
    assert_eq!(world.read(1).await, hit("Ada"));
    world.rollback();
}

#[tokio::test]
async fn what_it_has_read_is_not_stored() {
    let world = World::new().await;
    world.begin();
    let inside = world.inside();
    let mut invalidations = world.invalidations();
    invalidations
        .collect(async {
            rename(&inside, 1, "Grace").await.expect("it is written");
            assert_eq!(name(&inside, 1).await, "Grace");
        })
        .await;
    world.rollback();
    drop(invalidations);
    assert_eq!(
        world.read(1).await,
        miss("Ada"),
        "nobody ever had that name"
    );
}

/// Its snapshot is older than the invalidation, the generations that it would capture are younger.
#[tokio::test]
async fn what_it_has_read_from_an_old_snapshot_is_not_stored() {
    let world = World::new().await;
    let session = world.file.session();
    session.run("BEGIN");
    assert_eq!(session.name(1), "Ada");
    rename(&world.inside(), 1, "Grace")
        .await
        .expect("it is written and committed");
    let old = world.view(&session);
    let mut invalidations = world.invalidations();
    assert_eq!(invalidations.collect(name(&old, 1)).await, "Ada");
    session.run("COMMIT");
    assert_eq!(world.read(1).await, miss("Grace"));
}

/// A reading that waits until it is told to go on.
#[derive(Default)]
struct Held {
    begun: Notify,
    goes_on: Notify,
}

#[cached(cache = world.cache, key = "held", skip(world, held, answer))]
async fn held_reading(world: &World, held: &Held, answer: u32) -> u32 {
    world.runs.fetch_add(1, SeqCst);
    held.begun.notify_one();
    held.goes_on.notified().await;
    answer
}

#[tokio::test]
async fn it_joins_nothing_and_nobody_joins_it() {
    let world = World::new().await;
    let read = |answer: u32, is_inside: bool| {
        let (world, held) = (Arc::clone(&world), Arc::new(Held::default()));
        let task = tokio::spawn({
            let held = Arc::clone(&held);
            async move {
                let reading = held_reading(&world, &held, answer);
                if is_inside {
                    world.invalidations().collect(reading).await
                } else {
                    reading.await
                }
            }
        });
        (task, held)
    };
    for order in [[true, false], [false, true]] {
        world.cache.clear().await;
        let (first, one) = read(1, order[0]);
        one.begun.notified().await;
        let (second, other) = read(2, order[1]);
        // Had it joined, it would never begin.
        let begun = tokio::time::timeout(crate::world::PATIENCE, other.begun.notified()).await;
        begun.expect("it runs by itself");
        other.goes_on.notify_one();
        assert_eq!(soon(second).await, 2);
        one.goes_on.notify_one();
        assert_eq!(soon(first).await, 1);
    }
}

#[tokio::test]
async fn lookups_find_nothing() {
    let world = World::new().await;
    let (cache, people) = (&world.cache, PersonCache::new(&world.cache));
    let person = Person {
        id: 1,
        email: "a@b".to_owned(),
        team: 7,
    };
    assert!(people.put(&person).await);
    assert!(cache.set("n", 1).await);
    assert!(cache.contains("n").await && people.get(&1).await.is_some());
    let look = async {
        assert_eq!(cache.get::<i32>("n").await, None);
        let tried = cache.try_get::<i32>("n").await;
        assert_eq!(tried.expect("nothing is wrong"), None);
        assert_eq!(cache.get_many::<i32>(["n"]).await, [None]);
        assert!(!cache.contains("n").await);
        assert_eq!(cache.ttl("n").await, None);
        assert_eq!(people.get(&1).await, None);
        assert_eq!(people.by_email("a@b").await, None);
        assert_eq!(cache.get_or_set("n", || async { 2 }).await, 2);
    };
    world.invalidations().collect(look).await;
    assert_eq!(cache.get::<i32>("n").await, Some(1));
}

/// The outer function is not part of the transaction, but what it returns is made of it.
#[cached(cache = world.cache, key = "made-of-it", skip(world))]
async fn made_of_a_transaction(world: &Arc<World>) -> Result<String, Failed> {
    world.runs.fetch_add(1, SeqCst);
    let inside = world.inside();
    world.begin();
    let mut invalidations = world.invalidations();
    let read = invalidations
        .collect(async {
            rename(&inside, 1, "Grace").await?;
            Ok(name(&inside, 1).await)
        })
        .await;
    world.rollback();
    read
}

#[tokio::test]
async fn what_a_cached_function_makes_of_it_is_not_stored() {
    let world = World::new().await;
    for _ in 0..2 {
        let runs = world.runs();
        assert_eq!(made_of_a_transaction(&world).await.as_deref(), Ok("Grace"));
        assert_eq!(world.runs(), runs + 2);
    }
}

#[tokio::test]
async fn nor_what_it_makes_of_one_that_was_begun_elsewhere() {
    let world = World::new().await;
    let (inside, mut invalidations) = (world.inside(), world.invalidations());
    world.begin();
    world.writer.rename(1, "Grace");
    let work = invalidations.collect(name(&inside, 1));
    assert_eq!(world.cache.get_or_set("made-of-it", || work).await, "Grace");
    world.rollback();
    assert_eq!(world.cache.get::<String>("made-of-it").await, None);
}
