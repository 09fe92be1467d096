//! What can be purged.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// A CDN that purges responses by surrogate keys. Of those that speak HTTP there is [`HttpPurge`](super::HttpPurge).
///
/// ```
/// use cache_runtime::http::{Purge, PurgeError};
///
/// struct Printer;
///
/// impl Purge for Printer {
///     async fn purge(&self, keys: &[String]) -> Result<(), PurgeError> {
///         println!("purge {}", keys.join(" "));
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot purge a CDN",
    label = "expected an `HttpPurge`, whose client is a tower service, or a type of yours that implements `Purge`"
)]
pub trait Purge: Send + Sync + 'static {
    /// Ends all that carries one of these keys, and returns once that has taken effect, or is sure to. Keys consist of ASCII letters,
    /// digits and `-_.:`, 64 at most. To purge twice does no harm, and happens.
    ///
    /// # Errors
    ///
    /// If that cannot be said. It is tried again.
    fn purge(&self, keys: &[String]) -> impl Future<Output = Result<(), PurgeError>> + Send;

    /// How many keys at once, at most. Default: 30.
    fn at_once(&self) -> usize {
        30
    }
}

/// Why a CDN has not purged. Its `Display` is what the log tells, with all causes: no credentials belong there.
#[derive(Debug, thiserror::Error)]
pub struct PurgeError {
    why: Box<dyn Error + Send + Sync>,
    retry_after: Option<Duration>,
}

impl PurgeError {
    /// For this reason.
    ///
    /// ```
    /// let error = cache_runtime::http::PurgeError::new("503 Service Unavailable");
    /// assert_eq!(error.to_string(), "503 Service Unavailable");
    /// ```
    pub fn new(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        PurgeError {
            why: why.into(),
            retry_after: None,
        }
    }

    /// Not before this time it is to be tried again.
    #[must_use]
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry_after = Some(time);
        self
    }

    pub(super) fn pause(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for PurgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.why)?;
        let mut cause = self.why.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
