//! What the cache did: counted as it happens, read as a snapshot.

mod counters;
mod snapshot;

pub(crate) use counters::{Counters, Families, count};
pub(crate) use snapshot::Bytes;
pub use snapshot::{FunctionStats, Stats};
