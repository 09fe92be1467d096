//! How long something takes, in buckets: three atomic additions a measurement, no lock, and no measurement is lost.
//!
//! The idea is that of HdrHistogram (Gil Tene): a time is put away by its highest bit and the two bits below it. So there
//! are four buckets to each power of two, and the middle of one is at most an eighth of a time away from it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Bits that count, below the highest one.
const BITS: u32 = 2;
const PER_OCTAVE: usize = 1 << BITS;
/// Powers of two of a microsecond that are told apart. The last bucket begins at 15 minutes, and has no end.
const OCTAVES: usize = 30;
pub(crate) const BUCKETS: usize = (OCTAVES - BITS as usize + 1) * PER_OCTAVE;

/// Takes 944 bytes from the first measurement on, and 16 before: most functions never ask a server, and some never run.
#[derive(Debug, Default)]
pub(crate) struct Histogram(OnceLock<Box<Measured>>);

#[derive(Debug)]
struct Measured {
    counts: [AtomicU64; BUCKETS],
    /// Both in nanoseconds. The sum lasts for 584 years of them.
    sum: AtomicU64,
    max: AtomicU64,
}

/// What was in a histogram at one moment. Of nothing, there are no counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Distribution {
    counts: Vec<u64>,
    sum: Duration,
    max: Duration,
}

impl Histogram {
    pub(crate) fn record(&self, time: Duration) {
        let measured = self.0.get_or_init(Box::default);
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        measured.counts[bucket_of(nanos)].fetch_add(1, Relaxed);
        measured.sum.fetch_add(nanos, Relaxed);
        // Almost never longer than all before: then nothing is written.
        if measured.max.load(Relaxed) < nanos {
            measured.max.fetch_max(nanos, Relaxed);
        }
    }

    pub(crate) fn distribution(&self) -> Distribution {
        let Some(measured) = self.0.get() else {
            return Distribution::default();
        };
        let read = |of: &AtomicU64| of.load(Relaxed);
        Distribution {
            counts: measured.counts.iter().map(read).collect(),
            sum: Duration::from_nanos(read(&measured.sum)),
            max: Duration::from_nanos(read(&measured.max)),
        }
    }
}

impl Default for Measured {
    fn default() -> Self {
        Measured {
            counts: [const { AtomicU64::new(0) }; BUCKETS],
            sum: AtomicU64::new(0),
            max: AtomicU64::new(0),
        }
    }
}

impl Distribution {
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub(crate) fn sum(&self) -> Duration {
        self.sum
    }

    pub(crate) fn max(&self) -> Duration {
        self.max
    }

    /// So many in a hundred take at most this time.
    pub(crate) fn percentile(&self, percent: u64) -> Duration {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut so_far = 0;
        let bucket = self.counts.iter().position(|count| {
            so_far += count;
            so_far >= rank
        });
        bucket.map_or(Duration::ZERO, |bucket| self.time_of(bucket))
    }

    /// The time that stands for all in a bucket: its middle, and none that is longer than the longest.
    pub(crate) fn time_of(&self, bucket: usize) -> Duration {
        if bucket + 1 == BUCKETS {
            return self.max;
        }
        let ends = (lower_end(bucket) + lower_end(bucket + 1)) * 1_000;
        Duration::from_nanos(ends / 2).min(self.max)
    }
}

