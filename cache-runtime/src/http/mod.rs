//! HTTP: responses of routes cached and invalidated, and pages that tell how the cache is doing.
//!
//! Everything here is a [`tower`](https://docs.rs/tower) layer or service over the types of the
//! [`http`](https://docs.rs/http) crate, for axum and whatever else speaks these.

mod admin;
mod answer;
mod body;
mod conditional;
mod directives;
mod ending;
mod exchange;
mod invalidate;
mod layer;
mod options;
mod passes;
mod paths;
mod query;
mod range;
mod request;
mod service;
mod shape;
mod status;
mod stored;
mod storing;
mod validation;
mod variants;

pub use admin::{Admin, Decision};
pub use body::CacheBody;
pub use exchange::CacheTags;
pub use invalidate::{InvalidateLayer, InvalidateService};
pub use layer::CacheLayer;
pub use options::User;
pub use service::CacheService;
