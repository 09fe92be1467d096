//! Which transaction a task is in the middle of: what it invalidates there waits for the commit, and what it reads and
//! writes goes past the cache.
//!
//! Inside a scope nothing may be stored: what a transaction has read and written is not committed, and its snapshot
//! may be older than an invalidation that has returned, so that the generations captured for a value would be newer
//! than what it was made from. Nothing may be served or joined either: a transaction sees its own writes, from the
//! first statement on, and not only from its first invalidation, which an annotated function makes when its body has
//! ended. So the whole scope counts, and not what comes after the first item.
//!
//! The scope belongs to the task: work that is handed to `tokio::spawn` is outside of it.

pub(crate) mod line;
mod list;

pub use line::UnreadableLine;
pub(crate) use list::List;

use crate::cache::Cache;
use crate::flight::{current_flight, passing};
use crate::invalidate::{By, Target};
use crate::key::Key;
use crate::sync::lock;
use std::borrow::Borrow;
use std::future::Future;
use std::sync::{Arc, Mutex};

/// A list that a scope and its owner share.
pub(crate) type Shared = Arc<Mutex<List>>;

tokio::task_local! {
    static SCOPE: Shared;
}

/// Runs `work` inside a scope that collects into `list`.
pub(crate) fn collecting<F: Future>(list: Shared, work: F) -> impl Future<Output = F::Output> {
    let work = SCOPE.scope(list, work);
    async {
        // What is made of an uncommitted transaction, nobody may keep. Only now: whoever polls it has its value.
        if let Some(outer) = current_flight() {
            outer.doom();
        }
        passing(work).await
    }
}

/// Whether the running code is inside a scope, so that calls go past the cache.
#[inline]
pub(crate) fn is_inside() -> bool {
    SCOPE.try_with(|_| ()).is_ok()
}

/// Notes what is to be invalidated, if the running code is inside a scope. Otherwise it has to be done now.
pub(crate) fn takes(cache: &Cache, target: &Target, by: By) -> bool {
    let add = |list: &Shared| lock(list).add(cache, target.clone(), by);
    SCOPE.try_with(add).is_ok()
}

/// The same for keys.
pub(crate) fn takes_keys<K: Borrow<Key>>(
    cache: &Cache,
    keys: impl IntoIterator<Item = K>,
    by: By,
) -> bool {
    let add = |list: &Shared| {
        let mut list = lock(list);
        for key in keys {
            let key: &Key = key.borrow();
            list.add(cache, Target::Key(key.clone()), by);
        }
    };
    SCOPE.try_with(add).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invalidate::{end_key_soon, invalidate_soon};

    #[tokio::test]
    async fn what_is_dropped_inside_of_a_scope_is_noted_and_not_done() {
        let (cache, list) = (Cache::in_memory(), Shared::default());
        cache.set("a", 1).tag("t").await;
        let work = async {
            end_key_soon(&cache, &Key::from("a"), By::Hand);
            invalidate_soon(&cache, &Target::tag("t"), By::Hand);
        };
        collecting(Shared::clone(&list), work).await;
        assert_eq!(cache.get::<i32>("a").await, Some(1));
        assert_eq!(lock(&list).of(&cache).len(), 2);
    }
}
