//! The first life: it serves, changes a row, commits, and does not come to invalidate.

use crate::database::Db;
use crate::life::COMMITTED;
use crate::show::{Failure, Source, ask, note};
use crate::{configured, rename};
use cache_runtime::Invalidations;
use std::future::pending;
use std::path::Path;

pub(crate) async fn live(file: &Path) -> Result<(), Failure> {
    let cache = configured().await?;
    // On a server there may be entries of an earlier run, whose database is gone.
    cache.clear().await;
    cache.install()?;
    let db = Db::open(file)?;
    ask(&db, Source::Database, "Ada").await?;
    ask(&db, Source::Cache, "Ada").await?;

    let mut invalidations = Invalidations::of(&cache);
    let mut transaction = db.begin().await?;
    invalidations
        .collect(rename(&mut transaction, 1, "Grace"))
        .await?;
    let lines = invalidations.lines_of(&cache);
    note(&format!(
        "rename(1, \"Grace\"), and in the same transaction a row: {}",
        lines.join(", ")
    ));
    transaction.leave(lines).await?;
    let commit = async {
        transaction.commit().await?;
        note("commit");
        println!("{COMMITTED}");
        // From here on its parent may kill it at any time. In a real one this is a moment, and it has to be unlucky.
        pending::<Result<(), Failure>>().await
    };
    invalidations.commit(commit).await
}
