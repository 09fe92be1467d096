//! Reading through the cache: a look-up, and on a miss the computation and the storing of its value.
//!
//! Which promises this room keeps, and in which order of steps:
//!
//! 1. A reader gets an entry only if every generation it was stamped with is current at that moment.
//! 2. On a miss, one caller leads and the others join its flight, but only while everything the flight depends on
//!    is current: who comes after an invalidation never gets what was computed from before it.
//! 3. The leader captures all generations, then looks once more (another may have stored meanwhile), then
//!    computes. What it stores carries the captured generations, so an invalidation during the computation makes
//!    the entry invalid from the start.
//! 4. However the leader ends, the waiters go on: with its value, with its error where that can be cloned, by
//!    computing on their own where it cannot, and with a new leader if it was cancelled or panicked.
//!
//! No error of the cache reaches the function; nothing here runs user code under a lock.

mod background;
mod batch;
mod call;
mod compute;
mod in_task;
mod last;
mod lifespan;
mod miss;
mod out_of_line;
mod plan;
mod reader;
#[cfg(feature = "redis")]
pub(crate) mod remote;
mod shape;
mod store;
mod uncacheable;

pub use batch::{Batch, items_of};
pub use call::{Call, Lookup};
pub use miss::Miss;
pub use plan::Plan;
pub use shape::dispatch;
pub use shape::{HoldsAbsence, HoldsFailure, Plain, Returned, Shape, Typed, View};
pub use store::Decision;

pub(crate) use compute::compute;
#[cfg(feature = "redis")]
pub(crate) use lifespan::{Lifespan, UNTOLD, prolonged};
pub(crate) use plan::capture;
#[cfg(feature = "http")]
pub(crate) use plan::guards_of;
pub(crate) use shape::{Fallible, FallibleOptional, Opaque, Optional};
#[cfg(feature = "http")]
pub(crate) use store::Fate;
pub(crate) use store::{Destination, Finding, Outcome};
