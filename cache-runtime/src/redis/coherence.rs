//! How close what this process keeps is to the server.

use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// How close what a process keeps for itself is to the shared server; of a cache whose consistency is
/// [`Bounded`](crate::Consistency::Bounded). In [`Stats`](crate::Stats).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cache = cache_runtime::Cache::builder().redis("redis://127.0.0.1:1").build().await?;
/// let coherence = cache.stats().coherence.expect("bounded is the default");
/// assert_eq!(coherence.lag, None, "there is no server, so nothing is served from here");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Coherence {
    /// How old what is served from this process may be.
    pub bound: Duration,
    /// How old it is at most at this moment: the time since the server was asked last whether it is there, and has
    /// answered. `None`: nothing is served from here, as there is no connection, or none that tells of changes.
    pub lag: Option<Duration>,
    /// Names of which the server has told that they changed, by this process or by others.
    pub told: u64,
    /// How often everything was dropped: the connection was lost, or the server flushed.
    pub dropped: u64,
    /// Entries that were not kept when they were read, since something they depend on changed meanwhile, or since they are
    /// too large.
    pub refused: u64,
    /// Names that are watched: entries, and what they depend on.
    pub watched: u64,
}

impl fmt::Display for Coherence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lag {
            Some(lag) => write!(f, "at most {lag:.0?} behind")?,
            None => f.write_str("nothing served from here")?,
        }
        write!(
            f,
            " (bound {:.0?}), {} names watched, {} told of, dropped {} times, {} refused",
            self.bound, self.watched, self.told, self.dropped, self.refused
        )
    }
}
