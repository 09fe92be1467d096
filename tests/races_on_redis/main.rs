//! Everything that is asked of the embedded cache in `tests/races`, asked of a cache on a Redis server.

#[allow(dead_code, reason = "shared with the adversary")]
mod backend;
#[path = "../races/explicit_writes.rs"]
mod explicit_writes;
#[path = "../races/late_tags.rs"]
mod late_tags;
#[path = "../races/nested.rs"]
mod nested;
#[path = "../races/reads.rs"]
mod reads;
#[path = "../races/soak.rs"]
mod soak;
#[path = "../races/world.rs"]
mod world;
