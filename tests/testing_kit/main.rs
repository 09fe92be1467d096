//! The testing kit of the runtime: the stand-in for a server beside a real one, nodes under faults in virtual time, and
//! what the assertions say.

#![forbid(unsafe_code)]

mod apart;
mod app;
mod assertions;
mod backend;
mod coherence;
mod leases;
mod many;
mod partitions;
mod refreshes;
mod replies;
mod restarts;
mod soak;
#[path = "../policies/source.rs"]
#[allow(dead_code, reason = "shared with the policies")]
mod source;
mod stand_in;
mod virtual_time;

// What is asked of every cache, asked of a node.
#[path = "../races/explicit_writes.rs"]
mod explicit_writes;
#[path = "../races/late_tags.rs"]
mod late_tags;
#[path = "../races/nested.rs"]
mod nested;
#[path = "../races/reads.rs"]
mod reads;
#[path = "../races/world.rs"]
mod world;
