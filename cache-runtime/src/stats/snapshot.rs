//! A snapshot of the counters, to serialize or to print.

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
}

/// What happened to the calls of one function.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct FunctionStats {
    /// `module::function`.
    pub name: String,
    /// Calls answered by a stored entry.
    pub hits: u64,
    /// Calls that found no valid entry.
    pub misses: u64,
    /// Of the misses, calls answered by another caller's computation.
    pub coalesced: u64,
    /// Calls that went past the cache: switched off, `when` said no, or an argument that cannot be serialized.
    pub bypassed: u64,
    /// Runs of the function's body that came to an end.
    pub loads: u64,
    /// Their time together.
    pub load_time: Duration,
    /// Of the loads, those that returned `Err`.
    pub errors: u64,
    /// Values stored.
    pub stores: u64,
    /// Values not stored, since what they depend on was invalidated while they were computed.
    pub fenced: u64,
    /// Times when the shared server could not be asked, or did not answer in time. The function ran all the same.
    pub unavailable: u64,
    /// Entries on the shared server whose bytes could not be trusted: of another type, version or format, or damaged.
    /// Each was a miss.
    pub untrusted: u64,
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

const COLUMNS: [&str; 10] = [
    "function",
    "hits",
    "misses",
    "hit rate",
    "coalesced",
    "loads",
    "mean load",
    "errors",
    "stores",
    "fenced",
];

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<[String; COLUMNS.len()]> = vec![COLUMNS.map(str::to_owned)];
        let common = self.common_prefix();
        rows.extend(self.functions.iter().map(|function| row(function, common)));
        let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        });
        for (number, row) in rows.iter().enumerate() {
            let line = row
                .iter()
                .zip(widths)
                .enumerate()
                .map(|(column, (cell, width))| {
                    if column == 0 {
                        format!("{cell:<width$}")
                    } else {
                        format!("{cell:>width$}")
                    }
                });
            writeln!(f, "{}", line.collect::<Vec<_>>().join("  "))?;
            if number == 0 {
                writeln!(
                    f,
                    "{}",
                    "-".repeat(widths.iter().sum::<usize>() + 2 * (COLUMNS.len() - 1))
                )?;
            }
        }
        write!(
            f,
            "{} entries, {} held, {} evicted, {} invalidations, {:.1} % hits",
            self.entries,
            Bytes(self.bytes),
            self.evictions,
            self.invalidations,
            100.0 * self.hit_rate()
        )
    }
}

fn row(stats: &FunctionStats, common: &str) -> [String; COLUMNS.len()] {
    let name = stats.name.strip_prefix(common).unwrap_or(&stats.name);
    let hit_rate = match stats.hits + stats.misses {
        0 => "-".to_owned(),
        _ => format!("{:.1} %", 100.0 * stats.hit_rate()),
    };
    let mean_load = match stats.loads {
        0 => "-".to_owned(),
        _ => format!("{:.1?}", stats.mean_load_time()),
    };
    [
        name.to_owned(),
        stats.hits.to_string(),
        stats.misses.to_string(),
        hit_rate,
        stats.coalesced.to_string(),
        stats.loads.to_string(),
        mean_load,
        stats.errors.to_string(),
        stats.stores.to_string(),
        stats.fenced.to_string(),
    ]
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
