//! The testing kit of the runtime: the stand-in for a server beside a real one, nodes under faults in virtual time, and
//! what the assertions say.

#![forbid(unsafe_code)]

mod app;
mod assertions;
mod coherence;
mod leases;
mod many;
mod partitions;
mod replies;
mod restarts;
mod stand_in;
mod virtual_time;
