//! HTTP: responses of routes cached and invalidated, and pages that tell how the cache is doing.
//!
//! Everything here is a [`tower`](https://docs.rs/tower) layer or service over the types of the
//! [`http`](https://docs.rs/http) crate, for axum and whatever else speaks these.

mod admin;
mod caching;
mod edge;
mod ending;
mod invalidate;
mod read_your_writes;

pub use admin::{Admin, Decision};
pub use caching::{CacheBody, CacheLayer, CacheService, CacheTags, User};
pub use edge::{Edge, HttpPurge, Purge, PurgeError, Purger};
pub use invalidate::{InvalidateLayer, InvalidateService};
pub use read_your_writes::{ReadYourWrites, ReadYourWritesLayer};
