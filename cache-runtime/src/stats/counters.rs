//! Counters of one annotated function (or domain) in one cache.

use super::FunctionStats;
use crate::site::Site;
use crate::sync::lock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Not by an entry that this process keeps of a server's.
    pub(crate) hits: AtomicU64,
    /// By such an entry.
    pub(crate) local_hits: AtomicU64,
    pub(crate) misses: AtomicU64,
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
    /// Steps that the shared server could not be asked for, or did not answer in time.
    pub(crate) unavailable: AtomicU64,
    /// Entries whose bytes could not be trusted.
    pub(crate) untrusted: AtomicU64,
    /// Values that could not be written for the server.
    pub(crate) refused: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Counters {
    pub(crate) fn loaded(&self, took: Duration) {
        count(&self.loads);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.load_nanos.fetch_add(nanos, Relaxed);
    }

    fn snapshot(&self, name: String) -> FunctionStats {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        FunctionStats {
            name,
            hits: read(&self.hits) + read(&self.local_hits),
            local_hits: read(&self.local_hits),
            misses: read(&self.misses),
            coalesced: read(&self.coalesced),
            bypassed: read(&self.bypassed),
            loads: read(&self.loads),
            load_time: Duration::from_nanos(read(&self.load_nanos)),
            errors: read(&self.errors),
            stores: read(&self.stores),
            fenced: read(&self.fenced),
            unavailable: read(&self.unavailable),
            untrusted: read(&self.untrusted),
            refused: read(&self.refused),
        }
    }
}

/// The counters of every site that has used one cache.
#[derive(Default)]
pub(crate) struct Families {
    by_site: Mutex<HashMap<usize, Family>>,
}

struct Family {
    site: &'static Site,
    counters: Arc<Counters>,
}

impl Families {
    /// The counters of `site`; one set for all calls.
    pub(crate) fn of(&self, site: &'static Site) -> Arc<Counters> {
        let mut families = lock(&self.by_site);
        let family = families
            .entry(std::ptr::from_ref(site).addr())
            .or_insert_with(|| Family {
                site,
                counters: Arc::default(),
            });
        Arc::clone(&family.counters)
    }

    /// Every site's counters, in the order of their names.
    pub(crate) fn snapshot(&self) -> Vec<FunctionStats> {
        let mut all: Vec<_> = lock(&self.by_site)
            .values()
            .map(|family| family.counters.snapshot(family.site.name()))
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}
