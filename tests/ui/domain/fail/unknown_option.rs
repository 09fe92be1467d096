use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", tll = "5m", key = "session:{id}")]
struct Session {
    #[cache(key)]
    id: u64,
}

fn main() {}
