//! How long an entry stays fresh.

use std::time::Duration;

/// Time to live: how long after it was stored an entry may be served.
///
/// ```
/// use cache_runtime::Ttl;
/// use std::time::Duration;
///
/// assert_eq!(Ttl::from(Duration::from_secs(60)), Ttl::For(Duration::from_secs(60)));
/// assert_eq!(Ttl::secs(300), Ttl::For(Duration::from_secs(300)));
/// assert_eq!(Ttl::default(), Ttl::CacheDefault);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ttl {
    /// What the cache was configured with (`CACHE_DEFAULT_TTL`, 5 minutes unless told otherwise).
    #[default]
    CacheDefault,
    /// This long. Zero means: do not store.
    For(Duration),
    /// Until it is invalidated, or room is needed.
    Forever,
}

impl Ttl {
    /// A time to live in seconds.
    pub const fn secs(seconds: u64) -> Self {
        Ttl::For(Duration::from_secs(seconds))
    }

    /// A time to live in milliseconds; what `ttl = "…"` in an attribute becomes.
    pub const fn millis(milliseconds: u64) -> Self {
        Ttl::For(Duration::from_millis(milliseconds))
    }

    /// A time to live in minutes.
    pub const fn mins(minutes: u64) -> Self {
        Ttl::secs(minutes.saturating_mul(60))
    }

    /// A time to live in hours.
    pub const fn hours(hours: u64) -> Self {
        Ttl::mins(hours.saturating_mul(60))
    }

    /// The time this stands for when the cache's default is `default`; `None` for ever.
    pub(crate) fn resolve(self, default: Ttl) -> Option<Duration> {
        match self {
            Ttl::For(time) => Some(time),
            Ttl::Forever => None,
            Ttl::CacheDefault => match default {
                Ttl::For(time) => Some(time),
                Ttl::Forever | Ttl::CacheDefault => None,
            },
        }
    }
}

/// What a time to live can be given as: a [`Duration`] or a [`Ttl`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a time to live",
    label = "expected a `Duration` or a `Ttl`",
    note = "a number of seconds is `Ttl::secs(…)`; in an attribute, `300` or `\"5m\"` written out will do"
)]
pub trait IntoTtl {
    /// The time to live.
    fn into_ttl(self) -> Ttl;
}

impl IntoTtl for Ttl {
    fn into_ttl(self) -> Ttl {
        self
    }
}

impl IntoTtl for Duration {
    fn into_ttl(self) -> Ttl {
        Ttl::For(self)
    }
}

impl From<Duration> for Ttl {
    fn from(time: Duration) -> Self {
        Ttl::For(time)
    }
}
