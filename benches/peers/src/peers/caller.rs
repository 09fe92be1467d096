//! The slow function of each, by name: what processes of a stampede call.

use super::{bare, cached, cachekit, hitbox, moka, multi_tier, ours};
use crate::user::User;
use cache_runtime::Consistency;
use std::pin::Pin;
use std::sync::Arc;

/// A call, or what went wrong.
pub(crate) type Calling = Pin<Box<dyn Future<Output = Result<User, String>> + Send>>;
pub(crate) type Caller = Arc<dyn Fn(u64) -> Calling + Send + Sync>;

/// Connects.
pub(crate) async fn slow(name: &str, url: &str) -> Caller {
    match name {
        "ours-strict" => {
            let cache = ours::in_a_hurry(url, name, Consistency::Strict).await;
            caller(move |id| async move { Ok(ours::slow(cache, id).await) })
        }
        "ours-bounded" => {
            let cache = ours::in_a_hurry(url, name, Consistency::Bounded(ours::BOUND)).await;
            caller(move |id| async move { Ok(ours::slow(cache, id).await) })
        }
        "bare" => {
            let connection = bare::kept(url).await;
            caller(move |id| async move { Ok(bare::get_or_make(connection, id).await) })
        }
        "moka" => {
            let cache = moka::empty::<User>();
            caller(move |id| async move {
                let made = async {
                    tokio::time::sleep(super::BODY).await;
                    User::made(id)
                };
                Ok(cache.get_with(format!("slow:{id}"), made).await)
            })
        }
        "cached" => {
            cached::connects_to(url);
            caller(cached::slow)
        }
        "hitbox" => {
            let cache = hitbox::guarded(url);
            caller(move |id| async move { Ok(hitbox::slow(id).cache(cache).await) })
        }
        "cachekit" => {
            let cache = cachekit::tiered(url).await;
            caller(
                move |id| async move { cachekit::slow(cache, id).await.map_err(|e| e.to_string()) },
            )
        }
        "multi-tier" => {
            let cache = multi_tier::tiered(url).await;
            caller(move |id| async move { Ok(multi_tier::slow(cache, id).await) })
        }
        other => panic!("nobody is called {other}"),
    }
}

fn caller<F, Fut>(call: F) -> Caller
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<User, String>> + Send + 'static,
{
    Arc::new(move |id| Box::pin(call(id)))
}
