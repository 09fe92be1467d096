//! A recorder that remembers what it is told.

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

#[derive(Clone, Default)]
pub(crate) struct Remembers(Arc<Mutex<Told>>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) counters: BTreeMap<Series, u64>,
    pub(crate) gauges: BTreeMap<Series, f64>,
    pub(crate) times: BTreeMap<Series, Vec<f64>>,
    pub(crate) described: BTreeMap<String, Option<Unit>>,
    pub(crate) changes: u64,
}

/// A name, and its labels.
pub(crate) type Series = (String, BTreeMap<String, String>);

impl Remembers {
    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().expect("no test panics meanwhile")
    }

    fn describes(&self, name: KeyName, unit: Option<Unit>) {
        self.told().described.insert(name.as_str().to_owned(), unit);
    }

    fn of(&self, key: &Key) -> Arc<One> {
        let labels = key
            .labels()
            .map(|l| (l.key().to_owned(), l.value().to_owned()));
        let series = (key.name().to_owned(), labels.collect());
        Arc::new(One(self.clone(), series))
    }
}

impl Recorder for Remembers {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describes(name, unit);
    }
    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describes(name, unit);
    }
    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describes(name, unit);
    }
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.of(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.of(key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.of(key))
    }
}

struct One(Remembers, Series);

impl CounterFn for One {
    fn increment(&self, _: u64) {
        panic!("it is set");
    }
    fn absolute(&self, value: u64) {
        let mut told = self.0.told();
        told.changes += 1;
        told.counters.insert(self.1.clone(), value);
    }
}

impl GaugeFn for One {
    fn increment(&self, _: f64) {
        panic!("it is set");
    }
    fn decrement(&self, _: f64) {
        panic!("it is set");
    }
    fn set(&self, value: f64) {
        self.0.told().gauges.insert(self.1.clone(), value);
    }
}

impl HistogramFn for One {
    fn record(&self, value: f64) {
        let mut told = self.0.told();
        told.times.entry(self.1.clone()).or_default().push(value);
    }
}
