//! `set`, `set_with`, `write_through`, `#[cache_put]` and refreshes, against loaders and each other.

use crate::world::{World, read, soon};
use cache_runtime::{Cache, cache_invalidate, cache_put};
use std::sync::atomic::Ordering::SeqCst;

const TAGS: [&str; 2] = ["tag:7", "numbers"];

#[tokio::test]
async fn a_loader_that_began_before_a_set_does_not_overwrite_it() {
    let world = World::new().await;
    let early = world.held_reader().await;
    world.write(2);
    assert!(world.cache.set("number:7", 2u32).tags(TAGS).await);
    world.let_go(1);
    assert_eq!(soon(early).await, 1);
    assert_eq!(world.reader().await, 2);
    assert_eq!(world.runs(), 1);
}

#[tokio::test]
async fn set_with_does_not_store_what_was_invalidated_while_it_was_computed() {
    let world = World::new().await;
    let early = world.spawn(|world| async move {
        let compute = || world.read_slowly();
        world.cache.set_with("number:7", compute).tags(TAGS).await
    });
    world.have_read(1).await;
    world.write(2);
    world.cache.invalidate_tag("numbers").await;
    world.let_go(1);
    assert_eq!(soon(early).await, 1);
    assert_eq!(world.reader().await, 2);
}

#[tokio::test]
async fn a_loader_that_began_before_a_write_through_is_fenced_by_it() {
    let world = World::new().await;
    let loader = world.held_reader().await;
    let write = || async {
        world.write(2);
        Ok::<_, String>(2u32)
    };
    let written = world
        .cache
        .write_through("number:7", write)
        .tags(TAGS)
        .await;
    assert_eq!(written, Ok(2));
    world.let_go(1);
    assert_eq!(soon(loader).await, 1);
    assert_eq!(world.reader().await, 2);
    assert_eq!(world.runs(), 1);
}

#[tokio::test]
async fn a_loader_that_reads_before_the_write_and_stores_during_it_is_superseded() {
    let world = World::new().await;
    let writer = world.spawn(|world| async move {
        let write = || async {
            let before = world.read_slowly().await;
            world.write(before + 1);
            Ok::<_, String>(before + 1)
        };
        world
            .cache
            .write_through("number:7", write)
            .tags(TAGS)
            .await
    });
    world.have_read(1).await;
    // Two permits: one for the writer, which waits already, so this reader waits behind it.
    let reader = world.spawn(|world| async move { read(&world, 7).await });
    world.have_read(1).await;
    world.let_go(2);
    assert_eq!(soon(writer).await, Ok(2));
    assert_eq!(soon(reader).await, 1);
    assert_eq!(world.reader().await, 2);
}

#[tokio::test]
async fn of_two_writers_that_overlap_neither_leaves_an_old_value() {
    let world = World::new().await;
    let first = world.spawn(|world| async move {
        let write = || async {
            world.write(2);
            world.read_slowly().await;
            Ok::<_, String>(2u32)
        };
        world
            .cache
            .write_through("number:7", write)
            .tags(TAGS)
            .await
    });
    world.have_read(1).await;
    let second = || async {
        world.write(3);
        Ok::<_, String>(3u32)
    };
    assert_eq!(
        world
            .cache
            .write_through("number:7", second)
            .tags(TAGS)
            .await,
        Ok(3)
    );
    world.let_go(1);
    assert_eq!(soon(first).await, Ok(2));
    assert_eq!(world.reader().await, 3);
}

