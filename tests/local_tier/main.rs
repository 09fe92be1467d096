//! Values that a process keeps while a server tells of changes: hits that ask nobody, and how old they may be.

#![forbid(unsafe_code)]

mod changes;
mod deaf;
mod followers;
mod partitions;
mod questions;
mod reads;
mod runtimes;
mod shared_keys;
mod touches;
mod world;
