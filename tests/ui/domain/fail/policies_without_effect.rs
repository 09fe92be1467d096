use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", ttl = forever, swr = "1m", idle = "30m", throttle = "1h", jiter = 0.1)]
struct Session {
    #[cache(key)]
    id: u32,
}

fn main() {}
