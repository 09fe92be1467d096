//! What tags can and cannot do while versions differ in them: an entry ends with the tags that its own version has given
//! it. What a version says of its own promises holds for it all the same.

use crate::world::{Database, Process, Promise};
use cache_runtime::cached;
use std::sync::Arc;
use test_servers::RedisServer;

mod old {
    use super::*;

    #[cached(ttl = "1h", key = "bed:{bed}", tags = ["beds"], cache = process.cache, skip(process))]
    pub(super) async fn load(process: &Process, bed: u32) -> u32 {
        process.state(bed).await
    }
}

mod with_one_more {
    use super::*;

    #[cached(ttl = "1h", key = "bed:{bed}", tags = ["beds", "wards"], cache = process.cache, skip(process))]
    pub(super) async fn load(process: &Process, bed: u32) -> u32 {
        process.state(bed).await
    }
}

mod without {
    use super::*;

    #[cached(ttl = "1h", key = "bed:{bed}", cache = process.cache, skip(process))]
    pub(super) async fn load(process: &Process, bed: u32) -> u32 {
        process.state(bed).await
    }
}

async fn both() -> (RedisServer, Arc<Process>, Arc<Process>) {
    let server = RedisServer::start().await;
    let database = Arc::new(Database::default());
    let old = Process::start(&server, &database, Promise::Strict).await;
    let new = Process::start(&server, &database, Promise::Strict).await;
    (server, old, new)
}

/// The new version declares it, and is never given what lacks it.
#[tokio::test]
async fn a_new_tag_ends_what_the_new_version_reads_whoever_has_stored_it() {
    let (_server, old, new) = both().await;
    for stored_by_new in [false, true] {
        old.cache.clear().await;
        if stored_by_new {
            with_one_more::load(&new, 1).await;
        }
        old::load(&old, 1).await;
        let state = old.database.write(1);
        new.cache.invalidate_tag("wards").await;
        assert_eq!(with_one_more::load(&new, 1).await, state);
    }
}

/// As before the deploy: nobody told the old version of wards. What it stores has no such tag, until the new version has
/// replaced it.
#[tokio::test]
async fn the_old_version_loses_by_a_new_tag_what_the_new_one_has_stored_and_nothing_else() {
    let (_server, old, new) = both().await;
    let before = old::load(&old, 1).await;
    let state = old.database.write(1);
    new.cache.invalidate_tag("wards").await;
    assert_eq!(old::load(&old, 1).await, before);
    assert_eq!(with_one_more::load(&new, 1).await, state);
    assert_eq!(old::load(&old, 1).await, state, "it was replaced");
    let state = old.database.write(1);
    new.cache.invalidate_tag("wards").await;
    assert_eq!(old::load(&old, 1).await, state);
}

/// Why a tag is taken from those who invalidate by it first, and in the next deploy from the function.
#[tokio::test]
async fn what_is_stored_without_a_tag_does_not_end_by_it() {
    let (_server, old, new) = both().await;
    let before = without::load(&new, 1).await;
    let state = old.database.write(1);
    old.cache.invalidate_tag("beds").await;
    assert_eq!(without::load(&new, 1).await, before);
    // Who declares it is not given that.
    assert_eq!(old::load(&old, 1).await, state);
    assert_eq!(without::load(&new, 1).await, state, "it was replaced");
}

/// The key and the scopes of an entry are those of its key, whatever tags it has.
#[tokio::test]
async fn keys_and_scopes_end_all_of_them() {
    let (_server, old, new) = both().await;
    for pattern in ["bed:1", "bed:*", "b?d:1", "*"] {
        without::load(&new, 1).await;
        let state = old.database.write(1);
        old.cache.invalidate(pattern).await;
        assert_eq!(without::load(&new, 1).await, state, "{pattern}");
        assert_eq!(old::load(&old, 1).await, state, "{pattern}");
        let state = old.database.write(1);
        new.cache.invalidate(pattern).await;
        assert_eq!(with_one_more::load(&new, 1).await, state, "{pattern}");
        assert_eq!(old::load(&old, 1).await, state, "{pattern}");
    }
}
