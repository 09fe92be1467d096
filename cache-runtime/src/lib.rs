//! Caching of async functions whose invalidation is correct.
//!
//! ```
//! use cache_runtime::{Cache, cache_invalidate, cached};
//! # use std::sync::Mutex;
//! # struct Db(Mutex<String>);
//!
//! #[cached(ttl = "5m", key = "user:{id}", tags = ["profiles"], skip(db))]
//! async fn user_name(db: &Db, id: u64) -> Option<String> {
//!     let name = db.0.lock().unwrap().clone(); // a slow query
//!     Some(name)
//! }
//!
//! #[cache_invalidate("user:{id}")]
//! async fn rename_user(db: &Db, id: u64, name: &str) {
//!     *db.0.lock().unwrap() = name.to_owned();
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let db = Db(Mutex::new("Ada".to_owned()));
//! assert_eq!(user_name(&db, 42).await.as_deref(), Some("Ada")); // computed
//! assert_eq!(user_name(&db, 42).await.as_deref(), Some("Ada")); // from the cache
//! rename_user(&db, 42, "Grace").await;
//! assert_eq!(user_name(&db, 42).await.as_deref(), Some("Grace")); // never the old name
//! # }
//! ```
//!
//! A reader that starts after an invalidation has returned never gets what was computed from before it: not from
//! an entry, not from a computation that was under way. What the function itself reads must be as recent: no
//! lagging replica, no snapshot opened earlier; and an invalidation belongs after the commit: [`Invalidations`]
//! collects those of a transaction, and an [`Outbox`] keeps them even if the process is killed.
//!
//! Where to look: [`cached`], [`cache_invalidate`], [`cache_put`] and [`DomainCache`](derive@DomainCache) for
//! annotations; [`Cache`] for the handle; [`wiring()`] for a test that finds typos in invalidations; [`Stats`] for
//! what happened. With the feature `testing` there is a module of that name: several nodes in one test, in virtual time;
//! with `metrics` one that tells Prometheus, and others, what the statistics say.
//!
//! Functions that wait for one another need a Tokio runtime with its timer enabled, as `#[tokio::main]` makes.

// The macros name this crate by its own name, also in its own tests.
extern crate self as cache_runtime;

#[doc(hidden)]
#[path = "private.rs"]
#[allow(missing_docs, reason = "only expansions name it")]
pub mod __private;
#[allow(missing_docs, reason = "reached only by expansions")]
mod apart;
mod audit;
mod cache;
#[cfg(all(feature = "http", feature = "redis"))]
mod changes;
mod circumstances;
mod clock;
#[cfg(feature = "redis")]
mod codec;
mod collecting;
mod cost;
mod detect;
mod domain;
#[cfg(feature = "encryption")]
pub mod encryption;
mod entry;
mod error;
mod flight;
#[cfg(feature = "redis")]
mod format;
mod generation;
#[cfg(feature = "http")]
pub mod http;
mod invalidate;
mod key;
mod local;
#[cfg(feature = "metrics")]
pub mod metrics;
mod outbox;
mod pattern;
mod policy;
#[cfg(feature = "http")]
mod purges;
mod random;
#[allow(missing_docs, reason = "reached only by expansions")]
mod read_through;
#[cfg(feature = "redis")]
mod redis;
mod rests;
#[cfg(feature = "redis")]
mod schema;
#[cfg(feature = "redis")]
mod secrecy;
#[allow(missing_docs, reason = "reached only by expansions")]
mod site;
mod stats;
mod stored;
mod sync;
mod tag;
#[cfg(feature = "testing")]
pub mod testing;
mod timeout;
mod trace;
mod transaction;
mod ttl;
mod value;
pub mod warm;
mod wiring;
#[cfg(feature = "testing")]
mod witness;
mod write;

#[cfg(feature = "http")]
pub use crate::purges::EdgeHealth;
#[cfg(feature = "redis")]
pub use crate::redis::{Coherence, RedisHealth};
pub use audit::Audit;
pub use cache::{
    Apart, Builder, Cache, Computes, ConfigError, Configuration, EntryDetails, Explanation,
    GetOrSet, GetOrTrySet, Health, Held, InstallError, KeyFamilies, KeyFamily, Limited, Operation,
    PastInvalidation, Set, SetWith, StampDetails, State, Tier, TrySet, Warm, WarmReport,
    WriteThrough,
};
#[cfg(feature = "redis")]
pub use cache::{Consistency, RedisConfiguration};
pub use circumstances::{acting_as, bypass, detect};
pub use clock::{Clock, ManualClock};
#[cfg(feature = "redis")]
pub use codec::{Codec, UnknownCodec};
pub use collecting::UnreadableLine;
pub use detect::{Answer, Detected, DetectedCall};
pub use domain::DomainRecord;
pub use error::{CacheError, CacheErrorKind};
pub use invalidate::{Delivery, Invalidated};
pub use key::{Key, KeyBuilder, KeyPart};
pub use outbox::{Outbox, OutboxReport, OutboxStore};
pub use pattern::{Pattern, Route};
pub use stats::{FunctionStats, Latency, Stats};
pub use stored::{Stored, stored};
pub use tag::Tag;
pub use timeout::TimedOut;
pub use transaction::Invalidations;
pub use ttl::{IntoTtl, Ttl};
pub use value::CacheValue;
pub use wiring::{CacheSite, Check, InvalidatingFunction, Problem, Wiring, wiring};

#[cfg(all(fuzzing, feature = "redis"))]
#[doc(hidden)]
#[allow(missing_docs, reason = "only the fuzzer names it")]
pub mod __fuzz {
    pub fn entry(bytes: &[u8]) {
        crate::format::fuzz::entry(bytes);
    }
}

#[cfg(feature = "macros")]
pub use cache_macros::{DomainCache, cache_invalidate, cache_put, cached, key};
