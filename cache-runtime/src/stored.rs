//! Conditional refresh: what is stored, handed to the body that is to replace it.

use crate::entry::Content;
use crate::flight::current_computation;
use crate::value::CacheValue;
use std::ops::Deref;
use std::time::Duration;

/// A value that is stored and about to be replaced; see [`stored`].
#[derive(Clone, Debug)]
pub struct Stored<T> {
    value: T,
    age: Duration,
}

/// Inside the body of a cached function, or of a load: the value that is stored under its key and that this run is to
/// replace, if there is one and it has not been invalidated.
///
/// So that the source can be asked whether anything has changed, instead of for everything: by an `ETag`, a revision, a time
/// of modification. An entry is there for that for as long past its time to live as `revalidate`, `swr`,
/// `stale_if_error` or an adaptive `ttl` let it be.
///
/// ```
/// use cache_runtime::{cached, stored};
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
/// # use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Feed { etag: String, items: Vec<String> }
///
/// static DOWNLOADS: AtomicU32 = AtomicU32::new(0);
///
/// #[cached(ttl = "20ms", revalidate = "1h")]
/// async fn feed(url: &str) -> Feed {
///     if let Some(stored) = stored::<Feed>() {
///         if unchanged_since(url, &stored.etag).await { // `If-None-Match`, and 304
///             return stored.not_modified();
///         }
///     }
///     download(url).await
/// }
///
/// # async fn unchanged_since(_: &str, etag: &str) -> bool { etag == "v1" }
/// # async fn download(_: &str) -> Feed {
/// #     DOWNLOADS.fetch_add(1, Ordering::Relaxed);
/// #     Feed { etag: "v1".to_owned(), items: Vec::new() }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// feed("https://example.org").await;
/// tokio::time::sleep(Duration::from_millis(50)).await;
/// feed("https://example.org").await; // asks, and need not download
/// assert_eq!(DOWNLOADS.load(Ordering::Relaxed), 1);
/// # }
/// ```
///
/// What is made of it ends with all that it was made of: with the tags and keys that the stored value depends on, whether
/// this run reads them again or not.
///
/// Outside of such a body, and where what is stored is no `T`, there is nothing. Nor of what depends on more than 128 keys
/// and tags, so that their number does not grow from run to run. `T` is what is cached: of a function that
/// returns `Result<Option<User>, Error>`, that is `User`.
pub fn stored<T: CacheValue>() -> Option<Stored<T>> {
    let (flight, last) = current_computation()?;
    let last = last?;
    match last.entry.content::<T>() {
        Content::Value(value) if last.is_handed_to(&flight) => Some(Stored {
            value: value.clone(),
            age: last.age,
        }),
        _ => None,
    }
}

impl<T> Stored<T> {
    /// How long ago it was stored.
    pub fn age(&self) -> Duration {
        self.age
    }

    /// The value, of which the source says that it is still what it has. To be returned from the body: it is stored for another
    /// time to live, counted as unchanged, and an adaptive time to live grows.
    pub fn not_modified(self) -> T {
        if let Some((flight, _)) = current_computation() {
            flight.not_modified();
        }
        self.value
    }
}

impl<T> Deref for Stored<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
