//! The HTTP layers with an embedded cache. `tests/http_on_redis` asks the same of a server.

mod attacks;
#[path = "../races/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
mod cdn;
mod changes;
mod conformance;
mod edge;
mod edge_attacks;
mod http_purge;
mod layer;
mod purging;
mod routers;
mod users;
mod world;

/// Whether there is a server.
const IS_ON_A_SERVER: bool = false;
