//! The database: SQLite in memory, as far away as one on another host, and every query counted.

use crate::error::{Error, Refused};
use crate::seed;
use rusqlite::Connection;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub(crate) struct Database {
    connection: Mutex<Connection>,
    away: Duration,
    queries: AtomicU64,
}

/// How long a query is under way: `DATABASE_AWAY_MICROS`, or two milliseconds.
pub(crate) fn nearby() -> Duration {
    let micros = std::env::var("DATABASE_AWAY_MICROS").ok();
    let micros = micros.and_then(|micros| micros.parse().ok());
    Duration::from_micros(micros.unwrap_or(2_000))
}

impl Database {
    /// With thousands of rows, the same in every run.
    pub(crate) fn seeded(away: Duration) -> Result<Self, Error> {
        let mut connection = Connection::open_in_memory()?;
        seed::fill(&mut connection)?;
        Ok(Database {
            connection: Mutex::new(connection),
            away,
            queries: AtomicU64::new(0),
        })
    }

    /// One query, or one transaction: a way to the database and back.
    pub(crate) async fn ask<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Refused> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        if !self.away.is_zero() {
            tokio::time::sleep(self.away).await;
        }
        let connection = self.connection.lock();
        let connection = connection.unwrap_or_else(PoisonError::into_inner);
        Ok(query(&connection)?)
    }

    /// The same for what may not be there.
    pub(crate) async fn find<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Refused> {
        match self.ask(query).await {
            Ok(found) => Ok(Some(found)),
            Err(Refused::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Queries so far.
    pub(crate) fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }
}
