//! Metrics of functions: one series a function, of the first ones by name, and one of all others together.

use super::metric::{Family, Metric, Series, Value};
use crate::stats::{Distribution, FunctionStats, Told};
use std::sync::Arc;

/// How many functions have series of their own: the first that used the cache. A program that has more (of generic code,
/// or one made of many) is not to drown its metrics in them.
const OF_THEIR_OWN: usize = 200;
/// The name of all others. No function has it: theirs are paths.
const OTHERS: &str = "(other)";

static HITS: Metric = Metric::counter(
    "cache_hits_total",
    "Calls answered by a stored entry: tier local by this process itself, tier server by the shared server",
);

static LOADS: Metric = Metric::times(
    "cache_load_duration_seconds",
    "How long runs of the function's body took",
);

static SERVER: Metric = Metric::times(
    "cache_server_wait_seconds",
    "How long calls waited for the shared server's answer to a look-up",
);

type Count = fn(&FunctionStats) -> u64;

static COUNTERS: [(Metric, Count); 14] = [
    counter(
        "cache_misses_total",
        "Calls that found no valid entry, coalesced ones included",
        |stats| stats.misses,
    ),
    counter(
        "cache_coalesced_total",
        "Of the misses, calls answered by another caller's computation",
        |stats| stats.coalesced,
    ),
    counter(
        "cache_stale_total",
        "Calls answered with an entry past its time to live, as the function allows",
        |stats| stats.stale,
    ),
    counter(
        "cache_bypassed_total",
        "Calls that went past the cache: switched off, unwanted, in a transaction, or without a key",
        |stats| stats.bypassed,
    ),
    counter(
        "cache_timeouts_total",
        "Calls that waited for as long as they may, and were told so",
        |stats| stats.timeouts,
    ),
    counter(
        "cache_loads_total",
        "Runs of the function's body that came to an end",
        |stats| stats.loads,
    ),
    counter(
        "cache_load_errors_total",
        "Of the loads, those that returned an error",
        |stats| stats.errors,
    ),
    counter(
        "cache_refreshes_total",
        "Of the loads, those in the background, to replace an entry that answered meanwhile",
        |stats| stats.refreshes,
    ),
    counter(
        "cache_unchanged_total",
        "Of the loads, those that found what was stored already",
        |stats| stats.unchanged,
    ),
    counter("cache_stores_total", "Values stored", |stats| stats.stores),
    counter(
        "cache_fenced_total",
        "Values not stored, since what they depend on was invalidated meanwhile",
        |stats| stats.fenced,
    ),
    counter(
        "cache_not_encoded_total",
        "Values that could not be written for the shared server",
        |stats| stats.not_encoded,
    ),
    counter(
        "cache_unavailable_total",
        "Calls for which the shared server could not be asked, or did not answer in time",
        |stats| stats.unavailable,
    ),
    counter(
        "cache_untrusted_total",
        "Entries on the shared server whose bytes could not be trusted",
        |stats| stats.untrusted,
    ),
];

const fn counter(name: &'static str, help: &'static str, of: Count) -> (Metric, Count) {
    (Metric::counter(name, help), of)
}

/// Functions under one name.
struct Group {
    name: Arc<str>,
    members: Vec<Told>,
}

impl Group {
    fn series(&self, value: Value) -> Series {
        let labels = vec![("function", Arc::clone(&self.name))];
        Series { labels, value }
    }

    fn sum(&self, of: Count) -> u64 {
        self.members.iter().map(|told| of(&told.stats)).sum()
    }

    fn times(&self, of: fn(&Told) -> &Distribution) -> Series {
        let all = self.members.iter().map(of);
        let together = all.fold(Distribution::default(), Distribution::and);
        self.series(Value::Times(together))
    }
}

/// Everything there is to tell of `all`, in the order in which they have come.
pub(super) fn families(all: Vec<Told>, has_server: bool) -> Vec<Family> {
    let groups = grouped(all);
    if groups.is_empty() {
        return Vec::new();
    }
    let mut families = vec![hits(&groups, has_server)];
    families.extend(COUNTERS.iter().map(|(metric, of)| {
        let count = |group: &Group| group.series(Value::Count(group.sum(*of)));
        let series = groups.iter().map(count).collect();
        Family { metric, series }
    }));
    let mut times = |metric, of: fn(&Told) -> &Distribution| {
        let series = groups.iter().map(|group| group.times(of)).collect();
        families.push(Family { metric, series });
    };
    times(&LOADS, |told| &told.load_times);
    if has_server {
        times(&SERVER, |told| &told.server_times);
    }
    families
}

/// By tier: without a server there is one.
fn hits(groups: &[Group], has_server: bool) -> Family {
    let tier = |group: &Group, tier: &'static str, of: Count| {
        let mut series = group.series(Value::Count(group.sum(of)));
        series.labels.push(("tier", tier.into()));
        series
    };
    let local: Count = match has_server {
        true => |stats| stats.local_hits,
        false => |stats| stats.hits,
    };
    let mut series = Vec::new();
    for group in groups {
        series.push(tier(group, "local", local));
        if has_server {
            let asked = |stats: &FunctionStats| stats.hits - stats.local_hits;
            series.push(tier(group, "server", asked));
        }
    }
    Family {
        metric: &HITS,
        series,
    }
}

/// Under their names, which several may share. Whoever has one of its own keeps it: counters are not to fall.
fn grouped(all: Vec<Told>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut others = Vec::new();
    for told in all {
        let of_its_name = |group: &Group| *group.name == *told.stats.name;
        match groups.iter().position(of_its_name) {
            Some(place) => groups[place].members.push(told),
            None if groups.len() < OF_THEIR_OWN => groups.push(Group {
                name: told.stats.name.as_str().into(),
                members: vec![told],
            }),
            None => others.push(told),
        }
    }
    if !others.is_empty() {
        groups.push(Group {
            name: OTHERS.into(),
            members: others,
        });
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, misses: u64) -> Told {
        let mut stats = FunctionStats::default();
        (stats.name, stats.misses) = (name.to_owned(), misses);
        Told {
            stats,
            load_times: Distribution::default(),
            server_times: Distribution::default(),
        }
    }

    /// The series of `cache_misses_total`.
    fn misses(all: Vec<Told>) -> Vec<(String, u64)> {
        let families = families(all, false);
        let of_misses = |family: &&Family| family.metric.name == "cache_misses_total";
        let family = families.iter().find(of_misses).expect("it is there");
        let one = |series: &Series| match series.value {
            Value::Count(count) => (series.labels[0].1.to_string(), count),
            _ => panic!("a counter"),
        };
        family.series.iter().map(one).collect()
    }

    #[test]
    fn functions_of_one_name_are_told_of_together() {
        let both = misses(vec![told("a", 1), told("b", 2), told("a", 4)]);
        assert_eq!(both, [("a".to_owned(), 5), ("b".to_owned(), 2)]);
    }

    #[test]
    fn the_first_two_hundred_have_series_of_their_own_and_keep_them() {
        let many = || (0..OF_THEIR_OWN).map(|n| told(&format!("z{n}"), 1));
        let most = misses(many().collect());
        assert_eq!(most.len(), OF_THEIR_OWN);
        // Whatever it is called.
        let more = misses(many().chain([told("a", 3), told("b", 4)]).collect());
        assert_eq!(more[..OF_THEIR_OWN], most);
        assert_eq!(more[OF_THEIR_OWN..], [("(other)".to_owned(), 7)]);
    }
}
