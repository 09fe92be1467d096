//! The SQL: plain functions that know nothing of the cache.

use crate::Therapist;
use crate::records::{Line, Patient, Report, Visit};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

pub(crate) const THERAPISTS: u32 = 200;
pub(crate) const PATIENTS: u32 = 5_000;
pub(crate) const VISITS: u32 = 60_000;

const SPECIALTIES: [&str; 5] = ["anxiety", "couples", "grief", "sleep", "trauma"];

/// No index on visits: a report walks through all of them, and sorts them by patient and day.
const SCHEMA: &str = "
    CREATE TABLE therapists (id INTEGER PRIMARY KEY, specialty TEXT, email TEXT, name TEXT, fee INTEGER);
    CREATE TABLE patients (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE visits (therapist INTEGER, patient INTEGER, day TEXT, fee INTEGER);
";

/// Fills the tables in one transaction; the same rows in every run.
pub(crate) fn seed(sqlite: &mut Connection) -> Result<()> {
    let transaction = sqlite.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    seed_people(&transaction)?;
    seed_visits(&transaction)?;
    transaction.commit()
}

fn seed_people(sqlite: &Connection) -> Result<()> {
    let mut therapist = sqlite.prepare("INSERT INTO therapists VALUES (?, ?, ?, ?, ?)")?;
    for id in 1..=THERAPISTS {
        let specialty = SPECIALTIES[id as usize % SPECIALTIES.len()];
        let (email, name) = (format!("t{id}@clinic.example"), format!("Therapist {id}"));
        therapist.execute(params![id, specialty, email, name, fee(id)])?;
    }
    let mut patient = sqlite.prepare("INSERT INTO patients VALUES (?, ?)")?;
    for id in 1..=PATIENTS {
        patient.execute(params![id, format!("Patient {id}")])?;
    }
    Ok(())
}

fn seed_visits(sqlite: &Connection) -> Result<()> {
    let insert = "INSERT INTO visits VALUES (?, ?, date('2026-01-01', ? || ' days'), ?)";
    let mut visit = sqlite.prepare(insert)?;
    for n in 0..VISITS {
        let (therapist, patient) = (1 + scatter(n, THERAPISTS), 1 + scatter(n * 3, PATIENTS));
        let day = scatter(n * 7, 365);
        visit.execute(params![therapist, patient, day, fee(therapist)])?;
    }
    Ok(())
}

fn fee(therapist: u32) -> u32 {
    60 + 10 * scatter(therapist, 6)
}

/// A number below `end` that looks random (Knuth's multiplicative hashing).
fn scatter(n: u32, end: u32) -> u32 {
    (n.wrapping_mul(2_654_435_761) >> 8) % end
}

pub(crate) fn report(sqlite: &Connection, year: u16) -> Result<Report> {
    let mut statement = sqlite.prepare(
        "WITH in_order AS (
             SELECT therapist, fee, julianday(day) - julianday(
                 lag(day) OVER (PARTITION BY patient ORDER BY day)) AS pause
             FROM visits WHERE day LIKE ? || '-%')
         SELECT name, count(*), count(CASE WHEN pause <= 30 THEN 1 END), sum(in_order.fee) AS revenue
         FROM in_order JOIN therapists ON therapists.id = therapist
         GROUP BY therapists.id ORDER BY revenue DESC",
    )?;
    let lines = statement.query_map([year], |row| {
        Ok(Line {
            name: row.get(0)?,
            visits: row.get(1)?,
            returning: row.get(2)?,
            revenue: row.get(3)?,
        })
    })?;
    let therapists = lines.collect::<Result<Vec<_>>>()?;
    Ok(Report {
        visits: therapists.iter().map(|line| line.visits).sum(),
        therapists,
    })
}

pub(crate) fn patient(sqlite: &Connection, id: u32) -> Result<Option<Patient>> {
    let mut statement = sqlite.prepare_cached("SELECT id, name FROM patients WHERE id = ?")?;
    statement.query_row([id], to_patient).optional()
}

pub(crate) fn agenda(sqlite: &Connection, therapist: u32, day: &str) -> Result<Vec<Visit>> {
    let mut statement = sqlite.prepare_cached(
        "SELECT therapist, patient, day, fee FROM visits WHERE therapist = ? AND day = ?",
    )?;
    let visits = statement.query_map(params![therapist, day], |row| {
        Ok(Visit {
            therapist: row.get(0)?,
            patient: row.get(1)?,
            day: row.get(2)?,
            fee: row.get(3)?,
        })
    })?;
    visits.collect()
}

pub(crate) fn specialists(sqlite: &Connection, specialty: &str) -> Result<Vec<Therapist>> {
    let mut statement = sqlite.prepare_cached("SELECT * FROM therapists WHERE specialty = ?")?;
    statement.query_map([specialty], to_therapist)?.collect()
}

pub(crate) fn therapist(sqlite: &Connection, id: u32) -> Result<Option<Therapist>> {
    let mut statement = sqlite.prepare_cached("SELECT * FROM therapists WHERE id = ?")?;
    statement.query_row([id], to_therapist).optional()
}

pub(crate) fn therapist_by_email(sqlite: &Connection, email: &str) -> Result<Option<Therapist>> {
    let mut statement = sqlite.prepare_cached("SELECT * FROM therapists WHERE email = ?")?;
    statement.query_row([email], to_therapist).optional()
}

pub(crate) fn book(sqlite: &Connection, visit: &Visit) -> Result<()> {
    let values = params![visit.therapist, visit.patient, visit.day, visit.fee];
    sqlite.execute("INSERT INTO visits VALUES (?, ?, ?, ?)", values)?;
    Ok(())
}

pub(crate) fn rename(sqlite: &Connection, id: u32, name: &str) -> Result<Option<Patient>> {
    let mut statement =
        sqlite.prepare("UPDATE patients SET name = ? WHERE id = ? RETURNING id, name")?;
    statement
        .query_row(params![name, id], to_patient)
        .optional()
}

pub(crate) fn discharge(sqlite: &Connection, id: u32) -> Result<()> {
    sqlite.execute("DELETE FROM patients WHERE id = ?", [id])?;
    Ok(())
}

pub(crate) fn raise_fees(sqlite: &Connection, specialty: &str, by: u32) -> Result<usize> {
    let update = "UPDATE therapists SET fee = fee + ? WHERE specialty = ?";
    sqlite.execute(update, params![by, specialty])
}

fn to_patient(row: &Row<'_>) -> Result<Patient> {
    Ok(Patient {
        id: row.get(0)?,
        name: row.get(1)?,
    })
}

fn to_therapist(row: &Row<'_>) -> Result<Therapist> {
    Ok(Therapist {
        id: row.get("id")?,
        specialty: row.get("specialty")?,
        email: row.get("email")?,
        name: row.get("name")?,
        fee: row.get("fee")?,
    })
}
