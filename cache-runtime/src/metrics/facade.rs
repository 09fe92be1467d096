//! Metrics through the `metrics` crate: to whatever recorder the program has installed.

use super::metric::{Family, Kind, Labels, Metric, Series, Unit, Value};
use crate::stats::Distribution;
use crate::sync::lock;
use ::metrics::{Key, Label, Level, Metadata, Recorder};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

const METADATA: Metadata<'static> =
    Metadata::new("cache_runtime", Level::INFO, Some("cache_runtime::metrics"));

/// What has been recorded of each histogram so far. The facade takes single times, and not sums of buckets; so each
/// time is handed over once, by whoever publishes next.
#[derive(Default)]
pub(crate) struct Published(Mutex<HashMap<Of, Vec<u64>>>);

/// The name of a histogram, and the labels of one of its series.
type Of = (&'static str, Labels);

impl Published {
    /// How many more there are than were recorded, by bucket. From here on they are.
    fn takes(&self, metric: &'static Metric, series: &Series, times: &Distribution) -> Vec<u64> {
        let mut all = lock(&self.0);
        let of = (metric.name, series.labels.clone());
        let recorded = all.entry(of).or_default();
        recorded.resize(times.counts().len().max(recorded.len()), 0);
        let buckets = recorded.iter_mut().zip(times.counts());
        let takes = |(recorded, count): (&mut u64, &u64)| {
            // None, if another publisher has read later and was ahead of this one.
            let more = count.saturating_sub(*recorded);
            *recorded += more;
            more
        };
        buckets.map(takes).collect()
    }
}

/// Hands everything over.
pub(super) fn tell(recorder: &dyn Recorder, families: &[Family], published: &Published) {
    for Family { metric, series } in families {
        // Every time: there may be another recorder by now.
        describe(recorder, metric);
        for series in series {
            let key = key(metric, series);
            match &series.value {
                Value::Count(count) => recorder.register_counter(&key, &METADATA).absolute(*count),
                Value::Number(number) => recorder.register_gauge(&key, &METADATA).set(*number),
                Value::Times(times) => {
                    let histogram = recorder.register_histogram(&key, &METADATA);
                    let more = published.takes(metric, series, times);
                    for (bucket, count) in more.into_iter().enumerate().filter(|(_, n)| *n > 0) {
                        let seconds = times.time_of(bucket).as_secs_f64();
                        histogram
                            .record_many(seconds, usize::try_from(count).unwrap_or(usize::MAX));
                    }
                }
            }
        }
    }
}

fn describe(recorder: &dyn Recorder, metric: &Metric) {
    let unit = Some(match metric.unit {
        Unit::Count => ::metrics::Unit::Count,
        Unit::Seconds => ::metrics::Unit::Seconds,
        Unit::Bytes => ::metrics::Unit::Bytes,
    });
    let (name, help) = (metric.name.into(), metric.help.into());
    match metric.kind {
        Kind::Counter => recorder.describe_counter(name, unit, help),
        Kind::Gauge => recorder.describe_gauge(name, unit, help),
        Kind::Histogram => recorder.describe_histogram(name, unit, help),
    }
}

fn key(metric: &Metric, series: &Series) -> Key {
    let label = |(name, value): &(&'static str, Arc<str>)| Label::new(*name, Arc::clone(value));
    let labels: Vec<Label> = series.labels.iter().map(label).collect();
    Key::from_parts(metric.name, labels)
}
