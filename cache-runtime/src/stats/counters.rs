//! Counters of one annotated function (or domain) in one cache.

use super::histogram::{Distribution, Histogram};
use super::{FunctionStats, Latency};
use crate::site::Site;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Not by an entry that this process keeps of a server's.
    pub(crate) hits: AtomicU64,
    /// By such an entry.
    pub(crate) local_hits: AtomicU64,
    pub(crate) misses: AtomicU64,
    /// Answers past their time to live.
    pub(crate) stale: AtomicU64,
    /// Computations that replace an entry in the background.
    pub(crate) refreshes: AtomicU64,
    /// Computations that found what was there already.
    pub(crate) unchanged: AtomicU64,
    /// Calls that have waited for as long as they may.
    pub(crate) timeouts: AtomicU64,
    /// Callers that got the result of a computation which was under way.
    pub(crate) coalesced: AtomicU64,
    /// Calls that went past the cache: switched off, `when` said no, or a key that cannot be written.
    pub(crate) bypassed: AtomicU64,
    pub(crate) loads: AtomicU64,
    pub(crate) load_nanos: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) stores: AtomicU64,
    /// Values that were not stored since something they depend on was invalidated while they were computed.
    pub(crate) fenced: AtomicU64,
    /// Calls that the shared server could not be asked for, or for which it did not answer in time.
    pub(crate) unavailable: AtomicU64,
    /// Entries whose bytes could not be trusted.
    pub(crate) untrusted: AtomicU64,
    /// Entries that could not be decrypted. Not told by itself.
    #[cfg(feature = "redis")]
    pub(crate) undecryptable: AtomicU64,
    /// Values that could not be written for the server.
    pub(crate) not_encoded: AtomicU64,
    load_times: Histogram,
    /// Of look-ups. Hits that this process answers ask nobody, and are not timed.
    #[cfg(feature = "redis")]
    server_times: Histogram,
}

#[inline]
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Counters {
    pub(crate) fn loaded(&self, took: Duration) {
        count(&self.loads);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.load_nanos.fetch_add(nanos, Relaxed);
        self.load_times.record(took);
    }

    /// The server was asked, and this is how long its answer was waited for.
    #[cfg(feature = "redis")]
    pub(crate) fn waited(&self, took: Duration) {
        self.server_times.record(took);
    }

    fn server_times(&self) -> Distribution {
        #[cfg(feature = "redis")]
        return self.server_times.distribution();
        #[cfg(not(feature = "redis"))]
        Distribution::default()
    }

    fn snapshot(&self, name: String) -> FunctionStats {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        // Once: their difference is not to fall when one more comes meanwhile.
        let local_hits = read(&self.local_hits);
        FunctionStats {
            name,
            hits: read(&self.hits) + local_hits,
            local_hits,
            misses: read(&self.misses),
            stale: read(&self.stale),
            refreshes: read(&self.refreshes),
            unchanged: read(&self.unchanged),
            timeouts: read(&self.timeouts),
            coalesced: read(&self.coalesced),
            bypassed: read(&self.bypassed),
            loads: read(&self.loads),
            load_time: Duration::from_nanos(read(&self.load_nanos)),
            load_latency: Latency::from(&self.load_times.distribution()),
            server_latency: Latency::from(&self.server_times()),
            errors: read(&self.errors),
            stores: read(&self.stores),
            fenced: read(&self.fenced),
            unavailable: read(&self.unavailable),
            untrusted: read(&self.untrusted),
            not_encoded: read(&self.not_encoded),
        }
    }
}

/// The counters of every site that has used one cache, by the site's number. Each hit looks here, so it takes no lock:
/// rows are made once, and stay where they are; each has twice as many places as the one before.
#[derive(Default)]
pub(crate) struct Families {
    rows: [OnceLock<Box<[OnceLock<Family>]>>; ROWS],
    begun: AtomicUsize,
}

/// Places for more sites than any program has.
const ROWS: usize = 24;
const FIRST_ROW: usize = 64;

struct Family {
    site: &'static Site,
    /// How many sites had used this cache before.
    #[cfg_attr(
        not(feature = "metrics"),
        allow(dead_code, reason = "names are the order otherwise")
    )]
    nth: usize,
    counters: Counters,
}

impl Families {
    /// The counters of `site`; one set for all calls.
    #[inline]
    pub(crate) fn of(&self, site: &'static Site) -> &Counters {
        let (row, place) = place(site.number());
        match self.rows[row].get().map(|row| row[place].get()) {
            Some(Some(family)) => &family.counters,
            _ => self.begin(site, row, place),
        }
    }

    #[cold]
    fn begin(&self, site: &'static Site, row: usize, place: usize) -> &Counters {
        let new_row = || {
            let places = FIRST_ROW << row;
            (0..places).map(|_| OnceLock::new()).collect()
        };
        let new = || Family {
            site,
            nth: self.begun.fetch_add(1, Relaxed),
            counters: Counters::default(),
        };
        &self.rows[row].get_or_init(new_row)[place]
            .get_or_init(new)
            .counters
    }

    /// Every site's counters, in the order of their names.
    pub(crate) fn snapshot(&self) -> Vec<FunctionStats> {
        let mut all: Vec<_> = self
            .all()
            .map(|family| family.counters.snapshot(family.site.name()))
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn all(&self) -> impl Iterator<Item = &Family> {
        let rows = self.rows.iter().filter_map(OnceLock::get);
        rows.flat_map(|row| row.iter().filter_map(OnceLock::get))
    }
}

/// All that is known of one site.
#[cfg(feature = "metrics")]
pub(crate) struct Told {
    pub(crate) stats: FunctionStats,
    pub(crate) load_times: Distribution,
    pub(crate) server_times: Distribution,
}

#[cfg(feature = "metrics")]
impl Families {
    /// In the order in which they have come: whoever was among the first stays there.
    pub(crate) fn told(&self) -> Vec<Told> {
        let mut all: Vec<&Family> = self.all().collect();
        all.sort_by_key(|family| family.nth);
        let told = |family: &Family| Told {
            stats: family.counters.snapshot(family.site.name()),
            load_times: family.counters.load_times.distribution(),
            server_times: family.counters.server_times(),
        };
        all.into_iter().map(told).collect()
    }
}

/// The row of a number, and its place in it.
#[inline]
fn place(number: usize) -> (usize, usize) {
    let row = (number / FIRST_ROW + 1).ilog2() as usize;
    (row, number - FIRST_ROW * ((1 << row) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_place_of_its_own() {
        let mut next = (0, 0);
        for number in 0..10_000 {
            assert_eq!(place(number), next);
            next.1 += 1;
            if next.1 == FIRST_ROW << next.0 {
                next = (next.0 + 1, 0);
            }
        }
    }
}
