//! The pages that tell how a cache is doing, and the way to invalidate by hand; one file a concern.

mod access;
mod answers;
mod discreet;
mod invalidating;
mod limits;
mod mounted;
mod origins;
mod server;
mod world;
