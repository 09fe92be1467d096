//! Shows a call: where its answer came from, and what it was.

use crate::database::Db;
use std::error::Error;
use std::fmt;

pub(crate) type Failure = Box<dyn Error>;

/// Where an answer came from, as the database counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Database,
    Cache,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Source::Database => "database",
            Source::Cache => "cache",
        })
    }
}

/// Asks for the name and prints a line about it. Fails if it is another one than promised, or came from elsewhere, so
/// that this program cannot claim what is not true.
pub(crate) async fn ask(db: &Db, promised: Source, expected: &str) -> Result<(), Failure> {
    let before = db.queries();
    let name = crate::name(db, 1).await?;
    let source = if db.queries() > before {
        Source::Database
    } else {
        Source::Cache
    };
    println!("   {:<10} {source:<8}  {name}", "name(1)");
    ensure(name == expected && source == promised, || {
        format!("promised {expected} from {promised}, and it was {name} from {source}")
    })
}

pub(crate) fn step(number: u32, title: &str) {
    println!("\n{number} {title}");
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
