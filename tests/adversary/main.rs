//! What an adversary found: each of these was broken once.

#![allow(clippy::unwrap_used, clippy::let_and_return, reason = "tests")]

#[path = "../races/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
mod held;
mod keys;
mod looked_again;
mod robust;
mod stale;
mod world;
