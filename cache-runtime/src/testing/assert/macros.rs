//! The macros, which panic where they are written.

/// Asserts that a call is cached: called twice in a row, it is answered from entries the second time, and runs no body.
///
/// If it fails, it names the function and its key, says why the second call was a miss, and why the first one's value was
/// not stored. Any expression will do that awaits cached functions, methods included, in the same task.
///
/// ```
/// use cache_runtime::{cached, testing};
/// use cache_runtime::testing::{assert_cached, on};
///
/// #[cached(ttl = "5m", key = "double:{number}")]
/// async fn double(number: u32) -> u32 {
///     2 * number
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// on(&testing::cache(), async {
///     assert_cached!(double(21).await);
/// })
/// .await;
/// # }
/// ```
///
/// ```should_panic
/// # use cache_runtime::{cached, testing};
/// # use cache_runtime::testing::{assert_cached, on};
/// #[cached(ttl = "5m", key = "nick:{id}")]
/// async fn nickname(id: u32) -> Option<String> {
///     None // not stored without `negative`
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # on(&testing::cache(), async {
/// assert_cached!(nickname(7).await);
/// # }).await;
/// # }
/// ```
#[macro_export]
macro_rules! assert_cached {
    ($read:expr $(,)?) => {
        if let ::core::result::Result::Err(why) =
            $crate::testing::__assert::cached(::core::stringify!($read), async || $read).await
        {
            ::core::panic!("{why}");
        }
    };
}

/// Asserts that a write invalidates a read: that what was cached is computed again after it.
///
/// The read is called twice, after which it has to be cached; then comes the write; then the read has to be a miss. If it
/// is not, the message tells what the write has invalidated.
///
/// ```
/// use cache_runtime::testing::{self, assert_invalidates, on};
/// use cache_runtime::{cache_invalidate, cached};
///
/// #[cached(ttl = "5m", key = "user:{id}")]
/// async fn user(id: u32) -> String {
///     "Ada".to_owned()
/// }
///
/// #[cache_invalidate("user:{id}")]
/// async fn rename(id: u32, name: &str) {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// on(&testing::cache(), async {
///     assert_invalidates!(rename(1, "Grace").await => user(1).await);
/// })
/// .await;
/// # }
/// ```
///
/// With several nodes, ask [`assert_coherent!`](crate::assert_coherent).
#[macro_export]
macro_rules! assert_invalidates {
    ($write:expr => $read:expr $(,)?) => {
        if let ::core::result::Result::Err(why) = $crate::testing::__assert::invalidates(
            (::core::stringify!($write), ::core::stringify!($read)),
            async || $write,
            async || $read,
        )
        .await
        {
            ::core::panic!("{why}");
        }
    };
}

/// Asserts that a write leaves a read alone: that what was cached still is after it. The opposite of
/// [`assert_invalidates!`](crate::assert_invalidates), for invalidations that reach too far.
///
/// ```
/// # use cache_runtime::testing::{self, assert_keeps, on};
/// # use cache_runtime::{cache_invalidate, cached};
/// # #[cached(ttl = "5m", key = "user:{id}")]
/// # async fn user(id: u32) -> String {
/// #     "Ada".to_owned()
/// # }
/// # #[cache_invalidate("user:{id}")]
/// # async fn rename(id: u32, name: &str) {}
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # on(&testing::cache(), async {
/// assert_keeps!(rename(1, "Grace").await => user(2).await);
/// # }).await;
/// # }
/// ```
#[macro_export]
macro_rules! assert_keeps {
    ($write:expr => $read:expr $(,)?) => {
        if let ::core::result::Result::Err(why) = $crate::testing::__assert::keeps(
            (::core::stringify!($write), ::core::stringify!($read)),
            async || $write,
            async || $read,
        )
        .await
        {
            ::core::panic!("{why}");
        }
    };
}

/// Asserts the promise: that a read is the truth on every node of a [`Network`](crate::testing::Network).
///
/// To be asked when an invalidation has returned as delivered. First everything happens that can happen now. Then the read
/// runs on each node, with that as the installed cache. What it returns has to equal the truth on a strict node, and on one
/// that nothing keeps from being told. A bounded node behind a wire that is cut or slow may differ until its bound: if one
/// does, so much time goes on, and it is asked once more.
///
/// ```
/// use cache_runtime::cached;
/// use cache_runtime::testing::{Network, assert_coherent, on};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// static STOCK: AtomicU32 = AtomicU32::new(5);
///
/// #[cached(ttl = "1h", key = "stock")]
/// async fn stock() -> u32 {
///     STOCK.load(Ordering::Relaxed)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let network = Network::new();
/// let (shop, warehouse) = (network.node("shop").await, network.node("warehouse").await);
/// assert_coherent!(network, stock().await, 5);
///
/// network.cut("shop");
/// STOCK.store(4, Ordering::Relaxed);
/// warehouse.invalidate("stock").await;
/// assert_coherent!(network, stock().await, 4);
/// # }
/// ```
#[cfg(feature = "redis")]
#[macro_export]
macro_rules! assert_coherent {
    ($network:expr, $read:expr, $truth:expr $(,)?) => {
        if let ::core::result::Result::Err(why) = $crate::testing::__assert::coherent(
            &$network,
            (::core::stringify!($read), $truth),
            async || $read,
        )
        .await
        {
            ::core::panic!("{why}");
        }
    };
}
