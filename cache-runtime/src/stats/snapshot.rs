//! A snapshot of the counters, to serialize or to print.

use super::Latency;
#[cfg(feature = "redis")]
use crate::redis::Coherence;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// What a cache has done since it was built. Serializes with serde; displays as a table.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let cache = cache_runtime::Cache::in_memory();
/// cache.get_or_set("answer", || async { 42 }).await;
/// cache.get_or_set("answer", || async { 42 }).await;
/// let stats = cache.stats();
/// assert_eq!((stats.hits(), stats.misses()), (1, 1));
/// println!("{stats}");
/// # }
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// One row an annotated function or domain cache, by name. Direct use of the handle is the row `(direct)`.
    pub functions: Vec<FunctionStats>,
    /// Entries held in this process.
    pub entries: u64,
    /// Their estimated bytes.
    pub bytes: u64,
    /// Entries given up for want of room.
    pub evictions: u64,
    /// Keys, patterns and tags that were invalidated.
    pub invalidations: u64,
    /// Of these, how many could not be delivered to the shared server at once. They were kept for later.
    pub deferred: u64,
    /// How close what this process keeps is to the shared server; `None` if there is none, or if every hit asks it.
    #[cfg(feature = "redis")]
    pub coherence: Option<Coherence>,
}

/// What happened to the calls of one function.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct FunctionStats {
    /// `module::function`.
    pub name: String,
    /// Calls answered by a stored entry.
    pub hits: u64,
    /// Of the hits, those that this process answered itself though there is a server.
    pub local_hits: u64,
    /// Calls that found no valid entry.
    pub misses: u64,
    /// Calls answered with an entry past its time to live: while it was refreshed, or since its function failed or took too
    /// long.
    pub stale: u64,
    /// Of the loads, those that began in the background, to replace an entry that answered meanwhile.
    pub refreshes: u64,
    /// Of the loads, those that found what was stored already: their body said so, or their time to live is adaptive.
    pub unchanged: u64,
    /// Calls that have waited for as long as `timeout` lets them, and were told so.
    pub timeouts: u64,
    /// Of the misses, calls answered by another caller's computation.
    pub coalesced: u64,
    /// Calls that went past the cache: switched off, `when` said no, or an argument that cannot be serialized.
    pub bypassed: u64,
    /// Runs of the function's body that came to an end.
    pub loads: u64,
    /// Their time together.
    pub load_time: Duration,
    /// How long they took.
    pub load_latency: Latency,
    /// How long calls waited for the shared server's answer to a look-up, or for as long as they may without one; a
    /// question at a time, of which a look-up has one or two. Calls that share a question count once. Without a server,
    /// and for what this process answers itself, there is none.
    pub server_latency: Latency,
    /// Of the loads, those that returned `Err`.
    pub errors: u64,
    /// Values stored.
    pub stores: u64,
    /// Values not stored, since what they depend on was invalidated while they were computed.
    pub fenced: u64,
    /// Calls for which the shared server could not be asked, or did not answer in time. Their functions ran all the same.
    pub unavailable: u64,
    /// Entries on the shared server whose bytes could not be trusted: of another type, version or format, or damaged.
    /// Each was a miss.
    pub untrusted: u64,
    /// Values that could not be written for the shared server: of a type that the codec cannot hold, or too large.
    pub not_encoded: u64,
}

impl FunctionStats {
    /// Look-ups that were answered without a run of the body (hits and coalesced callers) among all, from 0 to
    /// 1; 0 before the first.
    pub fn hit_rate(&self) -> f64 {
        rate(self.hits + self.coalesced, self.hits + self.misses)
    }

    /// Mean time of a load.
    pub fn mean_load_time(&self) -> Duration {
        let loads = u32::try_from(self.loads).unwrap_or(u32::MAX);
        self.load_time.checked_div(loads).unwrap_or_default()
    }
}

impl Stats {
    /// The row of the function whose name is `name` or ends in `::name`.
    pub fn function(&self, name: &str) -> Option<&FunctionStats> {
        self.functions.iter().find(|function| {
            function
                .name
                .strip_suffix(name)
                .is_some_and(|front| front.is_empty() || front.ends_with("::"))
        })
    }

    /// The crate's name and `::`, if all functions have it in common: a table need not repeat it.
    fn common_prefix(&self) -> &str {
        let names = || {
            let names = self.functions.iter().map(|function| function.name.as_str());
            names.filter(|name| !name.starts_with('('))
        };
        let first = names().next().unwrap_or_default();
        let prefix = first.find("::").map_or("", |at| &first[..at + 2]);
        if names().all(|name| name.starts_with(prefix)) {
            prefix
        } else {
            ""
        }
    }

