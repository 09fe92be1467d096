//! `batch`: one run for the identifiers that are missing, an entry for each.

use crate::source::{Broken, Source, pass, ttl_is_over};
use cache_runtime::{Cache, bypass, cached};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A table of rows, and what was asked of it.
#[derive(Clone)]
struct Table {
    source: Source,
    asked: Arc<Mutex<Vec<Vec<u32>>>>,
}

impl Table {
    async fn new() -> Self {
        Table {
            source: Source::new().await,
            asked: Arc::default(),
        }
    }

    fn cache(&self) -> Cache {
        self.source.cache()
    }

    /// Rows of identifiers below 100, each with the value of the source.
    async fn rows(&self, ids: &[u32]) -> Result<HashMap<u32, u32>, Broken> {
        self.asked.lock().expect("not poisoned").push(ids.to_vec());
        let value = self.source.read().await?;
        let found = ids.iter().filter(|id| **id < 100);
        Ok(found.map(|id| (*id, id * 10 + value)).collect())
    }

    fn asked(&self) -> Vec<Vec<u32>> {
        std::mem::take(&mut *self.asked.lock().expect("not poisoned"))
    }
}

#[cached(batch(id in ids), ttl = "1m", negative = "1m", cache = table.cache(), key = "row:{id}", tags = ["row:{id}", "rows"], skip(table))]
async fn rows(table: &Table, ids: &[u32]) -> Result<HashMap<u32, u32>, Broken> {
    table.rows(ids).await
}

/// The same entries, one at a time.
#[cached(ttl = "1m", negative = "1m", cache = table.cache(), key = "row:{id}", tags = ["row:{id}", "rows"], skip(table))]
async fn row(table: &Table, id: u32) -> Result<Option<u32>, Broken> {
    Ok(table.rows(&[id]).await?.remove(&id))
}

/// Each item succeeds or fails for itself; the others are not remembered.
#[cached(batch(id in ids), ttl = "1m", cache = table.cache(), key = "part:{id}", skip(table))]
async fn parts(table: &Table, ids: Vec<u32>) -> BTreeMap<u32, Result<u32, String>> {
    let rows = table.rows(&ids).await.expect("not broken here");
    let part = |id: u32| match id % 2 {
        0 => Ok(rows[&id]),
        _ => Err(format!("{id} is odd")),
    };
    ids.into_iter().map(|id| (id, part(id))).collect()
}

#[cached(batch, ttl = |value: &u32| Duration::from_secs(u64::from(*value)), unless = |value| *value == 31, tags_with = |value| ["value:{value}"], cache = table.cache(), skip(table, factor))]
async fn listed(table: &Table, factor: String, mut ids: Vec<u32>) -> Vec<(u32, u32)> {
    ids.sort_unstable();
    let factor: u32 = factor.parse().expect("a number");
    let rows = table.rows(&ids).await.expect("not broken here");
    ids.into_iter().map(|id| (id, rows[&id] * factor)).collect()
}

#[cached(ttl = "1m", cache = table.cache(), key = "sum:{ids}", skip(table))]
async fn sum(table: &Table, ids: Vec<u32>) -> Result<u32, Broken> {
    Ok(rows(table, &ids).await?.values().sum())
}

fn sorted(rows: HashMap<u32, u32>) -> Vec<(u32, u32)> {
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_unstable();
    rows
}

async fn found(table: &Table, ids: &[u32]) -> Vec<(u32, u32)> {
    sorted(rows(table, ids).await.expect("not broken here"))
}

