use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", ttl = "5m", ttl_with = |session| Duration::from_secs(session.seconds))]
struct Session {
    #[cache(key)]
    id: u64,
    seconds: u64,
}

fn main() {}
