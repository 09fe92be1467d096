//! Warming, with an embedded cache. `tests/warming_on_redis` asks the same of a server.

mod amiss;
#[path = "../races/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
mod jobs;
mod limits;
mod schedule;
#[path = "../policies/source.rs"]
#[allow(dead_code, reason = "shared with the policies")]
mod source;
