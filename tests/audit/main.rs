//! The audit log, with an embedded cache. `tests/audit_on_redis` asks the same of a server.

#[path = "../races/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
mod scribe;
mod told;
