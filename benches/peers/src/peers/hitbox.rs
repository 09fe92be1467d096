//! hitbox: its macro over moka, over Redis, and over moka in front of Redis.

use super::{BODY, CAPACITY, TTL, keep};
use crate::user::User;
use hitbox::concurrency::BroadcastConcurrencyManager;
use hitbox::offload::OffloadManager;
use hitbox::policy::{ConcurrencyLimit, PolicyConfig};
use hitbox_backend::CompositionBackend;
use hitbox_backend::composition::policy::RefillPolicy;
use hitbox_backend::composition::{Compose, CompositionPolicy};
use hitbox_fn::{Cache, cached};
use hitbox_moka::MokaBackend;
use hitbox_redis::{ConnectionMode, RedisBackend};

type Plain<B> = Cache<B>;
/// With its protection against stampedes, which is not the default.
pub(crate) type Guarded = Cache<RedisBackend, BroadcastConcurrencyManager<User>>;

#[cached(prefix = "user")]
pub(crate) async fn user(id: u64) -> User {
    User::made(id)
}

#[cached(prefix = "slow")]
pub(crate) async fn slow(id: u64) -> User {
    tokio::time::sleep(BODY).await;
    User::made(id)
}

pub(crate) fn embedded() -> &'static Plain<MokaBackend> {
    let cache = Cache::builder().backend(in_moka()).policy(policy().build());
    keep(cache.build())
}

pub(crate) fn on_redis(url: &str) -> &'static Plain<RedisBackend> {
    let cache = Cache::builder().backend(at(url)).policy(policy().build());
    keep(cache.build())
}

pub(crate) fn tiered(
    url: &str,
) -> &'static Plain<CompositionBackend<MokaBackend, RedisBackend, OffloadManager>> {
    let refill = CompositionPolicy::new().refill(RefillPolicy::Always);
    let tiers = in_moka().compose_with(at(url), OffloadManager::with_defaults(), refill);
    let cache = Cache::builder().backend(tiers).policy(policy().build());
    keep(cache.build())
}

pub(crate) fn guarded(url: &str) -> &'static Guarded {
    let one = ConcurrencyLimit::new(1).expect("within its bounds");
    let cache = Cache::builder()
        .backend(at(url))
        .policy(policy().concurrency(one).build())
        .concurrency_manager(BroadcastConcurrencyManager::new());
    keep(cache.build())
}

fn in_moka() -> MokaBackend {
    MokaBackend::builder().max_entries(CAPACITY as u64).build()
}

fn at(url: &str) -> RedisBackend {
    let backend = RedisBackend::builder().connection(ConnectionMode::single(url));
    backend.build().expect("a url")
}

fn policy() -> hitbox::policy::PolicyConfigBuilder {
    PolicyConfig::builder().ttl(TTL)
}
