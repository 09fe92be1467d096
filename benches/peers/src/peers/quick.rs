//! A bare quick_cache, as it comes.

use super::{CAPACITY, keep};
use crate::user::{KEYS, User};
use quick_cache::sync::Cache;

pub(crate) fn filled<V: Clone + Send + Sync + 'static>(
    value: impl Fn(User) -> V,
) -> &'static Cache<String, V> {
    let cache = Cache::new(CAPACITY);
    for id in 0..KEYS {
        cache.insert(key(id), value(User::made(id)));
    }
    keep(cache)
}

/// What a macro with a template has to do for every call.
pub(crate) fn key(id: u64) -> String {
    format!("user:{id}")
}

/// Every key, to be looked up without formatting it.
pub(crate) fn keys() -> &'static [String] {
    keep((0..KEYS).map(key).collect::<Vec<_>>())
}
