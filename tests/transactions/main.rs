//! Invalidations that belong to a database transaction, on SQLite: they wait for its commit, and outlive the process.

#[path = "../races/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
mod collected;
mod commits;
mod database;
mod inside;
mod lines;
mod log;
mod outbox;
mod soak;
mod world;
mod writes;
