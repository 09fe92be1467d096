use cache_runtime::{Cache, DomainCache};

#[derive(DomainCache)]
#[cache(prefix = "session")]
struct Session {
    #[cache(key)]
    id: u64,
}

async fn use_it(session: Session) {
    let sessions = SessionCache::new(&Cache::in_memory());
    sessions.put(&session).await;
    sessions.get(&1).await;
}

fn main() {}
