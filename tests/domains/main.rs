//! The caches of `cache-domains`, and what the derive says of keys, tags and times, with an embedded cache.
//! `tests/domains_on_redis` asks the same of a server.

#[path = "../races/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
mod configured;
mod derived;
mod events;
mod known;
mod rows;
mod second_keys;
mod table;
