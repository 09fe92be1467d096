use cache_runtime::DomainCache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session")]
struct Session {
    id: u64,
}

fn use_it(sessions: &SessionCache) {
    let _ = sessions.stats();
}

fn main() {}
