//! Everything that is asked of an embedded cache in `tests/domains`, asked of a cache on a Redis server; and what stands there.

#[path = "../races_on_redis/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
#[path = "../domains/configured.rs"]
mod configured;
#[path = "../domains/derived.rs"]
mod derived;
#[path = "../domains/events.rs"]
mod events;
#[path = "../domains/known.rs"]
mod known;
#[path = "../domains/rows.rs"]
mod rows;
#[path = "../domains/second_keys.rs"]
mod second_keys;
mod stored;
#[path = "../domains/table.rs"]
mod table;
mod ten_thousand;
