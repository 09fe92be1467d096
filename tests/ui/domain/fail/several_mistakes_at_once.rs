use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session:", ttl = "5", version = "2", name = "Sessions", tags = ["user:{usr_id}"])]
struct Session {
    id: u64,
    #[cache(tgs)]
    user_id: u64,
}

fn main() {}
