//! What a cache tells those who ask whether it did as it was asked.

#[cfg(feature = "redis")]
use crate::codec::EncodeError;
#[cfg(feature = "redis")]
use crate::redis::Failure;
use std::borrow::Cow;
use std::fmt;

/// Why the cache did not do what it was asked: only [`Cache::try_get`](crate::Cache::try_get),
/// [`Cache::try_set`](crate::Cache::try_set) and [`Cache::try_delete`](crate::Cache::try_delete) tell.
///
/// It names what went wrong and what helps. Neither keys nor values are in it, nor the address or the password of a
/// server. An embedded cache has no errors.
///
/// ```
/// use cache_runtime::{Cache, CacheError, CacheErrorKind};
///
/// async fn remember(cache: &Cache, token: String) -> Result<(), CacheError> {
///     match cache.try_set("token", token).await {
///         Err(error) if error.kind() == CacheErrorKind::NotEncoded => Err(error),
///         Err(error) => {
///             eprintln!("going on without: {error}");
///             Ok(())
///         }
///         Ok(()) => Ok(()),
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert!(remember(&Cache::in_memory(), "t".to_owned()).await.is_ok());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CacheError {
    kind: CacheErrorKind,
    why: Cow<'static, str>,
}

/// What kind of failure a [`CacheError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheErrorKind {
    /// The server cannot be reached. The cache goes on trying by itself.
    Unavailable,
    /// The server did not answer within the operation timeout. It may have done what it was asked.
    TimedOut,
    /// The server answered that it would not: it is out of memory, or its user may not.
    Refused,
    /// The value cannot be written so that it could be read back. The server has nothing to do with it, and to try again
    /// is of no use.
    NotEncoded,
}

impl CacheError {
    /// What kind of failure this is.
    pub fn kind(&self) -> CacheErrorKind {
        self.kind
    }

    #[cfg(feature = "redis")]
    fn new(kind: CacheErrorKind, why: impl Into<Cow<'static, str>>) -> Self {
        CacheError {
            kind,
            why: why.into(),
        }
    }

    /// A deletion that the server could not be told yet.
    #[cfg(feature = "redis")]
    pub(crate) fn deferred() -> Self {
        CacheError::new(
            CacheErrorKind::Unavailable,
            "redis could not be told of the deletion, which is deferred: it will be delivered before this process \
             reads from redis again; until then other processes may find the entry",
        )
    }
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for CacheError {}

#[cfg(feature = "redis")]
impl From<Failure> for CacheError {
    fn from(failure: Failure) -> Self {
        let (kind, remedy) = match &failure {
            Failure::Moved | Failure::Moving(_) => (
                CacheErrorKind::Unavailable,
                "it takes as long as the slot is on its way",
            ),
            Failure::NoLink | Failure::Lost(_) => (
                CacheErrorKind::Unavailable,
                "the cache connects again by itself; see to the server and the network",
            ),
            Failure::TimedOut => (
                CacheErrorKind::TimedOut,
                "see to its load and the network, or raise `operation_timeout`",
            ),
            Failure::NoScript | Failure::Refused(_) => (
                CacheErrorKind::Refused,
                "see to its memory, and to what its user may do",
            ),
        };
        CacheError::new(kind, format!("{failure}; {remedy}"))
    }
}

#[cfg(feature = "redis")]
impl From<EncodeError> for CacheError {
    fn from(error: EncodeError) -> Self {
        let why = match error {
            // Whose words may quote the value.
            EncodeError::Failed(_) => {
                "its `Serialize` implementation, or the codec, failed; mend it, or choose another codec".to_owned()
            }
            EncodeError::NotRoundTrip {
                type_name, codec, ..
            } => format!(
                "`{type_name}` written with {codec} does not come back as it was; make its `Serialize` and \
                 `Deserialize` match"
            ),
            error => error.to_string(),
        };
        CacheError::new(
            CacheErrorKind::NotEncoded,
            format!("the value cannot be encoded: {why}"),
        )
    }
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_type_about_its_value_are_not_repeated() {
        let error = CacheError::from(EncodeError::Failed("bad token s3cret".to_owned()));
        assert_eq!(error.kind(), CacheErrorKind::NotEncoded);
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }

    #[test]
    fn every_failure_of_a_server_has_a_kind_and_a_remedy() {
        let kinds = [
            (Failure::NoLink, CacheErrorKind::Unavailable),
            (
                Failure::Lost("READONLY".into()),
                CacheErrorKind::Unavailable,
            ),
            (Failure::TimedOut, CacheErrorKind::TimedOut),
            (Failure::NoScript, CacheErrorKind::Refused),
            (Failure::Refused("OOM".into()), CacheErrorKind::Refused),
        ];
        for (failure, kind) in kinds {
            let cause = failure.to_string();
            let error = CacheError::from(failure);
            assert_eq!(error.kind(), kind);
            let remedy = error.to_string().strip_prefix(&cause).map(str::len);
            assert!(remedy.is_some_and(|length| length > 2), "{error}");
        }
    }
}