    /// Hits of all functions.
    pub fn hits(&self) -> u64 {
        self.functions.iter().map(|f| f.hits).sum()
    }

    /// Misses of all functions.
    pub fn misses(&self) -> u64 {
        self.functions.iter().map(|f| f.misses).sum()
    }

    /// Look-ups that were answered without a run of a body (hits and coalesced callers) among all, from 0 to 1; 0
    /// before the first.
    pub fn hit_rate(&self) -> f64 {
        let coalesced = self.functions.iter().map(|f| f.coalesced).sum::<u64>();
        rate(self.hits() + coalesced, self.hits() + self.misses())
    }
}

fn rate(answered: u64, all: u64) -> f64 {
    if all == 0 {
        0.0
    } else {
        answered as f64 / all as f64
    }
}

type Cell = fn(&FunctionStats) -> String;
type Count = fn(&FunctionStats) -> u64;

const COLUMNS: [(&str, Cell); 9] = [
    ("hits", |stats| stats.hits.to_string()),
    ("misses", |stats| stats.misses.to_string()),
    ("coalesced", |stats| stats.coalesced.to_string()),
    ("without load", |stats| match stats.hits + stats.misses {
        0 => "-".to_owned(),
        _ => percent(stats.hit_rate()),
    }),
    ("loads", |stats| stats.loads.to_string()),
    ("mean load", |stats| match stats.loads {
        0 => "-".to_owned(),
        _ => format!("{:.1?}", stats.mean_load_time()),
    }),
    ("errors", |stats| stats.errors.to_string()),
    ("stores", |stats| stats.stores.to_string()),
    ("fenced", |stats| stats.fenced.to_string()),
];

/// Shown if there is anything to show.
const MORE_COLUMNS: [(&str, Count); 9] = [
    ("local hits", |stats| stats.local_hits),
    ("stale", |stats| stats.stale),
    ("refreshes", |stats| stats.refreshes),
    ("unchanged", |stats| stats.unchanged),
    ("timeouts", |stats| stats.timeouts),
    ("bypassed", |stats| stats.bypassed),
    ("unavailable", |stats| stats.unavailable),
    ("untrusted", |stats| stats.untrusted),
    ("not encoded", |stats| stats.not_encoded),
];

fn percent(rate: f64) -> String {
    format!("{:.1} %", 100.0 * rate)
}

impl Stats {
    /// The table, with its head.
    fn rows(&self) -> Vec<Vec<String>> {
        let common = self.common_prefix();
        let any = |of: &Count| self.functions.iter().any(|stats| of(stats) > 0);
        let more: Vec<_> = MORE_COLUMNS.iter().filter(|(_, of)| any(of)).collect();
        let names = COLUMNS.iter().map(|(name, _)| *name);
        let names = names.chain(more.iter().map(|(name, _)| *name));
        let head = std::iter::once("function").chain(names).map(str::to_owned);
        let row = |stats: &FunctionStats| {
            let name = stats.name.strip_prefix(common).unwrap_or(&stats.name);
            let cells = COLUMNS.iter().map(|(_, cell)| cell(stats));
            let more = more.iter().map(|(_, of)| of(stats).to_string());
            let name = std::iter::once(name.to_owned());
            name.chain(cells).chain(more).collect()
        };
        let rows = self.functions.iter().map(row);
        std::iter::once(head.collect()).chain(rows).collect()
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
        for (number, row) in rows.iter().enumerate() {
            let cells = row.iter().zip(&widths).enumerate();
            let line = cells.map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            writeln!(f, "{}", line.collect::<Vec<_>>().join("  "))?;
            if number == 0 {
                let width = widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
                writeln!(f, "{}", "-".repeat(width))?;
            }
        }
        write!(
            f,
            "{} entries, {} held, {} evicted, {} invalidations",
            self.entries,
            Bytes(self.bytes),
            self.evictions,
            self.invalidations,
        )?;
        if self.deferred > 0 {
            write!(f, " ({} deferred at first)", self.deferred)?;
        }
        match self.hits() + self.misses() {
            0 => f.write_str(", no look-ups")?,
            _ => write!(f, ", {} without load", percent(self.hit_rate()))?,
        }
        #[cfg(feature = "redis")]
        if let Some(coherence) = &self.coherence {
            write!(f, "\nlocal tier: {coherence}")?;
        }
        Ok(())
    }
}

/// Bytes for people.
pub(crate) struct Bytes(pub(crate) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bytes(bytes) = *self;
        match bytes {
            0..1024 => write!(f, "{bytes} B"),
            1024..1_048_576 => write!(f, "{:.1} KiB", bytes as f64 / 1024.0),
            _ => write!(f, "{:.1} MiB", bytes as f64 / 1_048_576.0),
        }
    }
}
