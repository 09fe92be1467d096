//! Cached functions that call cached functions: invalidating what the inner value depends on invalidates the outer.

use crate::backend::JOINS_AT_ONCE;
use crate::world::{World, soon};
use cache_runtime::{Cache, cached};
use std::sync::Arc;
use std::time::Duration;

#[cached(cache = world.cache, key = "inner:{id}", tags = ["inner-tag:{id}"], skip(world))]
async fn inner(world: &World, id: u32) -> u32 {
    world.read_slowly().await
}

#[cached(cache = world.cache, key = "middle:{id}", skip(world))]
async fn middle(world: &World, id: u32) -> u32 {
    10 * inner(world, id).await
}

#[cached(cache = world.cache, key = "outer:{id}", skip(world))]
async fn outer(world: &World, id: u32) -> u32 {
    10 * middle(world, id).await
}

async fn read(world: &World) -> u32 {
    world.let_go(1);
    outer(world, 1).await
}

type Invalidation = fn(Cache) -> tokio::task::JoinHandle<()>;

const ROUTES: [(&str, Invalidation); 4] = [
    ("tag", |cache| {
        tokio::spawn(async move {
            cache.invalidate_tag("inner-tag:1").await;
        })
    }),
    ("key", |cache| {
        tokio::spawn(async move {
            cache.delete("inner:1").await;
        })
    }),
    ("scope", |cache| {
        tokio::spawn(async move {
            cache.invalidate("inner:*").await;
        })
    }),
    ("scan", |cache| {
        tokio::spawn(async move {
            cache.invalidate("in?er:1").await;
        })
    }),
];

#[tokio::test]
async fn invalidating_the_inner_value_invalidates_the_outer_ones() {
    for (route, invalidate) in ROUTES {
        let world = World::new().await;
        assert_eq!(read(&world).await, 100);
        world.write(2);
        soon(invalidate(world.cache.clone())).await;
        assert_eq!(read(&world).await, 200, "{route}");
    }
}

#[tokio::test]
async fn also_when_the_inner_value_was_a_hit() {
    for (route, invalidate) in ROUTES {
        let world = World::new().await;
        world.let_go(1);
        assert_eq!(inner(&world, 1).await, 1);
        assert_eq!(outer(&world, 1).await, 100);
        world.write(2);
        soon(invalidate(world.cache.clone())).await;
        assert_eq!(read(&world).await, 200, "{route}");
    }
}

#[tokio::test]
async fn an_outer_computation_is_fenced_by_what_happens_to_the_inner_one() {
    for (route, invalidate) in ROUTES {
        let world = World::new().await;
        let early = world.spawn(|world| async move { outer(&world, 1).await });
        world.have_read(1).await;
        world.write(2);
        soon(invalidate(world.cache.clone())).await;
        // Comes after the invalidation, so it must not join the outer flight, which holds an old inner value.
        let late = world.spawn(|world| async move { outer(&world, 1).await });
        world.have_read(1).await;
        world.let_go(2);
        assert_eq!(soon(early).await, 100, "{route}");
        assert_eq!(soon(late).await, 200, "{route}");
        assert_eq!(read(&world).await, 200, "{route}");
        assert_eq!(world.runs(), 2, "{route}");
    }
}

#[tokio::test]
async fn an_inner_flight_that_somebody_else_leads_counts_as_well() {
    for (route, invalidate) in ROUTES {
        let world = World::new().await;
        let leader = world.spawn(|world| async move { inner(&world, 1).await });
        world.have_read(1).await;
        let follower = world.spawn(|world| async move { outer(&world, 1).await });
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        world.write(2);
        soon(invalidate(world.cache.clone())).await;
        // One that has not joined yet computes on its own.
        world.let_go(if JOINS_AT_ONCE { 1 } else { 2 });
        assert_eq!(soon(leader).await, 1);
        let followed = soon(follower).await;
        assert!(
            followed == 100 || (followed == 200 && !JOINS_AT_ONCE),
            "{route}: {followed}"
        );
        assert_eq!(read(&world).await, 200, "{route}");
    }
}

#[tokio::test]
async fn a_function_that_calls_itself_with_the_same_key_does_not_wait_for_itself() {
    #[cached(cache = world.cache, key = "self:{id}", skip(world, depth))]
    fn recursive<'w>(
        world: &'w Arc<World>,
        id: u32,
        depth: u32,
    ) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send + 'w>> {
        Box::pin(async move {
            if depth == 0 {
                return 0;
            }
            1 + recursive(world, id, depth - 1).await
        })
    }
    let world = World::new().await;
    let patience = Duration::from_secs(5);
    let answer = tokio::time::timeout(patience, recursive(&world, 1, 3)).await;
    assert_eq!(answer.expect("does not hang"), 3);
}

#[tokio::test]
async fn two_computations_that_need_each_other_do_not_wait_for_ever() {
    // One leads a:1 and reads b:1, the other leads b:1 and reads a:1; a second call ends the recursion.
    #[cached(cache = world.cache, key = "{name}:1", skip(world, other, deep))]
    fn tangled<'w>(
        world: &'w Arc<World>,
        name: &'static str,
        other: &'static str,
        deep: bool,
    ) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send + 'w>> {
        Box::pin(async move {
            if deep {
                return 1;
            }
            world.read_slowly().await;
            1 + tangled(world, other, name, true).await
        })
    }
    let world = World::new().await;
    let a = world.spawn(|world| async move { tangled(&world, "a", "b", false).await });
    let b = world.spawn(|world| async move { tangled(&world, "b", "a", false).await });
    world.have_read(2).await;
    world.let_go(2);
    let both = async { (soon(a).await, soon(b).await) };
    let (a, b) = tokio::time::timeout(Duration::from_secs(5), both)
        .await
        .expect("does not hang");
    assert!(a >= 2 && b >= 2, "{a} {b}");
}
