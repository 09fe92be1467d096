//! However a commit ends, what belongs to it is invalidated: nobody knows whether it has taken effect.

use crate::world::{Failed, World, hit, miss, soon};
use std::future::pending;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A transaction that has renamed `name:1`, which was stored under its old name.
async fn renamed() -> (Arc<World>, cache_runtime::Invalidations) {
    let world = World::new().await;
    world.until_hit(1).await;
    world.begin();
    world.writer.rename(1, "Grace");
    let mut invalidations = world.invalidations();
    invalidations.key("name:1");
    (world, invalidations)
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_invalidates() {
    let (world, invalidations) = renamed().await;
    let lost = async {
        world.commit().await.expect("it commits");
        Err::<(), _>(Failed)
    };
    assert_eq!(invalidations.commit(lost).await, Err(Failed));
    assert_eq!(world.read(1).await, miss("Grace"));
}

#[tokio::test]
async fn a_commit_that_is_dropped_midway_invalidates() {
    let (world, invalidations) = renamed().await;
    let (committed, has_committed) = oneshot::channel();
    let task = tokio::spawn({
        let world = Arc::clone(&world);
        async move {
            let commit = async {
                world.commit().await.expect("it commits");
                let _ = committed.send(());
                pending::<()>().await;
            };
            invalidations.commit(commit).await;
        }
    });
    has_committed.await.expect("it has committed");
    assert_eq!(
        world.read(1).await,
        hit("Ada"),
        "the answer is still on its way"
    );
    task.abort();
    task.await.expect_err("it was aborted");
    assert_eq!(world.read(1).await, miss("Grace"));
}

/// A commit in a task of its own begins before anybody asks for it.
#[tokio::test]
async fn a_commit_that_nobody_has_waited_for_invalidates() {
    let (world, invalidations) = renamed().await;
    let commit = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.commit().await }
    });
    let never_polled = invalidations.commit(async { pending::<()>().await });
    soon(commit).await.expect("it commits");
    drop(never_polled);
    assert_eq!(world.read(1).await, miss("Grace"));
}

#[tokio::test]
async fn a_commit_that_panics_invalidates() {
    let (world, invalidations) = renamed().await;
    let task = tokio::spawn({
        let world = Arc::clone(&world);
        async move {
            let commit = async {
                world.commit().await.expect("it commits");
                panic!("on purpose, after the commit");
            };
            invalidations.commit(commit).await;
        }
    });
    assert!(task.await.expect_err("it panics").is_panic());
    assert_eq!(world.read(1).await, miss("Grace"));
}

#[tokio::test]
async fn nothing_is_invalidated_before_the_commit_has_ended() {
    let (world, invalidations) = renamed().await;
    let counted = world.cache.stats().invalidations;
    let commit = async {
        world.commit().await.expect("it commits");
        assert_eq!(world.cache.stats().invalidations, counted);
    };
    invalidations.commit(commit).await;
    assert_eq!(world.cache.stats().invalidations, counted + 1);
}

#[tokio::test]
async fn a_delivery_that_is_dropped_before_it_began_invalidates() {
    let (world, invalidations) = renamed().await;
    world.commit().await.expect("it commits");
    drop(invalidations.deliver());
    assert_eq!(world.read(1).await, miss("Grace"));
}
