//! What is done with time and failure, each option with an embedded cache. `tests/policies_on_redis` asks the same of a
//! server.

mod adaptive;
#[path = "../races/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
mod batches;
mod batches_together;
mod by_hand;
mod conditional;
mod decisions;
mod detected;
mod domains;
mod early;
mod everything_at_once;
mod extremes;
mod failing;
mod given_up;
mod handed_over;
mod idle;
mod jitter;
mod nested;
mod old_values;
mod overtaken;
mod runtimes;
mod source;
mod stale;
mod timeouts;
mod virtual_minute;
mod warming;
