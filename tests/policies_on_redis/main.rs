//! Everything that is asked of the embedded cache in `tests/policies`, asked of a cache on a Redis server; and what several
//! processes do together.

#[path = "../policies/adaptive.rs"]
mod adaptive;
#[path = "../races_on_redis/backend.rs"]
#[allow(dead_code, reason = "shared with the races")]
mod backend;
#[path = "../policies/batches.rs"]
mod batches;
#[path = "../policies/batches_together.rs"]
mod batches_together;
mod between_steps;
#[path = "../policies/by_hand.rs"]
mod by_hand;
#[path = "../policies/conditional.rs"]
mod conditional;
mod crowd;
#[path = "../policies/decisions.rs"]
mod decisions;
#[path = "../policies/detected.rs"]
mod detected;
#[path = "../policies/domains.rs"]
mod domains;
#[path = "../policies/early.rs"]
mod early;
#[path = "../policies/everything_at_once.rs"]
mod everything_at_once;
#[path = "../policies/extremes.rs"]
mod extremes;
#[path = "../policies/failing.rs"]
mod failing;
#[path = "../policies/given_up.rs"]
mod given_up;
#[path = "../policies/handed_over.rs"]
mod handed_over;
#[path = "../policies/idle.rs"]
mod idle;
#[path = "../policies/jitter.rs"]
mod jitter;
mod many;
#[path = "../policies/nested.rs"]
mod nested;
#[path = "../policies/old_values.rs"]
mod old_values;
mod outages;
mod processes;
#[path = "../policies/source.rs"]
mod source;
#[path = "../policies/stale.rs"]
mod stale;
#[path = "../policies/timeouts.rs"]
mod timeouts;
#[path = "../policies/warming.rs"]
mod warming;
