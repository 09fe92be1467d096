use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session")]
struct Session {
    #[cache(key)]
    id: u64,
    #[cache(tgas)]
    user_id: u64,
    #[cache(ttl = "5m")]
    team_id: u64,
    #[cache(lookup = "email")]
    email: String,
    #[cache]
    token: String,
}

fn main() {}
