//! Steps that change the database, and what readers see afterwards.

use crate::database::Db;
use crate::records::Patient;
use crate::show::{Failure, Source, call, ensure, line};
use crate::story::{DAY, YEAR, ask_agenda, ask_booking, ask_patient, ask_report};
use crate::{Therapist, TherapistCache, therapist, therapist_by_email};
use crate::{discharge, raise_fees, rename, specialists};
use cache_runtime::Cache;
use std::time::Instant;

const PATIENT: u32 = 42;

pub(crate) async fn by_pattern_and_tag(db: &Db) -> Result<(), Failure> {
    let before = ask_agenda(db, Source::Database, 4).await?;
    ask_agenda(db, Source::Cache, 4).await?;
    ask_agenda(db, Source::Database, 18).await?;
    ask_booking(db).await?;
    let after = ask_agenda(db, Source::Database, 4).await?;
    ask_agenda(db, Source::Cache, 18).await?;
    ask_report(db, Source::Database).await?;
    ensure(after.len() == before.len() + 1, || {
        "a reader did not see the booking".to_owned()
    })
}

pub(crate) async fn write_through(db: &Db) -> Result<(), Failure> {
    const NAME: &str = "Ada Lovelace";
    ask_patient(db, Source::Database, PATIENT).await?;
    let name = format!("rename({PATIENT}, {NAME:?})");
    let tell = |_: &Option<Patient>| format!("stores patient:{PATIENT}");
    call(db, Source::Write, &name, rename(db, PATIENT, NAME), tell).await?;
    let renamed = ask_patient(db, Source::Cache, PATIENT).await?;
    ensure(renamed.is_some_and(|patient| patient.name == NAME), || {
        "a reader did not see the new name".to_owned()
    })
}

pub(crate) async fn by_key(db: &Db) -> Result<(), Failure> {
    let name = format!("discharge({PATIENT})");
    let tell = |_: &()| format!("invalidates patient:{PATIENT}");
    call(db, Source::Write, &name, discharge(db, PATIENT), tell).await?;
    let gone = ask_patient(db, Source::Database, PATIENT).await?;
    ensure(gone.is_none(), || {
        "a reader still found the patient".to_owned()
    })
}

pub(crate) async fn of_records(db: &Db, cache: &Cache) -> Result<(), Failure> {
    let therapists = TherapistCache::new(cache);
    let before = ask_therapist(db, Source::Database, &therapists).await?;
    ask_specialists(db, Source::Database).await?;
    ask_specialists(db, Source::Cache).await?;

    let raising = raise_fees(db, "sleep", 10);
    let tell = |_: &usize| "invalidates a tag of all these".to_owned();
    let name = r#"raise_fees("sleep", 10)"#;
    call(db, Source::Write, name, raising, tell).await?;

    let after = ask_therapist(db, Source::Database, &therapists).await?;
    ask_specialists(db, Source::Database).await?;
    ensure(after == before + 10, || {
        "a reader did not see the new fee".to_owned()
    })
}

/// The fee of therapist 8, read by id and by e-mail address.
async fn ask_therapist(
    db: &Db,
    promised: Source,
    therapists: &TherapistCache,
) -> Result<u32, Failure> {
    const EMAIL: &str = "t8@clinic.example";
    let fee = |found: &Option<Therapist>| found.as_ref().map_or(0, |record| record.fee);
    let tell = |found: &Option<Therapist>| format!("fee: {}", fee(found));
    let by_id = therapist(db, therapists, 8);
    let by_id = call(db, promised, "therapist(8)", by_id, tell).await?;
    let name = format!("therapist_by_email({EMAIL:?})");
    let by_email = therapist_by_email(db, therapists, EMAIL);
    // Loaded once, found under both.
    let by_email = call(db, Source::Cache, &name, by_email, tell).await?;
    ensure(fee(&by_id) == fee(&by_email), || {
        "the id and the address found different records".to_owned()
    })?;
    Ok(fee(&by_id))
}

async fn ask_specialists(db: &Db, promised: Source) -> Result<(), Failure> {
    let tell = |found: &Vec<Therapist>| format!("therapists: {}", found.len());
    let name = r#"specialists("sleep")"#;
    call(db, promised, name, specialists(db, "sleep"), tell).await?;
    Ok(())
}

pub(crate) async fn by_hand(db: &Db, cache: &Cache) -> Result<(), Failure> {
    invalidate(cache, "agenda:4:*").await;
    ask_agenda(db, Source::Database, 4).await?;
    ask_agenda(db, Source::Cache, 18).await?;
    invalidate(cache, &format!("agenda:*:{DAY}")).await;
    ask_agenda(db, Source::Database, 4).await?;
    ask_agenda(db, Source::Database, 18).await?;
    invalidate(cache, &format!("report:{YEAR}")).await;
    ask_report(db, Source::Database).await?;
    Ok(())
}

/// Prints which way the invalidation went: a scope is one step whatever lies under it, a scan walks over the keys.
async fn invalidate(cache: &Cache, pattern: &str) {
    let started = Instant::now();
    let done = cache.invalidate(pattern).await;
    let name = format!("cache.invalidate({pattern:?})");
    line(&name, "", started.elapsed(), &done.to_string());
}
