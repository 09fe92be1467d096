use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session", codec = message_pack, compress = lz5)]
struct Session {
    #[cache(key)]
    id: u64,
}

fn main() {}