#[tokio::test]
async fn a_write_that_fails_is_cancelled_or_panics_leaves_nothing_behind() {
    let world = World::new().await;
    assert_eq!(world.reader().await, 1);
    // It fails after it has written.
    let failing = || async {
        world.write(2);
        Err::<u32, _>("connection lost")
    };
    let failed = world
        .cache
        .write_through("number:7", failing)
        .tags(TAGS)
        .await;
    assert!(failed.is_err());
    assert_eq!(world.reader().await, 2);

    let cancelled = world.spawn(|world| async move {
        let write = || async {
            world.write(3);
            std::future::pending::<Result<u32, ()>>().await
        };
        world
            .cache
            .write_through("number:7", write)
            .tags(TAGS)
            .await
    });
    while world.database.load(SeqCst) != 3 {
        tokio::task::yield_now().await;
    }
    cancelled.abort();
    assert!(cancelled.await.expect_err("aborted").is_cancelled());
    assert_eq!(world.reader().await, 3);

    let panicking = world.spawn(|world| async move {
        let write = || async {
            world.write(4);
            if world.runs() < usize::MAX {
                panic!("on purpose");
            }
            Ok::<u32, ()>(4)
        };
        world
            .cache
            .write_through("number:7", write)
            .tags(TAGS)
            .await
    });
    assert!(panicking.await.expect_err("panics").is_panic());
    assert_eq!(world.reader().await, 4);
}

#[cache_put(cache = world.cache, key = "number:{id}", tags = ["tag:{id}", "numbers"])]
async fn put(world: &World, id: u32, value: u32) -> Option<u32> {
    world.write(value);
    (value > 0 && id > 0).then_some(value)
}

#[tokio::test]
async fn a_put_is_a_write_through() {
    let world = World::new().await;
    let loader = world.held_reader().await;
    assert_eq!(put(&world, 7, 5).await, Some(5));
    world.let_go(1);
    soon(loader).await;
    assert_eq!(world.reader().await, 5);
    assert_eq!(put(&world, 7, 0).await, None);
    assert_eq!(world.reader().await, 0, "a put of nothing deletes");
}

#[cache_invalidate("number:{id}", cache = world.cache)]
async fn write_and_invalidate(world: &World, id: u32, value: u32) -> Result<u32, String> {
    world.write(value);
    if value == 13 {
        std::future::pending::<()>().await;
    }
    assert!(value != 14, "on purpose");
    if id == 7 {
        Ok(value)
    } else {
        Err("no such row".to_owned())
    }
}

#[tokio::test]
async fn a_writer_that_is_cancelled_after_its_commit_invalidates() {
    let world = World::new().await;
    assert_eq!(world.reader().await, 1);
    let writer = world.spawn(|world| async move { write_and_invalidate(&world, 7, 13).await });
    while world.database.load(SeqCst) != 13 {
        tokio::task::yield_now().await;
    }
    writer.abort();
    assert!(writer.await.expect_err("aborted").is_cancelled());
    assert_eq!(world.reader().await, 13);
}

#[tokio::test]
async fn a_set_with_fences_what_began_before_it() {
    use cache_runtime::cached;

    #[cached(cache = world.cache, key = "refreshed:{id}", skip(world))]
    async fn slow(world: &World, id: u32) -> u32 {
        world.read_slowly().await
    }

    let cache_of = |world: &World| -> Cache { world.cache.clone() };
    let world = World::new().await;
    let early = world.spawn(|world| async move { slow(&world, 1).await });
    world.have_read(1).await;
    // The source changes, and nobody invalidates: only a refresh can tell.
    world.write(2);
    let refreshed = cache_of(&world)
        .set_with("refreshed:1", || async { world.database.load(SeqCst) })
        .await;
    assert_eq!(refreshed, 2);
    world.let_go(1);
    assert_eq!(soon(early).await, 1);
    assert_eq!(slow(&world, 1).await, 2);
}

#[tokio::test]
async fn a_writer_that_panics_after_its_commit_invalidates() {
    let world = World::new().await;
    assert_eq!(world.reader().await, 1);
    let writer = world.spawn(|world| async move { write_and_invalidate(&world, 7, 14).await });
    assert!(writer.await.expect_err("panics").is_panic());
    assert_eq!(world.reader().await, 14);
}
