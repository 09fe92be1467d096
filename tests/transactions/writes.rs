//! What would be stored inside of a transaction is not committed: its key is invalidated instead, after the commit.

use crate::world::{Failed, Person, PersonCache, View, World, hit, miss, put};
use std::future::Future;
use std::pin::Pin;

type Store = fn(View) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Ways to store `Grace` under `name:1`.
const ROUTES: [(&str, Store); 7] = [
    ("annotated", |view| {
        Box::pin(async move { assert_eq!(put(&view, 1, "Grace").await.as_deref(), Ok("Grace")) })
    }),
    ("write_through", |view| {
        Box::pin(async move {
            let write = || async { Ok::<_, Failed>("Grace".to_owned()) };
            let written = view
                .world
                .cache
                .write_through("name:1", write)
                .tags(TAGS)
                .await;
            assert_eq!(written.as_deref(), Ok("Grace"));
        })
    }),
    ("a write_through that fails", |view| {
        Box::pin(async move {
            let write = || async { Err::<String, _>(Failed) };
            let written = view.world.cache.write_through("name:1", write).await;
            assert_eq!(written, Err(Failed));
        })
    }),
    ("set", |view| {
        Box::pin(async move { assert!(!view.world.cache.set("name:1", grace()).tags(TAGS).await) })
    }),
    ("try_set", |view| {
        Box::pin(async move {
            let set = view.world.cache.try_set("name:1", grace()).tags(TAGS);
            set.await.expect("nothing is wrong");
        })
    }),
    ("set_with", |view| {
        Box::pin(async move {
            let set = view.world.cache.set_with("name:1", || async { grace() });
            assert_eq!(set.tags(TAGS).await, "Grace");
        })
    }),
    ("set_many", |view| {
        Box::pin(async move {
            let ttl = std::time::Duration::from_secs(60);
            let stored = view.world.cache.set_many([("name:1", grace())], ttl).await;
            assert_eq!(stored, 0);
        })
    }),
];

const TAGS: [&str; 2] = ["names", "name-tag:1"];

fn grace() -> String {
    "Grace".to_owned()
}

#[tokio::test]
async fn a_rollback_leaves_what_was_there() {
    let world = World::new().await;
    world.until_hit(1).await;
    for (route, store) in ROUTES {
        world.begin();
        let mut invalidations = world.invalidations();
        invalidations.collect(store(world.inside())).await;
        assert_eq!(world.read(1).await, hit("Ada"), "{route}");
        world.rollback();
        drop(invalidations);
        assert_eq!(world.read(1).await, hit("Ada"), "{route}");
    }
}

#[tokio::test]
async fn a_commit_deletes_what_was_there() {
    let world = World::new().await;
    for (route, store) in ROUTES {
        world.writer.rename(1, "Ada");
        world.cache.clear().await;
        world.until_hit(1).await;
        world.begin();
        let mut invalidations = world.invalidations();
        world.writer.rename(1, "Grace");
        invalidations.collect(store(world.inside())).await;
        assert_eq!(
            invalidations.lines_of(&world.cache),
            ["key name:1"],
            "{route}"
        );
        invalidations
            .commit(world.commit())
            .await
            .expect("it commits");
        assert_eq!(world.read(1).await, miss("Grace"), "{route}");
    }
}

#[tokio::test]
async fn records_are_deleted_under_all_of_their_keys() {
    let world = World::new().await;
    let people = PersonCache::new(&world.cache);
    let person = |email: &str| Person {
        id: 1,
        email: email.to_owned(),
        team: 7,
    };
    let mut invalidations = world.invalidations();
    invalidations
        .collect(async {
            assert!(!people.put(&person("a@b")).await);
            assert_eq!(people.put_many(&[person("c@d")]).await, 0);
        })
        .await;
    let mut lines = invalidations.lines_of(&world.cache);
    lines.sort();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.contains(&"key person:1".to_owned()), "{lines:?}");
}

/// A refresh takes the place of what was there, which is older.
#[tokio::test]
async fn a_refresh_invalidates_what_it_cannot_replace() {
    let world = World::new().await;
    let people = PersonCache::new(&world.cache);
    let person = Person {
        id: 1,
        email: "a@b".to_owned(),
        team: 7,
    };
    let load = || async { Ok::<_, Failed>(Some(person.clone())) };
    let mut invalidations = world.invalidations();
    let loaded = invalidations.collect(people.get_or_load(&1, load)).await;
    assert_eq!(loaded.expect("it loads").as_ref(), Some(&person));
    assert!(invalidations.is_empty(), "a read invalidates nothing");
    let refreshed = invalidations.collect(people.refresh(&1, load)).await;
    assert_eq!(refreshed.expect("it loads").as_ref(), Some(&person));
    assert_eq!(invalidations.lines_of(&world.cache), ["key person:1"]);
}
