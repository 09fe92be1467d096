use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
struct Session {
    #[cache(key)]
    id: u64,
}

fn main() {}
