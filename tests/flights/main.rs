//! Single flight, of the embedded cache.

#[path = "../races/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
mod callers;
