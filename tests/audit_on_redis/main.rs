//! The audit log, with a cache on a Redis server.

#[path = "../races_on_redis/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
#[path = "../audit/scribe.rs"]
mod scribe;
#[path = "../audit/told.rs"]
mod told;
