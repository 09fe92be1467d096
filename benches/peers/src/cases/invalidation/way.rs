//! The ways to invalidate many entries.

use super::{by_hand, ours};
use crate::peers::{bare, multi_tier, ours as cache};
use crate::report::Side;
use cache_runtime::Cache;
use multi_tier_cache::CacheManager;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

pub(super) enum Way {
    Tag(&'static Cache),
    Pattern(&'static Cache),
    Scan(MultiplexedConnection),
    Index(MultiplexedConnection),
    Tiers(MultiplexedConnection, &'static CacheManager),
}

impl Way {
    pub(super) async fn all(url: &str) -> Vec<Way> {
        let bounded = cache::bounded(url).await;
        vec![
            Way::Tag(bounded),
            Way::Pattern(bounded),
            Way::Scan(bare::connection(url).await),
            Way::Index(bare::connection(url).await),
            Way::Tiers(bare::connection(url).await, multi_tier::tiered(url).await),
        ]
    }

    /// Whether it does not give up before it is done.
    pub(super) fn copes_with(&self, entries: u64) -> bool {
        !matches!(self, Way::Tiers(..)) || entries < 1_000_000
    }

    pub(super) fn side(&self) -> Side {
        match self {
            Way::Tag(_) | Way::Pattern(_) => Side::Ours,
            _ => Side::Theirs,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Way::Tag(_) => "`invalidate_tag`",
            Way::Pattern(_) => "`invalidate(\"user:*\")`",
            Way::Scan(_) => "`SCAN` and `DEL`, by hand",
            Way::Index(_) => "`SMEMBERS` of an index and `DEL`, by hand",
            Way::Tiers(..) => "multi-tier-cache `invalidate_pattern`",
        }
    }

    pub(super) async fn fill(&self, entries: u64) {
        match self {
            Way::Tag(cache) => ours::fill_tagged(cache, entries).await,
            Way::Pattern(cache) => ours::fill(cache, entries).await,
            Way::Scan(redis) | Way::Tiers(redis, _) => by_hand::fill(redis, entries, false).await,
            Way::Index(redis) => by_hand::fill(redis, entries, true).await,
        }
    }

    pub(super) async fn is_there(&self, entry: u64) -> bool {
        let key = format!("user:{entry}");
        match self {
            Way::Tag(cache) | Way::Pattern(cache) => cache.contains(key).await,
            Way::Scan(redis) | Way::Index(redis) | Way::Tiers(redis, _) => {
                redis.clone().exists(key).await.expect("a reply")
            }
        }
    }

    pub(super) async fn invalidate(&self) {
        match self {
            Way::Tag(cache) => drop(cache.invalidate_tag("users").await),
            Way::Pattern(cache) => drop(cache.invalidate("user:*").await),
            Way::Scan(redis) => by_hand::scan(redis).await,
            Way::Index(redis) => by_hand::index(redis).await,
            Way::Tiers(_, tiers) => tiers.invalidate_pattern("user:*").await.expect("a reply"),
        }
    }
}
