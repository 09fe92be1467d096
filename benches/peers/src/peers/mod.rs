//! Those that are compared: how each is set up, and the function that each caches.
//!
//! Handles live as long as the process, so that no call has to count references to them.

pub(crate) mod bare;
pub(crate) mod cached;
pub(crate) mod cachekit;
pub(crate) mod caller;
pub(crate) mod hitbox;
pub(crate) mod moka;
pub(crate) mod multi_tier;
pub(crate) mod ours;
pub(crate) mod quick;

use std::time::Duration;

/// Longer than any run.
const TTL: Duration = Duration::from_secs(3_600);
/// More than there are keys.
const CAPACITY: usize = 100_000;
/// How long the body works over which many callers meet.
pub(crate) const BODY: Duration = Duration::from_millis(100);

/// For ever.
fn keep<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}
