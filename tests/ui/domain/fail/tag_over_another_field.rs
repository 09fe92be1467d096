use cache_runtime::{Cache, DomainCache};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "session")]
struct Session {
    #[cache(key)]
    id: u64,
    #[cache(tag = "team:{team_id}:{user_id}")]
    user_id: u64,
    #[cache(tag = "teams")]
    team_id: u64,
    #[cache(tag = "region:{rgeion}")]
    region: String,
}

async fn use_it() {
    let sessions = SessionCache::new(&Cache::in_memory());
    sessions.invalidate_by_user_id(&7).await;
    sessions.invalidate_by_region("eu").await;
}

fn main() {}