#[tokio::test]
async fn only_what_is_missing_is_asked_for_and_once() {
    let table = Table::new().await;
    assert_eq!(found(&table, &[1, 2]).await, [(1, 11), (2, 21)]);
    assert_eq!(
        found(&table, &[3, 2, 1, 3]).await,
        [(1, 11), (2, 21), (3, 31)]
    );
    assert_eq!(found(&table, &[1, 3]).await, [(1, 11), (3, 31)]);
    assert_eq!(found(&table, &[]).await, []);
    assert_eq!(table.asked(), [vec![1, 2], vec![3]]);
    assert_eq!(row(&table, 2).await, Ok(Some(21)), "the same entries");
    assert!(table.asked().is_empty());
    let stats = table.cache().stats();
    let stats = stats.function("rows").expect("called");
    assert_eq!((stats.hits, stats.misses, stats.loads), (4, 3, 2));
}

#[tokio::test]
async fn what_is_not_there_is_remembered() {
    let table = Table::new().await;
    assert_eq!(found(&table, &[1, 100]).await, [(1, 11)]);
    assert_eq!(found(&table, &[100, 1]).await, [(1, 11)]);
    assert_eq!(row(&table, 100).await, Ok(None));
    assert_eq!(table.asked(), [vec![1, 100]]);
}

#[tokio::test]
async fn each_has_tags_and_a_key_of_its_own() {
    let table = Table::new().await;
    found(&table, &[1, 2, 3]).await;
    table.asked();
    table.cache().invalidate_tag("row:2").await;
    found(&table, &[1, 2, 3]).await;
    table.cache().delete("row:3").await;
    found(&table, &[1, 2, 3]).await;
    table.cache().invalidate_tag("rows").await;
    found(&table, &[1, 2, 3]).await;
    assert_eq!(table.asked(), [vec![2], vec![3], vec![1, 2, 3]]);
}

#[tokio::test]
async fn what_is_invalidated_during_a_run_is_not_stored_and_the_rest_is() {
    let table = Table::new().await;
    table.source.hold();
    let reader = tokio::spawn({
        let table = table.clone();
        async move { found(&table, &[1, 2]).await }
    });
    table.source.has_read().await;
    table.source.write(2);
    table.cache().invalidate_tag("row:2").await;
    table.source.let_go();
    assert_eq!(reader.await.expect("answered"), [(1, 11), (2, 21)]);
    assert_eq!(found(&table, &[1, 2]).await, [(1, 11), (2, 22)]);
}

#[tokio::test]
async fn an_item_that_fails_is_asked_for_again_and_the_rest_is_kept() {
    let table = Table::new().await;
    for _ in 0..2 {
        let parts = parts(&table, vec![1, 2, 4]).await;
        assert_eq!(parts[&2], Ok(21));
        assert_eq!(parts[&1], Err("1 is odd".to_owned()));
        assert_eq!(parts.len(), 3);
    }
    assert_eq!(table.asked(), [vec![1, 2, 4], vec![1]]);
}

#[tokio::test]
async fn a_run_that_fails_stores_nothing_and_holds_nobody_up() {
    let table = Table::new().await;
    found(&table, &[1]).await;
    table.source.breaks();
    assert_eq!(rows(&table, &[1, 2]).await, Err(Broken));
    table.source.recovers();
    assert_eq!(row(&table, 2).await, Ok(Some(21)));
    assert_eq!(found(&table, &[1, 2]).await, [(1, 11), (2, 21)]);
    assert_eq!(table.asked(), [vec![1], vec![2], vec![2]]);
}

#[tokio::test]
async fn batches_that_overlap_ask_for_each_once_and_do_not_wait_for_each_other() {
    let table = Table::new().await;
    table.source.hold();
    let batch = |ids: Vec<u32>| {
        let table = table.clone();
        tokio::spawn(async move { found(&table, &ids).await })
    };
    let one = batch(vec![1, 2, 3]);
    table.source.has_read().await;
    let other = batch(vec![4, 3, 2]);
    table.source.has_read().await;
    pass(Duration::from_millis(30)).await;
    let third = batch(vec![4, 1]);
    pass(Duration::from_millis(30)).await;
    table.source.let_go();
    assert_eq!(one.await.expect("answered").len(), 3);
    assert_eq!(other.await.expect("answered"), [(2, 21), (3, 31), (4, 41)]);
    assert_eq!(third.await.expect("answered"), [(1, 11), (4, 41)]);
    let mut asked = table.asked();
    asked.iter_mut().for_each(|ids| ids.sort_unstable());
    assert_eq!(asked, [vec![1, 2, 3], vec![4]]);
}

