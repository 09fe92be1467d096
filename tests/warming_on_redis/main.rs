//! Warming, with a cache on a Redis server; and several processes, of which one warms.

mod active;
#[path = "../warming/amiss.rs"]
#[allow(dead_code, reason = "shared with the embedded tests")]
mod amiss;
#[path = "../races_on_redis/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
#[path = "../warming/jobs.rs"]
mod jobs;
mod processes;
#[path = "../policies/source.rs"]
#[allow(dead_code, reason = "shared with the policies")]
mod source;
