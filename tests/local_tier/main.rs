//! Values that a process keeps while a server tells of changes: hits that ask nobody, and how old they may be.

#![forbid(unsafe_code)]

mod capacity;
mod changes;
mod connections;
mod deaf;
mod followers;
mod nested;
mod outages;
mod own_changes;
mod partitions;
mod questions;
mod reads;
mod relay;
mod runtimes;
mod shared_keys;
mod standing_still;
mod together;
mod touches;
mod world;
