//! moka's future cache, with a time to live.

use super::{CAPACITY, TTL, keep};
use moka::future::Cache;

pub(crate) fn empty<V: Clone + Send + Sync + 'static>() -> &'static Cache<String, V> {
    let cache = Cache::builder()
        .max_capacity(CAPACITY as u64)
        .time_to_live(TTL);
    keep(cache.build())
}
