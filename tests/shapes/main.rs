//! The macros on every shape of function: each is called twice and must run its body once.

#![deny(warnings)]
#![deny(clippy::all, clippy::pedantic)]
#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::must_use_candidate,
    clippy::unused_async,
    clippy::missing_errors_doc,
    reason = "pedantry about the shapes themselves"
)]

mod apart;
mod arguments;
mod async_trait_methods;
mod attributes;
mod free_functions;
mod methods;
mod results;

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts runs of a body.
#[derive(Default)]
pub(crate) struct Runs(AtomicUsize);

impl Runs {
    pub(crate) const fn new() -> Self {
        Runs(AtomicUsize::new(0))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn total(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
