//! The race that every cache library we know of loses: a reader loads, a writer writes and invalidates, the reader
//! stores what it has loaded. Here the invalidation wins, on every path.

#[allow(dead_code, reason = "shared with the adversary")]
mod backend;
mod explicit_writes;
mod late_tags;
mod nested;
mod reads;
mod soak;
mod world;
