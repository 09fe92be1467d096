use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(key = "user:{id}:profile", prefix = "user")]
struct Both {
    id: u64,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(key = "user:{id}:profile")]
struct Marked {
    #[cache(key)]
    id: u64,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(key = "user:{id}:profile", domain = "user profile")]
struct Named {
    id: u64,
}

fn main() {}
