//! Health, for monitors and for people.

use super::Shared;
use super::answer::{Answer, Failure};
use super::stats::Totals;
use crate::cache::{Cache, Configuration, Health};
use crate::stats::{FunctionStats, Stats};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Not `ready`, of which a readiness probe would make too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Healthy,
    Degraded,
    Disabled,
}

impl Status {
    pub(super) fn of(health: &Health) -> Self {
        Status::from(health.enabled, health.ready)
    }

    fn from(enabled: bool, ready: bool) -> Self {
        match (enabled, ready) {
            (false, _) => Status::Disabled,
            (true, true) => Status::Healthy,
            (true, false) => Status::Degraded,
        }
    }
}

#[derive(Serialize)]
struct Report {
    status: Status,
    health: Health,
    totals: Totals,
    caches: Vec<OfFunction>,
    configuration: Configuration,
}

/// How one annotated function or domain cache is doing.
#[derive(Serialize)]
struct OfFunction {
    name: String,
    status: OfFunctionStatus,
    lookups: u64,
    hit_rate: f64,
    error_rate: f64,
    loads: u64,
    errors: u64,
    unavailable: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum OfFunctionStatus {
    /// Nobody has asked yet.
    Idle,
    /// Half of its loads or more have failed since the start.
    Failing,
    Healthy,
}

impl OfFunction {
    fn of(stats: &FunctionStats) -> Self {
        let (lookups, error_rate) = (stats.hits + stats.misses, error_rate(stats));
        OfFunction {
            name: stats.name.clone(),
            status: match () {
                () if lookups == 0 => OfFunctionStatus::Idle,
                () if error_rate >= 0.5 => OfFunctionStatus::Failing,
                () => OfFunctionStatus::Healthy,
            },
            lookups,
            hit_rate: stats.hit_rate(),
            error_rate,
            loads: stats.loads,
            errors: stats.errors,
            unavailable: stats.unavailable,
        }
    }
}

/// Of the loads, those that failed, from 0 to 1.
fn error_rate(stats: &FunctionStats) -> f64 {
    match stats.loads {
        0 => 0.0,
        loads => stats.errors as f64 / loads as f64,
    }
}

/// What can be asked for by `POST`.
#[derive(Deserialize)]
struct Wanted {
    action: String,
}

const ACTIONS: [&str; 2] = ["get_stats", "health"];

impl Shared {
    /// All there is.
    pub(super) async fn health(&self) -> Answer {
        let health = self.measured().await;
        let stats = self.cache.stats();
        Answer::json(&Report {
            status: Status::of(&health),
            totals: Totals::of(&stats),
            caches: of_functions(&stats),
            configuration: self.cache.configuration(),
            health,
        })
    }

    /// What nobody can make anything of. Nor can they keep a server busy by asking for it.
    pub(super) async fn health_in_public(&self) -> Answer {
        let status = Status::from(self.cache.is_enabled(), is_usable(&self.cache).await);
        Answer::json(&json!({ "status": status, "backend": backend(&self.cache) }))
    }

    /// Does what an `action` names.
    pub(super) async fn act(&self, body: &[u8]) -> Result<Answer, Failure> {
        match serde_json::from_slice(body) {
            Ok(Wanted { action }) if action == "health" => Ok(self.health().await),
            Ok(Wanted { action }) if action == "get_stats" => Ok(self.counted().await),
            Ok(Wanted { action }) => Err(refused(&format!("unknown action `{action}`"))),
            Err(why) => Err(refused(&format!("expected `{{\"action\": …}}`: {why}"))),
        }
    }

    /// Statistics, as those ask for them who know the names of other caches.
    async fn counted(&self) -> Answer {
        let (health, stats) = (self.measured().await, self.cache.stats());
        Answer::json(&json!({
            "status": Status::of(&health),
            "totals": Totals::of(&stats),
            "total_keys": total_keys(&health),
            "memory_bytes": stats.bytes,
            "max_memory_bytes": health.max_bytes,
            "evictions": stats.evictions,
            "invalidations": stats.invalidations,
            "uptime": health.uptime,
            "caches": of_functions(&stats),
            "functions": stats.functions,
        }))
    }

    /// The health; the names on a server are looked at every now and then only, however often somebody asks.
    pub(super) async fn measured(&self) -> Health {
        #[cfg(feature = "redis")]
        if self.cache.redis().is_some() {
            return self.server_families.beside(&self.cache).await;
        }
        self.cache.health().await
    }
}

fn of_functions(stats: &Stats) -> Vec<OfFunction> {
    stats.functions.iter().map(OfFunction::of).collect()
}

fn refused(why: &str) -> Failure {
    Failure::Unreadable(json!({ "error": why, "actions": ACTIONS }))
}

async fn is_usable(cache: &Cache) -> bool {
    #[cfg(feature = "redis")]
    if let Some(redis) = cache.redis() {
        return redis.is_reached().await;
    }
    let _is_embedded = cache;
    true
}

fn backend(cache: &Cache) -> &'static str {
    #[cfg(feature = "redis")]
    if cache.redis().is_some() {
        return "redis";
    }
    let _is_embedded = cache;
    "embedded"
}

/// On the server, if it tells; otherwise here.
fn total_keys(health: &Health) -> u64 {
    #[cfg(feature = "redis")]
    if let Some(redis) = health.redis.as_ref().filter(|redis| redis.connected) {
        return redis.keys;
    }
    health.entries
}
