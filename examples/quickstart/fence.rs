//! A reader whose query began before a change, and ends after its invalidation. What it has read is out of date:
//! stored now, it would be served for an hour.

use crate::database::Db;
use crate::report;
use crate::show::{Failure, Source, ensure, line, note};
use crate::story::{YEAR, ask_booking, ask_report, tell_report};
use cache_runtime::Cache;
use std::time::Instant;

pub(crate) async fn overtaken(db: &Db, cache: &Cache) -> Result<(), Failure> {
    cache.invalidate_tag("reports").await;
    let (before, refused_before) = (db.begun(), refused(cache));

    let (own, started) = (db.clone(), Instant::now());
    let mut slow = tokio::spawn(async move { (report(&own, YEAR).await, started.elapsed()) });
    // Once its query has begun, the reader sees nothing of what is committed from here on.
    tokio::select! {
        () = db.query_since(before) => note("a slow reader's query has begun"),
        _ = &mut slow => return Err("the slow reader was answered without a query".into()),
    }
    let source = Source::between(before, db.begun());
    ask_booking(db).await?;

    let (old, took) = slow.await?;
    let old = old?;
    let name = format!("report({YEAR}), the slow reader's");
    line(&name, source, took, &tell_report(&old));
    let refused = refused(cache) - refused_before;
    note(&format!("values not stored, being out of date: {refused}"));
    let new = ask_report(db, Source::Database).await?;
    ask_report(db, Source::Cache).await?;
    ensure(refused == 1 && new.visits == old.visits + 1, || {
        "the booking came too late to overtake the slow reader".to_owned()
    })
}

/// How many values of `report` were not stored since they had been overtaken.
fn refused(cache: &Cache) -> u64 {
    let stats = cache.stats();
    stats.function("report").map_or(0, |row| row.fenced)
}
