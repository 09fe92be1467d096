//! What an adversary found: each of these was broken once.

#![allow(clippy::unwrap_used, reason = "tests")]

mod keys;
mod robust;
mod stale;
mod world;
