//! Who may ask.

use ::http::request::Parts;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

type Decided = Pin<Box<dyn Future<Output = bool> + Send>>;
type Deciding = dyn Fn(&Parts) -> Decided + Send + Sync;

/// Decides by what a request says of itself.
#[derive(Clone)]
pub(super) struct Authority(Option<Arc<Deciding>>);

impl Authority {
    /// Allows nobody.
    pub(super) fn nobody() -> Self {
        Authority(None)
    }

    pub(super) fn of<F, D, Kind>(allows: F) -> Self
    where
        F: Fn(&Parts) -> D + Send + Sync + 'static,
        D: Decision<Kind>,
    {
        Authority(Some(Arc::new(move |parts| {
            Box::pin(allows(parts).decide())
        })))
    }

    pub(super) async fn allows(&self, parts: &Parts) -> bool {
        match &self.0 {
            Some(allows) => allows(parts).await,
            None => false,
        }
    }
}

/// What [`Admin::authorize`](super::Admin::authorize) takes for an answer: a `bool`, or a future of one.
///
/// `Kind` tells the two apart, and is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether a request is allowed",
    label = "expected a `bool`, or a future of one that is `Send` and borrows nothing"
)]
pub trait Decision<Kind> {
    /// The decision, once it is made.
    fn decide(self) -> impl Future<Output = bool> + Send + 'static;
}

/// Known at once.
#[derive(Debug)]
pub enum Now {}

/// Known later.
#[derive(Debug)]
pub enum Later {}

impl Decision<Now> for bool {
    fn decide(self) -> impl Future<Output = bool> + Send + 'static {
        ready(self)
    }
}

impl<F: Future<Output = bool> + Send + 'static> Decision<Later> for F {
    fn decide(self) -> impl Future<Output = bool> + Send + 'static {
        self
    }
}
