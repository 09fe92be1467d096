//! The story: what is shown, in which order; and the calls that come up more than once.

use crate::database::Db;
use crate::queries::{PATIENTS, THERAPISTS, VISITS};
use crate::records::{Patient, Report, Visit};
use crate::show::{Failure, Source, call, grouped, step};
use crate::{agenda, book, patient, report};
use crate::{fence, insight, invalidations, keys, reads};
use cache_runtime::Cache;
use std::sync::Arc;

pub(crate) const YEAR: u16 = 2026;
pub(crate) const DAY: &str = "2026-03-02";

/// Tells it all; stops at the first thing that is not as promised.
pub(crate) async fn tell(db: &Db, cache: &Cache) -> Result<(), Failure> {
    let (patients, visits) = (grouped(PATIENTS), grouped(VISITS));
    println!("A clinic in SQLite: {THERAPISTS} therapists, {patients} patients, {visits} visits.");
    println!("A line is a call, who answered it (as the database counted), the time, the answer.");

    step(1, "A slow report, asked for twice");
    reads::twice(db, cache).await?;
    step(2, "A thousand callers at once of a cold report");
    reads::stampede(db, cache).await?;
    step(3, "No such patient: `negative` remembers that too");
    reads::absence(db).await?;

    step(4, "A booking, seen by the very next readers");
    invalidations::by_pattern_and_tag(db).await?;
    step(5, "A new name, written through");
    invalidations::write_through(db).await?;
    step(6, "One exact key");
    invalidations::by_key(db).await?;
    step(7, "Typed records, and one tag for all of a kind");
    invalidations::of_records(db, cache).await?;
    step(8, "Patterns by hand: a scope, a glob, a key");
    invalidations::by_hand(db, cache).await?;
    step(9, "A slow reader, overtaken by a booking, stores nothing");
    fence::overtaken(db, cache).await?;

    step(10, "What the cache knows");
    insight::show(cache).await?;
    if let Ok(url) = std::env::var("REDIS_URL") {
        step(11, "The keys on the server");
        keys::show(&url, cache.namespace()).await?;
    }
    Ok(())
}

pub(crate) async fn ask_report(db: &Db, promised: Source) -> Result<Arc<Report>, Failure> {
    let name = format!("report({YEAR})");
    let tell = |found: &Arc<Report>| tell_report(found);
    call(db, promised, &name, report(db, YEAR), tell).await
}

pub(crate) fn tell_report(report: &Report) -> String {
    let returning: u32 = report.therapists.iter().map(|line| line.returning).sum();
    let share = 100 * returning / report.visits.max(1);
    format!("{} visits, {share} % returning", grouped(report.visits))
}

pub(crate) async fn ask_agenda(
    db: &Db,
    promised: Source,
    therapist: u32,
) -> Result<Vec<Visit>, Failure> {
    let name = format!("agenda({therapist}, {DAY:?})");
    let tell = |visits: &Vec<Visit>| format!("visits: {}", visits.len());
    call(db, promised, &name, agenda(db, therapist, DAY), tell).await
}

pub(crate) async fn ask_patient(
    db: &Db,
    promised: Source,
    id: u32,
) -> Result<Option<Patient>, Failure> {
    let name = format!("patient({id})");
    let tell = |found: &Option<Patient>| match found {
        Some(patient) => patient.name.clone(),
        None => "no such patient".to_owned(),
    };
    call(db, promised, &name, patient(db, id), tell).await
}

/// Books a visit to therapist 4.
pub(crate) async fn ask_booking(db: &Db) -> Result<(), Failure> {
    let visit = Visit {
        therapist: 4,
        patient: 21,
        day: DAY.to_owned(),
        fee: 90,
    };
    let name = format!("book(therapist 4, {DAY:?})");
    let tell = |_: &()| "invalidates agenda:4:*, tag reports".to_owned();
    call(db, Source::Write, &name, book(db, visit), tell).await
}
