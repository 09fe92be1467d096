//! What somebody has changed on the server.

use crate::world::World;
use cache_runtime::cached;

#[cached(ttl = "1h", key = "plain:{id}", local = off, compress = off, cache = world.cache, skip(world))]
async fn plain(world: &World, id: u32) -> String {
    world.runs("all is well with this account".to_owned())
}

/// It would decode to another value just as well.
#[tokio::test]
async fn a_value_with_one_bit_changed_is_none() {
    let world = World::start().await;
    let value = plain(&world, 1).await;
    assert_eq!((plain(&world, 1).await, world.ran()), (value.clone(), 1));
    let entry = world.entry("plain:1").await.expect("stored");
    let at = entry.windows(4).position(|it| it == b"well");
    let at = at.expect("in the clear").to_string();
    world.command(&["SETRANGE", "plain:1", &at, "h"]).await;
    assert_eq!((plain(&world, 1).await, world.ran()), (value.clone(), 1));
    assert_eq!((plain(&world, 1).await, world.ran()), (value, 0));
    let stats = world.cache.stats();
    let stats = stats.function("plain").expect("called");
    assert_eq!(stats.untrusted, 1);
}