/// What metrics are made of.
#[cfg(feature = "metrics")]
impl Distribution {
    /// How many take at most this power of two of microseconds. Exact: buckets end there.
    pub(crate) fn up_to(&self, power: u32) -> u64 {
        let first_above = bucket_of((1_000 << power) + 1);
        self.counts.iter().take(first_above).sum()
    }

    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Both together.
    pub(crate) fn and(mut self, other: &Distribution) -> Self {
        if self.counts.is_empty() {
            return other.clone();
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        self
    }
}

/// A bucket ends with a time that is part of it, as the buckets of Prometheus do.
fn bucket_of(nanos: u64) -> usize {
    let micros = nanos.saturating_sub(1) / 1_000;
    let Some(octave) = micros.checked_ilog2().filter(|octave| *octave >= BITS) else {
        return micros as usize;
    };
    let above = octave - BITS;
    let bucket = above as usize * PER_OCTAVE + (micros >> above) as usize;
    bucket.min(BUCKETS - 1)
}

/// In microseconds; not part of the bucket itself.
fn lower_end(bucket: usize) -> u64 {
    let (octave, place) = (bucket / PER_OCTAVE, bucket % PER_OCTAVE);
    match octave {
        0 => place as u64,
        _ => ((PER_OCTAVE + place) as u64) << (octave - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(nanos: &[u64]) -> Distribution {
        let histogram = Histogram::default();
        for nanos in nanos {
            histogram.record(Duration::from_nanos(*nanos));
        }
        histogram.distribution()
    }

    #[test]
    fn each_bucket_begins_where_the_one_before_ends() {
        for bucket in 0..BUCKETS - 1 {
            let (begin, end) = (lower_end(bucket) * 1_000, lower_end(bucket + 1) * 1_000);
            assert!(begin < end);
            assert_eq!((bucket_of(begin + 1), bucket_of(end)), (bucket, bucket));
            assert_eq!(bucket_of(end + 1), bucket + 1);
        }
        assert_eq!((bucket_of(0), bucket_of(u64::MAX)), (0, BUCKETS - 1));
        let minutes = lower_end(BUCKETS - 1) / 60_000_000;
        assert_eq!(minutes, 15, "where the last one begins");
    }

    #[test]
    fn a_histogram_takes_as_much_memory_as_it_says() {
        assert_eq!(size_of::<Measured>(), 944);
        assert_eq!(size_of::<Histogram>(), 16);
    }

    #[test]
    fn of_nothing_everything_is_zero() {
        let nothing = Histogram::default().distribution();
        assert_eq!((nothing.count(), nothing.sum()), (0, Duration::ZERO));
        for percent in [0, 50, 100] {
            assert_eq!(nothing.percentile(percent), Duration::ZERO);
        }
    }

    #[test]
    fn what_threads_record_at_once_is_not_lost() {
        let (threads, each) = (8, 20_000);
        let histogram = Histogram::default();
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let histogram = &histogram;
                scope.spawn(move || {
                    for nth in 0..each {
                        histogram.record(Duration::from_nanos(nth * threads + thread));
                    }
                });
            }
        });
        let (all, times) = (histogram.distribution(), threads * each);
        assert_eq!(all.count(), times);
        assert_eq!(all.sum(), Duration::from_nanos(times * (times - 1) / 2));
        assert_eq!(all.max(), Duration::from_nanos(times - 1));
    }

    #[test]
    fn what_takes_longer_than_it_knows_is_the_longest_time() {
        let hour = 3_600_000_000_000;
        let all = of(&[1_000, hour, 2 * hour]);
        assert_eq!(all.percentile(99), Duration::from_secs(2 * 3_600));
        assert_eq!(all.percentile(10), Duration::from_nanos(500));
    }

    proptest! {
        #[test]
        fn a_percentile_is_an_eighth_away_from_that_of_a_sort_at_most(
            // From below a microsecond to a quarter of an hour, each magnitude as often as others.
            times in prop::collection::vec((0u32..40, 0u64..1 << 39).prop_map(|(bits, time)| time >> bits), 1..400),
            percent in 1u64..=100,
        ) {
            let all = of(&times);
            let mut sorted = times.clone();
            sorted.sort_unstable();
            let rank = (sorted.len() as u64 * percent).div_ceil(100) as usize;
            let (exact, told) = (sorted[rank - 1], all.percentile(percent).as_nanos() as u64);
            let most = (exact / 8).max(1_000);
            prop_assert!(told.abs_diff(exact) <= most, "{told} ns for {exact} ns");
            prop_assert_eq!(all.max().as_nanos() as u64, sorted[sorted.len() - 1]);
            prop_assert_eq!(all.sum().as_nanos() as u64, times.iter().sum::<u64>());
        }

        #[cfg(feature = "metrics")]
        #[test]
        fn how_many_are_up_to_a_power_of_two_is_exact(
            times in prop::collection::vec((0u32..40, 0u64..1 << 39).prop_map(|(bits, time)| time >> bits), 1..400),
            power in 0u32..29,
        ) {
            let limit = 1_000u64 << power;
            let exact = times.iter().filter(|time| **time <= limit).count() as u64;
            prop_assert_eq!(of(&times).up_to(power), exact);
        }
    }
}
