use cache_runtime::{Cache, DomainCache};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session")]
struct Session {
    #[cache(key)]
    id: u64,
}

async fn use_it() {
    let sessions = SessionCache::new(&Cache::in_memory());
    sessions.get("s1").await;
    sessions.get(7).await;
}

fn main() {}
