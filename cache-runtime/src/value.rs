//! What a type must be able to do to be cached.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type whose values can be cached: `Clone`, serde's `Serialize` and `Deserialize`, owned, and free to move
/// between threads. Implemented for every such type; there is nothing to write.
///
/// The embedded cache keeps values as they are and hands out clones; wrap a large one in an `Arc` and a hit
/// copies a pointer. The serde bounds are asked for from the start, so that moving to a shared server changes
/// no signature.
///
/// ```
/// fn cacheable<T: cache_runtime::CacheValue>() {}
/// cacheable::<std::sync::Arc<Vec<String>>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "a cached value must be `Clone + Serialize + Deserialize`, owned (`'static`), `Send` and `Sync`",
    note = "add `#[derive(Clone, serde::Serialize, serde::Deserialize)]` to the type, and return it owned",
    note = "a `Result` is cached by its `Ok` value, an `Option` by its `Some` value: only that type needs them"
)]
pub trait CacheValue: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T> CacheValue for T where T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {}
