//! What an adversary found in the embedded cache, tried on a cache on a Redis server.

#![allow(clippy::unwrap_used, clippy::let_and_return, reason = "tests")]

#[path = "../races_on_redis/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
#[path = "../adversary/held.rs"]
mod held;
#[path = "../adversary/stale.rs"]
mod stale;
#[path = "../adversary/world.rs"]
#[allow(dead_code, reason = "shared with the adversary of the embedded cache")]
mod world;
