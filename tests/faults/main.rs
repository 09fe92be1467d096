//! What can happen to a Redis server, to the network before it, and to the processes that share it, one after the other
//! and under load. Whatever happens: no call fails, none waits for long, none is given an old value, and afterwards
//! everything is as before.

#![forbid(unsafe_code)]

mod batches;
mod cut;
mod database;
mod deferred;
mod forgotten;
mod full;
mod hung;
mod identity;
mod killed;
mod late;
mod leases;
mod load;
mod mute;
mod nested;
mod patterns;
mod processes;
mod questions;
mod records;
mod runtimes;
mod world;
