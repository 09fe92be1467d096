//! Shows a call: where its answer came from, how long it took, what it was.

use crate::database::{Begun, Db, DbError};
use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

pub(crate) type Failure = Box<dyn Error>;

/// Where an answer came from, as the database counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A query began.
    Database,
    /// A change began.
    Write,
    /// Neither: nobody asked the database.
    Cache,
}

impl Source {
    pub(crate) fn between(before: Begun, after: Begun) -> Self {
        if after.writes > before.writes {
            Source::Write
        } else if after.reads > before.reads {
            Source::Database
        } else {
            Source::Cache
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Source::Database => "database",
            Source::Write => "write",
            Source::Cache => "cache",
        })
    }
}

/// Awaits a call and prints a line about it. Fails if the answer came from elsewhere than promised, so that this
/// program cannot claim what is not true.
pub(crate) async fn call<T>(
    db: &Db,
    promised: Source,
    name: &str,
    call: impl Future<Output = Result<T, DbError>>,
    tell: impl FnOnce(&T) -> String,
) -> Result<T, Failure> {
    let (before, started) = (db.begun(), Instant::now());
    let answer = call.await?;
    let (took, source) = (started.elapsed(), Source::between(before, db.begun()));
    line(name, source, took, &tell(&answer));
    ensure(source == promised, || {
        format!("{name}: promised from {promised}, came from {source}")
    })?;
    Ok(answer)
}

pub(crate) fn line(call: &str, source: impl fmt::Display, took: Duration, answer: &str) {
    let took = format!("{took:.1?}");
    println!("   {call:<40} {source:<8} {took:>8}  {answer}");
}

pub(crate) fn step(number: u32, title: &str) {
    println!("\n{number:>2} {title}");
}

pub(crate) fn note(text: &str) {
    println!("   {text}");
}

pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds {
        Ok(())
    } else {
        Err(otherwise().into())
    }
}

/// `60,000`
pub(crate) fn grouped(number: u32) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}
