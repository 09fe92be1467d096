//! What an adversary found: each of these was broken once.

#![allow(clippy::unwrap_used, clippy::let_and_return, reason = "tests")]

mod held;
mod keys;
mod robust;
mod stale;
mod world;
