//! Several things at once: after a commit, and from an outbox.

#[cfg(feature = "redis")]
use super::Invalidated;
use super::{By, Delivery, Ending, Target, here, invalidate_soon, note};
use crate::cache::Cache;
use crate::collecting;
#[cfg(feature = "redis")]
use crate::generation::Guard;
#[cfg(feature = "redis")]
use crate::pattern::Route;
#[cfg(feature = "redis")]
use crate::redis::Redis;

/// Guards in one command.
#[cfg(feature = "redis")]
const AT_ONCE: usize = 500;

/// Invalidates them all and tells of each whether it has taken effect, in their order.
///
/// On a server, keys, tags and scopes go out together; patterns that have to be looked for follow, one by one. After
/// the first that could not be delivered nobody waits again: the rest is deferred with it.
pub(crate) async fn invalidate_together(cache: &Cache, targets: &[(Target, By)]) -> Vec<Delivery> {
    // Inside of a scope all of them are taken, outside of one none.
    if targets
        .iter()
        .all(|(target, by)| collecting::takes(cache, target, *by))
    {
        return vec![Delivery::Collected; targets.len()];
    }
    #[cfg(feature = "redis")]
    if let Some(redis) = cache.redis() {
        return on_server(cache, redis, targets).await;
    }
    let done = targets.iter().map(|(target, by)| {
        let ending = Ending::of(cache, [target.ends()]);
        let done = here(cache, target);
        ending.has(done.delivery);
        note(cache, target, &done, *by);
        done.delivery
    });
    done.collect()
}

/// The same without waiting, for a future that is being dropped.
pub(crate) fn invalidate_all_soon(cache: &Cache, targets: &[(Target, By)]) {
    for (target, by) in targets {
        invalidate_soon(cache, target, *by);
    }
}

#[cfg(feature = "redis")]
async fn on_server(cache: &Cache, redis: &Redis, targets: &[(Target, By)]) -> Vec<Delivery> {
    let mut deliveries = vec![Delivery::Deferred; targets.len()];
    let (guarded, wild): (Vec<usize>, Vec<usize>) =
        (0..targets.len()).partition(|&at| guard(&targets[at].0).is_some());
    let steps = guarded
        .chunks(AT_ONCE)
        .chain(wild.chunks(1))
        .map(<[usize]>::to_vec);
    let mut delivery = Delivery::Delivered;
    for step in steps {
        if delivery == Delivery::Deferred {
            for &at in &step {
                let (target, by) = &targets[at];
                invalidate_soon(cache, target, *by);
            }
            continue;
        }
        let ended = step.iter().map(|&at| targets[at].0.ends());
        let ending = Ending::of(cache, ended);
        let removed;
        (delivery, removed) = Box::pin(one_step(redis, targets, &step)).await;
        ending.has(delivery);
        for &at in &step {
            let (target, by) = &targets[at];
            deliveries[at] = delivery;
            let done = Invalidated {
                route: target.route(),
                removed,
                delivery,
            };
            note(cache, target, &done, *by);
        }
    }
    deliveries
}

/// A number of guards, or one pattern that has to be looked for.
#[cfg(feature = "redis")]
async fn one_step(
    redis: &Redis,
    targets: &[(Target, By)],
    step: &[usize],
) -> (Delivery, Option<u64>) {
    if let [only] = step
        && let Target::Pattern(pattern) = &targets[*only].0
        && pattern.route() == Route::Scan
    {
        return redis.delete_matching(pattern.as_str()).await;
    }
    let guards: Vec<(Guard, &str)> = step
        .iter()
        .filter_map(|&at| guard(&targets[at].0))
        .collect();
    (redis.end_together(&guards).await, None)
}

/// What ends with one deletion; `None` for what has to be looked for.
#[cfg(feature = "redis")]
fn guard(target: &Target) -> Option<(Guard, &str)> {
    match target {
        Target::Key(key) => Some((Guard::Key, key.as_str())),
        Target::Tag(tag) => Some((Guard::Tag, tag.as_str())),
        Target::Pattern(pattern) => match pattern.route() {
            Route::Key => Some((Guard::Key, pattern.as_str())),
            Route::Scope => Some((Guard::Scope, pattern.scope())),
            Route::Scan | Route::Tag => None,
        },
    }
}
