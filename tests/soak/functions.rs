//! The functions under test: rows, pairs of rows, and rows whose tags are known only when they are.

use crate::truth::{Fact, Truth};
use cache_runtime::{Cache, cached};
use std::time::Duration;

pub(crate) struct World {
    pub(crate) cache: Cache,
    pub(crate) truth: Truth,
}

impl World {
    async fn read(&self, row: usize) -> u64 {
        let version = self.truth.get(Fact::Version, row);
        // A query takes its time, so there is a gap between reading and storing; and calls without the server, which
        // have nothing to wait for, do not use up the operations.
        tokio::time::sleep(Duration::from_millis(1)).await;
        version
    }
}

#[cached(ttl = "1m", cache = world.cache, key = "row:{row}", tags = ["row-tag:{row}"], skip(world))]
pub(crate) async fn row(world: &World, row: usize) -> u64 {
    world.read(row).await
}

#[cached(ttl = "1m", cache = world.cache, key = "pair:{first}:{second}", skip(world))]
pub(crate) async fn pair(world: &World, first: usize, second: usize) -> (u64, u64) {
    (row(world, first).await, row(world, second).await)
}

#[cached(ttl = "1m", cache = world.cache, key = "late:{row}", tags_with = |_| [format!("row-tag:{row}")], skip(world))]
pub(crate) async fn late(world: &World, row: usize) -> u64 {
    world.read(row).await
}

#[cached(ttl = "1m", cache = world.cache, key = "late-pair:{first}:{second}", skip(world))]
pub(crate) async fn late_pair(world: &World, first: usize, second: usize) -> (u64, u64) {
    (late(world, first).await, late(world, second).await)
}
