//! Metrics: what Prometheus reads, what a recorder is told, and whether the documents tell the same.

mod documented;
mod exposition;
mod promql;
mod recorded;
mod recorder;
mod scraped;
mod served;
mod spans;
mod world;
