//! What a caller is told who has waited for as long as it may.

use std::fmt;
use std::time::Duration;

/// A function with `timeout = …` took longer than its caller may wait, and there was no older value to answer with. It goes
/// on in the background, and its value is stored when it is there.
///
/// The error of such a function implements `From<TimedOut>`:
///
/// ```
/// use cache_runtime::{TimedOut, cached};
/// use std::time::Duration;
///
/// #[derive(Clone, Debug, PartialEq)]
/// enum Error {
///     Slow(TimedOut),
/// }
///
/// impl From<TimedOut> for Error {
///     fn from(error: TimedOut) -> Self {
///         Error::Slow(error)
///     }
/// }
///
/// #[cached(ttl = "1m", timeout = "20ms")]
/// async fn report(year: u32) -> Result<u32, Error> {
///     tokio::time::sleep(Duration::from_millis(60)).await; // a slow query
///     Ok(year)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let Err(Error::Slow(error)) = report(2026).await else { panic!("20 ms are too short") };
/// assert_eq!(error.limit(), Duration::from_millis(20));
/// tokio::time::sleep(Duration::from_millis(80)).await;
/// assert_eq!(report(2026).await, Ok(2026), "by now it is stored");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimedOut {
    limit: Duration,
}

impl TimedOut {
    pub(crate) fn after(limit: Duration) -> Self {
        TimedOut { limit }
    }

    /// For how long its caller has waited.
    pub fn limit(&self) -> Duration {
        self.limit
    }
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not computed within {:?}", self.limit)
    }
}

impl std::error::Error for TimedOut {}

/// What makes the result of a call that took too long.
pub(crate) type OnTimeout<R> = fn(TimedOut) -> R;

/// A result that can say that it took too long.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that it took too long",
    label = "expected a `Result` whose error implements `From<cache_runtime::TimedOut>`",
    note = "with `timeout`, a call that has waited for so long returns `Err`; give the error such a variant, or use `soft_timeout` and `stale_if_error` to answer with an older value"
)]
pub trait CanTimeOut {
    fn timed_out(error: TimedOut) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<TimedOut>> CanTimeOut for Result<T, E> {
    fn timed_out(error: TimedOut) -> Self {
        Err(E::from(error))
    }
}
