//! What the cache did: counted and measured as it happens, read as a snapshot.

mod counters;
mod histogram;
mod latency;
mod snapshot;

#[cfg(feature = "metrics")]
pub(crate) use counters::Told;
pub(crate) use counters::{Counters, Families, count};
#[cfg(feature = "metrics")]
pub(crate) use histogram::Distribution;
#[cfg(all(test, feature = "metrics"))]
pub(crate) use histogram::Histogram;
pub use latency::Latency;
pub(crate) use snapshot::Bytes;
pub use snapshot::{FunctionStats, Stats};
