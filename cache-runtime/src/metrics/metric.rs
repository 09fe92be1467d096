//! What a metric is, and what is told of one at a moment.

use crate::stats::Distribution;
use std::sync::Arc;

/// One name. The tables of `functions` and `whole` have them all; `docs/observability.md` has them for people.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) unit: Unit,
    /// A sentence without its full stop.
    pub(super) help: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only grows while the process lives. Its name ends in `_total`.
    Counter,
    Gauge,
    /// Of times.
    Histogram,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    /// The name ends in `_seconds`.
    Seconds,
    /// The name ends in `_bytes`, or in `_bytes_total`.
    Bytes,
}

/// A metric, and each of its series.
pub(super) struct Family {
    pub(super) metric: &'static Metric,
    /// Never empty.
    pub(super) series: Vec<Series>,
}

pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) value: Value,
}

/// Names of functions, which are as many as the program has, and fixed words. Never a key, a tag or a user.
pub(super) type Labels = Vec<(&'static str, Arc<str>)>;

pub(super) enum Value {
    Count(u64),
    Number(f64),
    Times(Distribution),
}

impl Metric {
    pub(super) const fn counter(name: &'static str, help: &'static str) -> Self {
        Metric {
            name,
            kind: Kind::Counter,
            unit: Unit::Count,
            help,
        }
    }

    pub(super) const fn gauge(name: &'static str, unit: Unit, help: &'static str) -> Self {
        Metric {
            name,
            kind: Kind::Gauge,
            unit,
            help,
        }
    }

    pub(super) const fn times(name: &'static str, help: &'static str) -> Self {
        Metric {
            name,
            kind: Kind::Histogram,
            unit: Unit::Seconds,
            help,
        }
    }
}

impl Family {
    /// One series without labels, of what there is.
    pub(super) fn plain(metric: &'static Metric, value: Value) -> Self {
        let labels = Labels::new();
        Family {
            metric,
            series: vec![Series { labels, value }],
        }
    }
}
