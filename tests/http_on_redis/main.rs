//! Everything that is asked of an embedded cache in `tests/http`, asked of a cache on a Redis server.

#[path = "../http/attacks.rs"]
mod attacks;
#[path = "../races_on_redis/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
#[path = "../http/cdn.rs"]
mod cdn;
#[path = "../http/changes.rs"]
mod changes;
#[path = "../http/conformance/mod.rs"]
mod conformance;
mod cut_off;
#[path = "../http/edge.rs"]
mod edge;
#[path = "../http/edge_attacks.rs"]
mod edge_attacks;
mod edge_attacks_server;
#[path = "../http/layer.rs"]
mod layer;
mod node;
#[path = "../http/purging.rs"]
mod purging;
mod read_your_writes;
#[path = "../http/routers.rs"]
mod routers;
#[path = "../http/users.rs"]
mod users;
#[path = "../http/world.rs"]
mod world;

/// Whether there is a server.
const IS_ON_A_SERVER: bool = true;
