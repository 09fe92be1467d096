//! The edge: a CDN before the service, what it is told, and how it is purged.

mod headers;
mod http_purge;
mod purge;
mod purger;

pub use headers::Edge;
pub(super) use headers::{Times, Told};
pub use http_purge::HttpPurge;
pub use purge::{Purge, PurgeError};
pub use purger::Purger;
