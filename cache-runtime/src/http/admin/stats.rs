//! All that is known, in one document.

use super::Shared;
use super::answer::Answer;
use super::health::Status;
use crate::cache::{Configuration, Health, KeyFamilies, PastInvalidation};
use crate::stats::{FunctionStats, Stats};
use crate::wiring::{CacheSite, InvalidatingFunction, Wiring, wiring};
use serde::Serialize;
use std::sync::OnceLock;
use std::time::Duration;

/// The document. [`Admin`](super::Admin) has its description.
#[derive(Serialize)]
struct Document {
    shape: u32,
    status: Status,
    uptime: Duration,
    health: Health,
    stats: Stats,
    totals: Totals,
    families: KeyFamilies,
    invalidations: Vec<PastInvalidation>,
    configuration: Configuration,
    wiring: &'static Map,
}

/// Sums over all functions.
#[derive(Serialize)]
pub(super) struct Totals {
    lookups: u64,
    hits: u64,
    misses: u64,
    coalesced: u64,
    stale: u64,
    loads: u64,
    errors: u64,
    bypassed: u64,
    unavailable: u64,
    hit_rate: f64,
    /// Of the loads.
    error_rate: f64,
    load_time: Duration,
}

impl Totals {
    pub(super) fn of(stats: &Stats) -> Self {
        let sum = |of: fn(&FunctionStats) -> u64| stats.functions.iter().map(of).sum::<u64>();
        let (loads, errors) = (sum(|row| row.loads), sum(|row| row.errors));
        Totals {
            lookups: stats.hits() + stats.misses(),
            hits: stats.hits(),
            misses: stats.misses(),
            coalesced: sum(|row| row.coalesced),
            stale: sum(|row| row.stale),
            loads,
            errors,
            bypassed: sum(|row| row.bypassed),
            unavailable: sum(|row| row.unavailable),
            hit_rate: stats.hit_rate(),
            error_rate: errors as f64 / loads.max(1) as f64,
            load_time: stats.functions.iter().map(|row| row.load_time).sum(),
        }
    }
}

/// The wiring, with an answer to what it is mostly asked.
#[derive(Serialize)]
struct Map {
    caches: Vec<Mapped>,
    invalidations: Vec<InvalidatingFunction>,
}

#[derive(Serialize)]
struct Mapped {
    #[serde(flatten)]
    site: CacheSite,
    invalidated_by: Vec<String>,
}

impl Map {
    /// It stays as it is for as long as the program runs.
    fn of_this_program() -> &'static Self {
        static MAP: OnceLock<Map> = OnceLock::new();
        MAP.get_or_init(|| Map::of(wiring()))
    }

    fn of(wiring: Wiring) -> Self {
        let sites = wiring.caches.iter().map(|site| Mapped {
            site: site.clone(),
            invalidated_by: wiring.reaching(site),
        });
        Map {
            caches: sites.collect(),
            invalidations: wiring.invalidations,
        }
    }
}

impl Shared {
    pub(super) async fn stats(&self) -> Answer {
        let health = self.measured().await;
        let stats = self.cache.stats();
        Answer::json(&Document {
            shape: 1,
            status: Status::of(&health),
            uptime: health.uptime,
            totals: Totals::of(&stats),
            stats,
            families: self.cache.key_families(),
            invalidations: self.cache.recent_invalidations(),
            configuration: self.cache.configuration(),
            wiring: Map::of_this_program(),
            health,
        })
    }
}
