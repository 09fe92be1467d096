//! Quickstart: a small clinic on SQLite, with a cache in front of its queries.
//!
//! ```text
//! cargo run --example quickstart
//! ```
//!
//! With `REDIS_URL=redis://localhost` the same story is told on a Redis server, and ends with the keys there.
//!
//! This file is what an application writes: annotated functions, a record, and a cache that is installed at start.
//! `story.rs` calls them step by step (`reads.rs`, `invalidations.rs`, `fence.rs`, `insight.rs`), and `show.rs`
//! tells from the database's own count where each answer came from. `database.rs` is the SQLite file,
//! `queries.rs` its SQL, `records.rs` its rows.

mod database;
mod fence;
mod insight;
mod invalidations;
mod keys;
mod queries;
mod reads;
mod records;
mod show;
mod story;

use cache_runtime::{
    Builder, Cache, ConfigError, DomainCache, cache_invalidate, cache_put, cached,
};
use database::{Db, DbError};
use records::{Patient, Report, Visit};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The slow one: it goes through every visit of a year.
///
/// A large value is best returned in an `Arc`: a hit then copies a pointer, not the report.
#[cached(ttl = "1h", key = "report:{year}", tags = ["reports"], skip(db))]
async fn report(db: &Db, year: u16) -> Result<Arc<Report>, DbError> {
    let report = db.read(move |sqlite| queries::report(sqlite, year)).await?;
    Ok(Arc::new(report))
}

/// `None` is an answer too, and `negative` says how long to remember it. An `Err` is never stored.
#[cached(ttl = "5m", key = "patient:{id}", negative = "30s", skip(db))]
async fn patient(db: &Db, id: u32) -> Result<Option<Patient>, DbError> {
    db.read(move |sqlite| queries::patient(sqlite, id)).await
}

/// What is in the key can be named in a pattern: `agenda:4:*` is every day of therapist 4.
#[cached(ttl = "5m", key = "agenda:{therapist}:{day}", skip(db))]
async fn agenda(db: &Db, therapist: u32, day: &str) -> Result<Vec<Visit>, DbError> {
    let day = day.to_owned();
    db.read(move |sqlite| queries::agenda(sqlite, therapist, &day))
        .await
}

/// Without `key` the function's path and its arguments are the key: `quickstart.specialists:sleep`.
/// The tag is one that `Therapist`, below, carries as well.
#[cached(ttl = "10m", tags = ["therapist:specialty:{specialty}"], skip(db))]
async fn specialists(db: &Db, specialty: &str) -> Result<Vec<Therapist>, DbError> {
    let specialty = specialty.to_owned();
    db.read(move |sqlite| queries::specialists(sqlite, &specialty))
        .await
}

/// Changes a therapist's days, by a pattern, and every report, by a tag. The change is committed when the body
/// returns, which is when the invalidation happens.
#[cache_invalidate("agenda:{visit.therapist}:*", tags = ["reports"])]
async fn book(db: &Db, visit: Visit) -> Result<(), DbError> {
    db.write(move |sqlite| queries::book(sqlite, &visit)).await
}

/// Returns what it has written, so the new value takes the place of the old one: the next reader needs no query.
#[cache_put(key = "patient:{id}", ttl = "5m")]
async fn rename(db: &Db, id: u32, name: &str) -> Result<Option<Patient>, DbError> {
    let name = name.to_owned();
    db.write(move |sqlite| queries::rename(sqlite, id, &name))
        .await
}

/// One exact key.
#[cache_invalidate("patient:{id}")]
async fn discharge(db: &Db, id: u32) -> Result<(), DbError> {
    db.write(move |sqlite| queries::discharge(sqlite, id)).await
}

/// One tag, for the records and the lists of many therapists.
#[cache_invalidate(tags = ["therapist:specialty:{specialty}"])]
async fn raise_fees(db: &Db, specialty: &str, by: u32) -> Result<usize, DbError> {
    let specialty = specialty.to_owned();
    db.write(move |sqlite| queries::raise_fees(sqlite, &specialty, by))
        .await
}

/// A record that is read by its id or by its e-mail address: the derive makes `TherapistCache`.
#[derive(Clone, Debug, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "therapist", ttl = "30m")]
struct Therapist {
    #[cache(key)]
    id: u32,
    #[cache(tag)]
    specialty: String,
    #[cache(lookup)]
    email: String,
    name: String,
    fee: u32,
}

/// The record with this id, from the cache or else from the database.
async fn therapist(
    db: &Db,
    therapists: &TherapistCache,
    id: u32,
) -> Result<Option<Therapist>, DbError> {
    let load = || db.read(move |sqlite| queries::therapist(sqlite, id));
    therapists.get_or_load(&id, load).await
}

/// The same by e-mail address: one entry under two keys.
async fn therapist_by_email(
    db: &Db,
    therapists: &TherapistCache,
    email: &str,
) -> Result<Option<Therapist>, DbError> {
    let wanted = email.to_owned();
    let load = || db.read(move |sqlite| queries::therapist_by_email(sqlite, &wanted));
    therapists.by_email_or_load(email, load).await
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The cache that the environment asks for.
async fn configured() -> Result<Cache, ConfigError> {
    let mut cache = Builder::from_env()?;
    if std::env::var("REDIS_OPERATION_TIMEOUT").is_err() {
        // A story of what a server does, not of one that shares its cores with a compiler and is slow to answer.
        cache = cache.operation_timeout(Duration::from_secs(1));
    }
    match std::env::var("CACHE_NAMESPACE") {
        Ok(_) => cache.build().await,
        Err(_) => cache.namespace("quickstart").build().await,
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let cache = configured().await?;
    if !cache.is_enabled() {
        return Err("CACHE_ENABLED switches the cache off, so there is nothing to see here".into());
    }
    let health = cache.health().await;
    if !health.ready {
        return Err(format!("there is no cache to tell about: {health}").into());
    }
    // On a server there may be entries of an earlier run, whose database is gone.
    cache.clear().await;
    // From here on the annotated functions use this one.
    cache.install()?;
    let db = Db::open()?;
    story::tell(&db, &cache).await
}
