use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", tags = ["user:{user}", "team:{xyz}"])]
struct Session {
    #[cache(key)]
    id: u64,
    user_id: u64,
}

fn main() {}
