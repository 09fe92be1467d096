//! Everything that is asked of the embedded cache in `tests/transactions`, asked of a cache on a Redis server; and what
//! only a server can be asked: whether it gets to know of a commit whose process was killed, or that came while it was
//! away.

mod away;
#[path = "../races_on_redis/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
#[path = "../transactions/collected.rs"]
mod collected;
#[path = "../transactions/commits.rs"]
mod commits;
#[path = "../transactions/database.rs"]
mod database;
#[path = "../transactions/inside.rs"]
mod inside;
mod killed;
#[path = "../transactions/outbox.rs"]
mod outbox;
#[path = "../transactions/soak.rs"]
mod soak;
#[path = "../transactions/world.rs"]
mod world;
#[path = "../transactions/writes.rs"]
mod writes;
