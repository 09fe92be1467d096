use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone)]
struct SessionId(u64);

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session")]
struct Session {
    #[cache(key)]
    #[serde(skip)]
    id: SessionId,
}

impl Default for SessionId {
    fn default() -> Self {
        SessionId(0)
    }
}

fn main() {}
