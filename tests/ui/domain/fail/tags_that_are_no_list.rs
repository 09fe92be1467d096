use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "user")]
struct OfANumber {
    #[cache(key)]
    id: u64,
    #[cache(tags)]
    teams: u64,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "user")]
struct OfNumbers {
    #[cache(key)]
    id: u64,
    #[cache(tags)]
    teams: Vec<u64>,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "user")]
struct OfOthers {
    #[cache(key)]
    id: u64,
    #[cache(tags = "team:{id}")]
    teams: Vec<u64>,
}

fn main() {}
