//! The second life: it finds what the first has left in the cache and in the database.

use crate::database::Db;
use crate::show::{Failure, Source, ask, ensure, note};
use crate::{configured, is_on_a_server};
use cache_runtime::{Delivery, Outbox};
use std::path::Path;
use std::time::Duration;

pub(crate) async fn live(file: &Path) -> Result<(), Failure> {
    let cache = configured().await?;
    cache.install()?;
    let db = Db::open(file)?;
    if is_on_a_server(&cache.health().await) {
        note("a reader who comes too early, to show what there is to lose:");
        ask(&db, Source::Cache, "Ada").await?;
    } else {
        note(
            "no server: the cache has died with the process, and there is nothing old to be served.",
        );
        note(
            "Give it a REDIS_URL to see an old value that outlives the process which should have deleted it.",
        );
    }

    // What every process should do before it serves.
    let outbox = Outbox::new(&cache, db.clone());
    let report = outbox.deliver_pending().await?;
    note(&format!(
        "outbox.deliver_pending(): {} {}",
        report.delivered, report.delivery
    ));
    ensure(
        (report.delivered, report.delivery) == (1, Delivery::Delivered),
        || "the row of the first life was not delivered".to_owned(),
    )?;
    // And while it serves: rows of others who were killed, and its own.
    let delivering = tokio::spawn(outbox.run(Duration::from_secs(5)));

    ask(&db, Source::Database, "Grace").await?;
    ask(&db, Source::Cache, "Grace").await?;
    delivering.abort();
    Ok(())
}
