use cache_runtime::{Cache, DomainCache};
use serde::Deserialize;

#[derive(Clone, Deserialize, DomainCache)]
#[cache(prefix = "session")]
struct Session {
    #[cache(key)]
    id: u64,
    #[cache(tag)]
    user_id: u64,
    #[cache(lookup)]
    token: String,
}

async fn use_it(session: Session) {
    let sessions = SessionCache::new(&Cache::in_memory());
    sessions.put(&session).await;
    sessions.get(&1).await;
}

fn main() {}
