//! Several readers of one key: what is kept for one is an answer for another only where it would be on the server.

use crate::world::{Process, pair};
use cache_runtime::{DomainCache, cached};
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering::SeqCst;
use test_servers::Deployment;

#[cached(cache = process.cache, key = "shared:{row}", tags = ["rows"], ttl = "1h", skip(process))]
async fn with_one_tag(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

#[cached(cache = process.cache, key = "shared:{row}", tags = ["rows", "more"], ttl = "1h", skip(process))]
async fn with_two(process: &Process, row: u32) -> u32 {
    process.database.load(SeqCst)
}

/// It is remembered of an earlier entry under the key, and asked for with the next one, which does not depend on it.
#[tokio::test]
async fn an_entry_that_is_kept_carries_no_tag_but_its_own() {
    for own in [true, false] {
        let server = Deployment::start().await;
        let (one, other, database) = pair(server.url()).await;
        assert_eq!(with_two(&one, 1).await, 1);
        assert_eq!(with_one_tag(&one, 1).await, 1);
        one.cache.invalidate_tag("rows").await;
        assert_eq!(with_one_tag(&one, 1).await, 1);
        database.store(2, SeqCst);
        let who = if own { &one } else { &other };
        who.cache.invalidate_tag("more").await;
        // For this one it is still good, and is kept.
        for _ in 0..3 {
            assert_eq!(with_one_tag(&one, 1).await, 1);
        }
        for _ in 0..3 {
            assert_eq!(with_two(&one, 1).await, 2, "own: {own}");
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "member", ttl = "30m")]
struct Member {
    #[cache(key)]
    id: String,
    #[cache(lookup)]
    email: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "guest", ttl = "30m")]
struct Guest {
    #[cache(key)]
    id: u32,
    #[cache(lookup)]
    email: Option<String>,
}

#[tokio::test]
async fn a_record_without_a_value_of_its_second_key_is_kept() {
    let server = Deployment::start().await;
    let (one, other, _) = pair(server.url()).await;
    let nobody = Guest { id: 1, email: None };
    GuestCache::new(&one.cache).put(&nobody).await;
    for guests in [GuestCache::new(&one.cache), GuestCache::new(&other.cache)] {
        for _ in 0..3 {
            assert_eq!(guests.get(&1).await, Some(nobody.clone()));
        }
        assert_eq!(guests.stats().local_hits, 2);
    }
}

/// It would not end with its lookup.
#[tokio::test]
async fn what_was_set_by_hand_is_no_record() {
    let server = Deployment::start().await;
    let (one, _, _) = pair(server.url()).await;
    let members = MemberCache::new(&one.cache);
    let member = Member {
        id: "m".to_owned(),
        email: "m@example.com".to_owned(),
    };
    assert!(one.cache.set("member:m", member.clone()).await);
    for _ in 0..3 {
        let by_hand = one.cache.get::<Member>("member:m").await;
        assert_eq!(by_hand, Some(member.clone()));
    }
    assert_eq!(members.get("m").await, None);
    // A record is kept like everything else.
    members.put(&member).await;
    for _ in 0..3 {
        assert_eq!(members.get("m").await, Some(member.clone()));
        assert_eq!(
            members.by_email("m@example.com").await,
            Some(member.clone())
        );
    }
    let stats = members.stats();
    assert!(stats.local_hits >= 2, "{stats:?}");
}
