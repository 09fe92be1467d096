//! Tags that are known only when the value is.

use crate::backend::NOTES_WHICH_TAGS_END;
use crate::world::{World, soon};
use cache_runtime::{Cache, cache_put, cached};
use std::sync::Arc;

#[cached(
    cache = world.cache,
    key = "member:{id}",
    tags_with = |team| ["team:{team}"],
    skip(world),
)]
async fn team_of(world: &World, id: u32) -> u32 {
    world.read_slowly().await
}

async fn team(world: &World) -> u32 {
    world.let_go(1);
    team_of(world, 1).await
}

fn held(world: &Arc<World>) -> tokio::task::JoinHandle<u32> {
    world.spawn(|world| async move { team_of(&world, 1).await })
}

#[tokio::test]
async fn a_tag_from_the_value_invalidates() {
    let world = World::new().await;
    assert_eq!(team(&world).await, 1);
    assert!(world.cache.contains("member:1").await);
    world.cache.invalidate_tag("team:1").await;
    assert!(!world.cache.contains("member:1").await);
}

#[tokio::test]
async fn a_tag_that_is_invalidated_before_it_is_known_keeps_the_value_out() {
    let world = World::new().await;
    let early = held(&world);
    world.have_read(1).await;
    world.write(2);
    world.cache.invalidate_tag("team:1").await;
    world.let_go(1);
    assert_eq!(soon(early).await, 1);
    assert!(!world.cache.contains("member:1").await);
}

#[tokio::test]
async fn under_constant_invalidation_of_other_tags_a_value_is_stored() {
    let world = World::new().await;
    // A server tells only that some tag has ended: there it takes a second computation, which knows the tag, unless
    // something else had it before.
    let attempts = if NOTES_WHICH_TAGS_END { 1 } else { 2 };
    for attempt in 1..=attempts {
        let reader = held(&world);
        world.have_read(1).await;
        world.cache.invalidate_tag("team:99").await;
        world.let_go(1);
        assert_eq!(soon(reader).await, 1);
        let is_stored = world.cache.contains("member:1").await;
        assert_eq!(is_stored, attempt == attempts, "attempt {attempt}");
    }
    world.cache.invalidate_tag("team:1").await;
    assert!(!world.cache.contains("member:1").await);
}

#[tokio::test]
async fn with_a_tag_that_something_else_had_before_it_is_stored_at_once() {
    let world = World::new().await;
    put_with_tags(&world, 2, 1).await;
    let reader = held(&world);
    world.have_read(1).await;
    world.cache.invalidate_tag("team:99").await;
    world.let_go(1);
    assert_eq!(soon(reader).await, 1);
    assert!(world.cache.contains("member:1").await);
    world.cache.invalidate_tag("team:1").await;
    assert!(!world.cache.contains("member:1").await);
}

/// What this process knows of the tag is younger than the value.
#[tokio::test]
async fn with_a_tag_that_has_ended_and_is_had_again_it_is_not() {
    for had_before in [false, true] {
        let world = World::new().await;
        if had_before {
            put_with_tags(&world, 2, 1).await;
        }
        let reader = held(&world);
        world.have_read(1).await;
        world.cache.invalidate_tag("team:1").await;
        put_with_tags(&world, 3, 1).await;
        assert!(world.cache.contains("member:3").await);
        world.let_go(1);
        assert_eq!(soon(reader).await, 1);
        assert!(!world.cache.contains("member:1").await, "{had_before}");
    }
}

#[tokio::test]
async fn a_tag_that_the_value_no_longer_has_does_not_invalidate_it() {
    let world = World::new().await;
    assert_eq!(team(&world).await, 1);
    world.write(2);
    world.cache.delete("member:1").await;
    assert_eq!(team(&world).await, 2);
    world.cache.invalidate_tag("team:1").await;
    assert!(world.cache.contains("member:1").await);
    world.cache.invalidate_tag("team:2").await;
    assert!(!world.cache.contains("member:1").await);
}

#[tokio::test]
async fn a_hint_is_not_a_value() {
    let world = World::new().await;
    let reader = held(&world);
    world.have_read(1).await;
    world.cache.invalidate_tag("team:1").await;
    world.let_go(1);
    soon(reader).await;
    let cache: &Cache = &world.cache;
    assert_eq!(cache.get::<u32>("member:1").await, None);
    assert!(cache.ttl("member:1").await.is_none());
    assert!(!cache.delete("member:1").await);
}

#[cache_put(cache = world.cache, key = "member:{id}")]
async fn put_without_tags(world: &World, id: u32, team: u32) -> u32 {
    let _ = id;
    world.write(team);
    team
}

#[cache_put(cache = world.cache, key = "member:{id}", tags_with = |team| ["team:{team}"])]
async fn put_with_tags(world: &World, id: u32, team: u32) -> u32 {
    let _ = id;
    world.write(team);
    team
}

#[tokio::test]
async fn an_entry_that_was_stored_without_the_tags_of_its_value_is_not_taken() {
    let world = World::new().await;
    put_without_tags(&world, 1, 5).await;
    world.write(6);
    world.cache.invalidate_tag("team:5").await;
    assert_eq!(team(&world).await, 6);
    world.cache.set("member:1", 7u32).await;
    world.cache.invalidate_tag("team:7").await;
    assert_eq!(team(&world).await, 6);
}

#[tokio::test]
async fn one_that_was_stored_with_them_is() {
    let world = World::new().await;
    put_with_tags(&world, 1, 5).await;
    assert_eq!(team(&world).await, 5);
    assert_eq!(world.runs(), 0);
    world.write(6);
    world.cache.invalidate_tag("team:5").await;
    assert_eq!(team(&world).await, 6);
}
