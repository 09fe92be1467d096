//! Metrics: what Prometheus reads, what a recorder is told, and whether the documents tell the same.
