//! Steps that only read.

use crate::database::Db;
use crate::report;
use crate::show::{Failure, Source, ensure, grouped, line};
use crate::story::{YEAR, ask_patient, ask_report};
use cache_runtime::Cache;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

const CALLERS: u32 = 1_000;
const NOBODY: u32 = 999_999;

pub(crate) async fn twice(db: &Db, cache: &Cache) -> Result<(), Failure> {
    let first = ask_report(db, Source::Database).await?;
    let second = ask_report(db, Source::Cache).await?;
    // The embedded cache hands out the same report; from a server comes another copy.
    let is_same = Arc::ptr_eq(&first, &second) || cache.health().await.backend == "redis";
    ensure(is_same && first.visits == second.visits, || {
        "a hit was another report".to_owned()
    })
}

pub(crate) async fn stampede(db: &Db, cache: &Cache) -> Result<(), Failure> {
    cache.invalidate_tag("reports").await;
    let (before, waited_before) = (db.begun(), waited(cache));
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let db = db.clone();
        callers.spawn(async move { report(&db, YEAR).await });
    }
    for answer in callers.join_all().await {
        answer?;
    }
    let (after, took) = (db.begun(), started.elapsed());
    let queries = after.reads - before.reads;
    let waited = waited(cache) - waited_before;
    line(
        &format!("{} x report({YEAR})", grouped(CALLERS)),
        Source::between(before, after),
        took,
        &format!("queries: {queries}, waited for it: {waited}"),
    );
    ensure(queries == 1, || {
        format!("{queries} queries ran where one was promised")
    })
}

/// How many calls of `report` were given the answer of another caller's query.
fn waited(cache: &Cache) -> u64 {
    let stats = cache.stats();
    stats.function("report").map_or(0, |row| row.coalesced)
}

pub(crate) async fn absence(db: &Db) -> Result<(), Failure> {
    ask_patient(db, Source::Database, NOBODY).await?;
    ask_patient(db, Source::Cache, NOBODY).await?;
    Ok(())
}
