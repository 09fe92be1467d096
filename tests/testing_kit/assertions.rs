//! The assertions about one cache, and what they say when they fail.

use crate::app::{Db, read, read_twice, write, write_all};
use cache_runtime::testing::{self, Network, assert_cached, assert_invalidates, assert_keeps, on};
use cache_runtime::{Cache, cache_invalidate, cached};
use std::sync::atomic::Ordering::SeqCst;

#[cached(key = "nick:{id}")]
async fn nickname(id: u32) -> Option<String> {
    (id > 100).then(|| "nick".to_owned())
}

#[cached(key = "maybe:{id}", when = id > 100)]
async fn sometimes(id: u32) -> u32 {
    id
}

#[cached(key = "secret:{id}", sensitive, unless = |_| true)]
async fn secret(id: u32) -> u32 {
    id
}

#[cache_invalidate("rows:{row}", tags = ["row"])]
async fn misspelt(db: &Db, row: u32) {
    db.value.fetch_add(1, SeqCst);
}

#[tokio::test]
async fn they_hold_for_what_is_wired_well() {
    let db = Db::default();
    let network = Network::new();
    for cache in [testing::cache(), network.node("a").await] {
        on(&cache, async {
            assert_cached!(read(&db, 1).await);
            assert_cached!(read_twice(&db, 1).await);
            assert_invalidates!(write(&db, 1, 5).await => read(&db, 1).await);
            assert_invalidates!(write(&db, 1, 6).await => read_twice(&db, 1).await);
            assert_invalidates!(write_all(&db, 7).await => read(&db, 1).await);
            assert_keeps!(write(&db, 1, 8).await => read(&db, 2).await);
        })
        .await;
    }
}

/// Any expression: of several calls, of the handle, with values that it moves.
#[tokio::test]
async fn they_take_any_expression() {
    let (cache, db) = (testing::cache(), Db::default());
    on(&cache, async {
        assert_cached!(read(&db, 1).await + read(&db, 2).await);
        assert_cached!({
            let name = String::from("total");
            Cache::global().get_or_set(&name, || async { 42 }).await
        });
        assert_invalidates!(Cache::global().clear().await => (read(&db, 1).await, read(&db, 2).await));
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "assertions::nickname`, key `nick:7`: absent\n  the first time")]
async fn a_call_that_is_not_stored_is_named() {
    on(&testing::cache(), async {
        assert_cached!(nickname(7).await);
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "was not stored: it was not to be: there was nothing (`negative`")]
async fn and_the_reason_is_told() {
    on(&testing::cache(), async {
        assert_cached!(nickname(7).await);
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "went past the cache (switched off, or `when` said no")]
async fn a_call_that_goes_past_the_cache_is_named() {
    on(&testing::cache(), async {
        assert_cached!(sometimes(7).await);
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "assertions::secret`, key `~")]
async fn the_key_of_a_sensitive_function_is_a_digest() {
    on(&testing::cache(), async { assert_cached!(secret(7).await) }).await;
}

/// Also what computes nothing by itself.
#[tokio::test]
async fn they_hold_for_the_handle() {
    let (cache, network) = (testing::cache(), Network::new());
    for cache in [cache, network.node("a").await] {
        cache.set("answer", 42).await;
        assert_cached!(cache.get::<i32>("answer").await);
        assert_keeps!(cache.delete("question").await => cache.get::<i32>("answer").await);
        assert_invalidates!(cache.delete("answer").await => cache.get::<i32>("answer").await);
    }
}

#[tokio::test]
#[should_panic(expected = "`(direct)`, key `answer`: absent")]
async fn what_is_not_there_is_not_cached() {
    let cache = testing::cache();
    assert_cached!(cache.get::<i32>("answer").await);
}

#[tokio::test]
#[should_panic(expected = "`db.runs()` asks no cache")]
async fn what_asks_no_cache_is_not_cached() {
    let db = Db::default();
    assert_cached!(db.runs());
}

#[tokio::test]
#[should_panic(expected = "`misspelt(&db, 1).await` does not invalidate `read(&db, 1).await`")]
async fn an_invalidation_that_misses_is_named() {
    let db = Db::default();
    on(&testing::cache(), async {
        assert_invalidates!(misspelt(&db, 1).await => read(&db, 1).await);
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "it invalidated `rows:1`, tag `row`")]
async fn and_what_it_has_hit_instead() {
    let db = Db::default();
    on(&testing::cache(), async {
        assert_invalidates!(misspelt(&db, 1).await => read(&db, 1).await);
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "it invalidated nothing")]
async fn a_write_without_an_invalidation_is_told_so() {
    let db = Db::default();
    on(&testing::cache(), async {
        assert_invalidates!(db.value.store(1, SeqCst) => read(&db, 1).await);
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "`write_all(&db, 1).await` does not keep `read(&db, 1).await`")]
async fn an_invalidation_that_reaches_too_far_is_named() {
    let db = Db::default();
    on(&testing::cache(), async {
        assert_keeps!(write_all(&db, 1).await => read(&db, 1).await);
    })
    .await;
}
