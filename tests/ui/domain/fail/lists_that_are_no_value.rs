use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "person")]
struct Person {
    #[cache(key)]
    id: u64,
    #[cache(tag)]
    teams: Vec<u32>,
    #[cache(lookup)]
    addresses: std::collections::BTreeSet<String>,
    #[cache(tag, lookup)]
    fingerprint: Vec<u8>,
    #[cache(tags)]
    rooms: Vec<String>,
}

fn main() {}
