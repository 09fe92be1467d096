use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "")]
struct Empty {
    #[cache(key)]
    id: u64,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session:")]
struct WithASeparator {
    #[cache(key)]
    id: u64,
}

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "user {id}")]
struct ATemplate {
    #[cache(key)]
    id: u64,
}

fn main() {}
