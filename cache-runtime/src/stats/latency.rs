//! How long something has taken, in a few numbers.

use super::histogram::Distribution;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// How long something has taken, every time since the cache was built. Serializes in seconds, as fractions: `0.0012` is
/// 1.2 milliseconds.
///
/// Percentiles are taken from a histogram: they are at most an eighth too long or too short (or half a microsecond, which
/// is more below four), up to a quarter of an hour; all beyond that are told as `max`. The mean and `max` are exact. Of
/// nothing, everything is zero.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let cache = cache_runtime::Cache::in_memory();
/// cache.get_or_set("answer", || async { 42 }).await;
/// let loads = cache.stats().functions[0].load_latency;
/// assert_eq!(loads.count, 1);
/// assert!(loads.p50 <= loads.p99 && loads.p99 <= loads.max);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Latency {
    /// How often.
    pub count: u64,
    /// All times together, by their number.
    #[serde(serialize_with = "seconds")]
    pub mean: Duration,
    /// The median: half took at most this time.
    #[serde(serialize_with = "seconds")]
    pub p50: Duration,
    /// Nine of ten took at most this time.
    #[serde(serialize_with = "seconds")]
    pub p90: Duration,
    /// All but one of a hundred took at most this time.
    #[serde(serialize_with = "seconds")]
    pub p99: Duration,
    /// The longest.
    #[serde(serialize_with = "seconds")]
    pub max: Duration,
}

impl From<&Distribution> for Latency {
    fn from(all: &Distribution) -> Self {
        let count = all.count();
        let sum = u64::try_from(all.sum().as_nanos()).unwrap_or(u64::MAX);
        Latency {
            count,
            mean: Duration::from_nanos(sum.checked_div(count).unwrap_or_default()),
            p50: all.percentile(50),
            p90: all.percentile(90),
            p99: all.percentile(99),
            max: all.max(),
        }
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::super::histogram::Histogram;
    use super::*;

    #[test]
    fn it_is_told_in_seconds() {
        let histogram = Histogram::default();
        for millis in [1, 3] {
            histogram.record(Duration::from_millis(millis));
        }
        let latency = Latency::from(&histogram.distribution());
        assert_eq!(latency.mean, Duration::from_millis(2));
        let json = serde_json::to_value(latency).expect("serializes");
        assert_eq!((&json["count"], &json["mean"]), (&2.into(), &0.002.into()));
        assert_eq!(json["max"], 0.003);
    }

    #[test]
    fn that_of_nothing_is_zeros() {
        let nothing = Latency::from(&Histogram::default().distribution());
        assert_eq!(nothing, Latency::default());
    }
}
