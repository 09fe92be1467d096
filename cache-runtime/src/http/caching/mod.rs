//! Caching of responses (RFC 9111), by a cache that stands inside of the origin.
//!
//! A request is read (`request`), its answer looked for (`service`) as any value of the cache is, and else made by the service
//! (`exchange`), stored if it may be (`storing`), and sent (`answer`). What the cache itself does is none of this room's business.

mod answer;
mod body;
mod conditional;
pub(super) mod directives;
mod exchange;
pub(super) mod fields;
mod layer;
mod options;
mod paths;
mod query;
mod range;
mod request;
mod service;
mod shape;
mod status;
mod stored;
mod storing;
mod surrogates;
mod validation;
mod variants;

pub use body::CacheBody;
pub use exchange::CacheTags;
pub use layer::CacheLayer;
pub use options::User;
pub use service::CacheService;
