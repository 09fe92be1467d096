//! Assertions about cached functions: what they look at, and what they say when they fail.

#[cfg(feature = "redis")]
mod coherent;
mod macros;
mod report;

#[cfg(feature = "redis")]
pub use coherent::coherent;

use crate::witness::{Asked, Event, watch};
use report::{ended, misses, reasons};

/// What an assertion has to say when it fails.
pub type Verdict = Result<(), String>;

/// See [`assert_cached!`](crate::assert_cached).
pub async fn cached<T>(read: &str, call: impl AsyncFnMut() -> T) -> Verdict {
    warm(read, call).await.map(|_| ())
}

/// See [`assert_invalidates!`](crate::assert_invalidates).
pub async fn invalidates<W, T>(
    (write, read): (&str, &str),
    change: impl AsyncFnOnce() -> W,
    mut call: impl AsyncFnMut() -> T,
) -> Verdict {
    let hits = warm(read, &mut call).await?;
    let (_, during) = watch(change()).await;
    let (_, after) = watch(call()).await;
    if after.iter().any(is_miss) {
        return Ok(());
    }
    let hits = hits
        .iter()
        .map(|asked| format!("\n  {asked}: still answered from its entry"));
    Err(format!(
        "`{write}` does not invalidate `{read}`{}\n  {}",
        hits.collect::<String>(),
        ended(&during)
    ))
}

/// See [`assert_keeps!`](crate::assert_keeps).
pub async fn keeps<W, T>(
    (write, read): (&str, &str),
    change: impl AsyncFnOnce() -> W,
    mut call: impl AsyncFnMut() -> T,
) -> Verdict {
    warm(read, &mut call).await?;
    let (_, during) = watch(change()).await;
    let (_, after) = watch(call()).await;
    if !after.iter().any(is_miss) {
        return Ok(());
    }
    Err(format!(
        "`{write}` does not keep `{read}`{}\n  {}",
        misses(&after),
        ended(&during)
    ))
}

/// Calls twice. The second time all of it has to be hits, which are returned.
async fn warm<T>(read: &str, mut call: impl AsyncFnMut() -> T) -> Result<Vec<Asked>, String> {
    let (_, first) = watch(call()).await;
    let (_, second) = watch(call()).await;
    if second.iter().any(is_miss) {
        return Err(format!(
            "`{read}` is not cached: called again at once, it is a miss again{}{}",
            misses(&second),
            reasons(&first)
        ));
    }
    let hits = second.into_iter().filter_map(|event| match event {
        Event::Hit(asked) => Some(asked),
        _ => None,
    });
    let hits: Vec<Asked> = hits.collect();
    if hits.is_empty() {
        return Err(format!(
            "`{read}` asks no cache: it calls no cached function, or only in tasks of its own, which are not seen"
        ));
    }
    Ok(hits)
}

/// Whether a call was answered by no entry.
fn is_miss(event: &Event) -> bool {
    matches!(event, Event::Missed(..) | Event::Ran(_) | Event::Passed(_))
}