#[tokio::test]
async fn batches_in_opposite_orders_end() {
    let table = Table::new().await;
    let ends = tokio::time::timeout(Duration::from_secs(20), async {
        for round in 0..20 {
            let mut batches = tokio::task::JoinSet::new();
            for caller in 0..6u32 {
                let table = table.clone();
                batches.spawn(async move {
                    let mut ids: Vec<u32> = (0..8).collect();
                    ids.rotate_left(caller as usize);
                    found(&table, &ids).await.len()
                });
            }
            assert_eq!(batches.join_all().await, [8; 6]);
            if round % 2 == 0 {
                table.cache().invalidate_tag("rows").await;
            }
        }
    });
    ends.await.expect("nobody waits in a circle");
}

#[tokio::test]
async fn a_batch_that_is_dropped_leaves_its_identifiers_to_others() {
    let table = Table::new().await;
    table.source.hold();
    let dropped = tokio::spawn({
        let table = table.clone();
        async move { found(&table, &[1, 2]).await }
    });
    table.source.has_read().await;
    let waiting = tokio::spawn({
        let table = table.clone();
        async move { row(&table, 2).await }
    });
    pass(Duration::from_millis(30)).await;
    dropped.abort();
    table.source.has_read().await;
    table.source.let_go();
    assert_eq!(waiting.await.expect("answered"), Ok(Some(21)));
}

#[tokio::test]
async fn values_decide_each_for_itself() {
    let table = Table::new().await;
    let values = listed(&table, "1".to_owned(), vec![3, 1]).await;
    assert_eq!(
        values,
        [(3, 31), (1, 11)],
        "in the order in which they were asked for"
    );
    listed(&table, "1".to_owned(), vec![1, 3]).await;
    assert_eq!(table.asked(), [vec![1, 3], vec![3]], "31 is not stored");
    table.cache().invalidate_tag("value:11").await;
    listed(&table, "1".to_owned(), vec![1]).await;
    assert_eq!(table.asked(), [vec![1]]);
}

#[tokio::test]
async fn what_is_made_of_a_batch_ends_with_each_of_its_items() {
    let table = Table::new().await;
    assert_eq!(sum(&table, vec![1, 2]).await, Ok(32));
    table.source.write(2);
    assert_eq!(sum(&table, vec![1, 2]).await, Ok(32));
    table.cache().invalidate_tag("row:2").await;
    assert_eq!(sum(&table, vec![1, 2]).await, Ok(11 + 22));
    table.cache().delete("row:1").await;
    assert_eq!(sum(&table, vec![1, 2]).await, Ok(12 + 22));
}

#[tokio::test]
async fn a_batch_goes_past_the_cache_as_a_whole() {
    let table = Table::new().await;
    found(&table, &[1]).await;
    bypass(found(&table, &[1, 2])).await;
    found(&table, &[1]).await;
    assert_eq!(table.asked(), [vec![1], vec![1, 2]]);
    assert!(!table.cache().contains("row:2").await);
}

#[tokio::test]
async fn each_lives_as_long_as_any_entry() {
    #[allow(clippy::ptr_arg, reason = "some have one")]
    #[cached(batch(id in ids), ttl = "200ms", cache = table.cache(), key = "brief:{id}", skip(table))]
    async fn brief(table: &Table, ids: &Vec<u32>) -> HashMap<u32, u32> {
        table.rows(ids).await.expect("not broken here")
    }
    let table = Table::new().await;
    brief(&table, &vec![1]).await;
    table.source.write(2);
    ttl_is_over().await;
    assert_eq!(sorted(brief(&table, &vec![1]).await), [(1, 12)]);
}
