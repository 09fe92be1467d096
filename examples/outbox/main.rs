//! Outbox: a process is killed between its commit and its invalidation, and the invalidation is delivered all the same.
//!
//! ```text
//! cargo run --example outbox
//! REDIS_URL=redis://localhost cargo run --example outbox
//! ```
//!
//! The program starts itself twice, as `life.rs` tells. The first life (`first_life.rs`) changes a row, commits, and is
//! killed before it could say so to the cache. The second (`second_life.rs`) finds what the first has left. On a Redis
//! server that is an old value, which is still being served; without one the cache has died with the process.
//!
//! This file is what an application writes. `database.rs` is its SQLite file, with transactions and the outbox' table.

mod database;
mod first_life;
mod life;
mod second_life;
mod show;

use cache_runtime::{Builder, Cache, Health, cache_invalidate, cached};
use database::{Db, DbError, Transaction};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

#[cached(ttl = "1h", key = "name:{id}", skip(db))]
async fn name(db: &Db, id: u32) -> Result<String, DbError> {
    db.name(id).await
}

/// Takes part in a transaction of its caller's, who collects what it invalidates.
#[cache_invalidate("name:{id}")]
async fn rename(transaction: &mut Transaction, id: u32, name: &str) -> Result<(), DbError> {
    transaction.rename(id, name).await
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let told = match arguments.as_slice() {
        [] => life::story(),
        [life, file] if life == "first" => first_life::live(Path::new(file)).await,
        [life, file] if life == "second" => second_life::live(Path::new(file)).await,
        _ => Err("this program takes no arguments".into()),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The cache that the environment asks for.
async fn configured() -> Result<Cache, Box<dyn Error>> {
    let mut cache = Builder::from_env()?;
    if std::env::var("REDIS_OPERATION_TIMEOUT").is_err() {
        // A story of what a server does, not of one that shares its cores with a compiler and is slow to answer.
        cache = cache.operation_timeout(Duration::from_secs(1));
    }
    if std::env::var("CACHE_NAMESPACE").is_err() {
        cache = cache.namespace("outbox-example");
    }
    let cache = cache.build().await?;
    let health = cache.health().await;
    if !health.ready || !cache.is_enabled() {
        return Err(format!("there is no cache to tell about: {health}").into());
    }
    Ok(cache)
}

/// Whether the cache outlives its process.
fn is_on_a_server(health: &Health) -> bool {
    health.redis.is_some()
}
