//! The macros of `cache-runtime`, which re-exports and documents them. They turn annotations into a few lines that
//! call the runtime; whatever can be known to be wrong when a program is compiled, they say then.
//!
//! Every macro goes the same way: read the item by its signature, read the options, check one against the other,
//! expand. Mistakes are collected on the way and reported together.

mod cached;
mod domain;
mod duration;
mod encoding;
mod error;
mod function;
mod invalidate;
mod keeping;
mod key;
mod options;
mod output;
mod policy;
mod put;
mod shared;
mod storing;
mod suggest;
mod template;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Caches what an async function returns.
///
/// ```
/// use cache_runtime::cached;
///
/// #[cached(ttl = "5m", key = "square:{n}")]
/// async fn square(n: u64) -> u64 {
///     n * n // something slow
/// }
/// ```
///
/// Callers of a cold key share one run of the body. A `Result` is cached by its `Ok` value, an `Option` by its
/// `Some` value: `Err` and `None` are handed on and not stored (see `negative`). The value's type must be `Clone`,
/// `Serialize` and `Deserialize`; wrap a large one in an `Arc`.
///
/// | option | meaning |
/// |---|---|
/// | `ttl = 300`, `"5m"`, `forever`, an expression of type `Duration`, or <code>\|value\| …</code> | time to live, in seconds where it is a number; default: the cache's |
/// | `ttl = adaptive("30s", "1h")` | starts with the first; doubles when a run finds what was there, halves when it does not |
/// | `key = "user:{id}:{page.number}"` | the key; placeholders are expressions over the arguments, escaped. Without it: the function's path and every argument that is not skipped |
/// | `tags = ["user:{id}"]` | names to invalidate it by |
/// | <code>tags_with = \|value\| ["team:{value.team}"]</code> | tags from the value: an array of templates, or anything that iterates over tags |
/// | `skip(db, ctx)` | arguments that the result does not depend on |
/// | `cache = self.cache` | which cache; default: the installed one |
/// | `negative = "30s"` | remember `None` this long |
/// | `when = expr` | whether to use the cache at all for this call |
/// | <code>unless = \|value\| …</code> | values not to store |
/// | `swr = "10m"` | so long past its time to live a value is served, while one caller among all processes computes a new one |
/// | `early`, `early = 2.0` | refreshes in the background before the end, with a chance that grows towards it (XFetch) |
/// | `stale_if_error = "1h"` | so long past its time to live a value stands in for a run that fails |
/// | `throttle = "5s"` | after such a failure, how long the source is left alone |
/// | `soft_timeout = "200ms"` | who has an older value (`stale_if_error`) waits so long for a new one; the run goes on |
/// | `timeout = "2s"` | anybody waits so long; then an older value, or the error that [`TimedOut`](../cache_runtime/struct.TimedOut.html) becomes; the run goes on |
/// | `revalidate = "1d"` | so long past its time to live a value is kept to be handed to the body; see [`stored`](../cache_runtime/fn.stored.html) |
/// | `jitter = 0.1` | shortens the time to live at random, by up to this part of it |
/// | `idle = "30m"` | an entry ends when nobody has read it for so long; `ttl` is how long it lives at most |
/// | `batch(id in ids)` | a function of several identifiers, each with an entry of its own; see below |
/// | `version = 2` | entries of other versions are misses |
/// | `codec = json` | how values are written on a server: `bincode`, `postcard`, `msgpack` or `json`, all but the first with the feature of `cache-runtime` of that name; default: the cache's |
/// | `compress = off` | not to compress large values on a server; `lz4`, the default, or `zstd` with the feature of that name |
/// | `local = off`, `"30s"` | with a server: not to keep entries in this process, or only so long; default: as long as they live |
/// | `consistency = strict` | with a server: every hit asks it, whatever the consistency of the cache is |
/// | `sensitive` | keys appear in logs as digests |
/// | `companion` | for free functions: a module of the function's name with `key`, `peek`, `refresh` and `invalidate` |
/// | `crate = path` | where `cache_runtime` is, if it was renamed |
///
/// An embedded cache keeps values as they are; `codec`, `compress`, `local` and `consistency` mean nothing to it. Entries on a server say how
/// they are written, so functions that share a key need not agree.
///
/// An argument that is neither in the key nor skipped does not compile: two calls that differ in it would share
/// an entry. So is a type parameter that no argument tells. `self` is skipped by itself, whatever is in it: if two
/// values of its type share a cache and answer differently, name what differs (`{self.shop}`); under an explicit key
/// the same goes for the parameters of a generic `impl`. Several functions may have one key; each finds only entries
/// that carry its tags.
///
/// The closures of `ttl`, `tags_with` and `unless` run after the body, which has taken the arguments: of those
/// they can use copies and references.
///
/// # In the background
///
/// With `swr`, `early`, `soft_timeout` or `timeout` the function may go on after its caller, in a task of its own. Arguments that
/// are taken by value move into it. What is borrowed is copied, by calls that miss: `&T` where `T` is `Clone`, texts, slices,
/// paths, and `&self` where its type is `Clone`. All of it, and the future, has to be `Send` and `'static`.
///
/// ```
/// use cache_runtime::cached;
/// # #[derive(Clone)] struct Db;
/// # impl Db { async fn report(&self, _: u16) -> Result<String, std::io::Error> { Ok(String::new()) } }
///
/// #[cached(ttl = "5m", swr = "10m", stale_if_error = "1h", key = "report:{year}", skip(db))]
/// async fn report(db: &Db, year: u16) -> Result<String, std::io::Error> {
///     db.report(year).await
/// }
/// ```
///
/// What was invalidated is never served, however long these let an old value be.
///
/// # Batches
///
/// ```
/// use cache_runtime::cached;
/// use std::collections::HashMap;
///
/// #[cached(batch(n in numbers), ttl = "5m", key = "square:{n}")]
/// async fn squares(numbers: &[u64]) -> HashMap<u64, u64> {
///     numbers.iter().map(|n| (*n, n * n)).collect() // one question for those that are missing
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(squares(&[1, 2]).await.len(), 2);
/// assert_eq!(squares(&[2, 3]).await[&3], 9); // runs with [3]
/// # }
/// ```
///
/// `batch(n in numbers)` says which argument lists the identifiers (`&[Id]` or `Vec<Id>`), and what one of them is called in `key`,
/// `tags` and closures. The function returns a `HashMap<Id, T>`, a `BTreeMap<Id, T>`, a `Vec<(Id, T)>`, or a `Result` of one. Each
/// identifier has an entry, a flight and a lease of its own, under the key that a function of one would have.
///
/// # Companion
///
/// ```
/// use cache_runtime::cached;
///
/// #[cached(ttl = 60, key = "square:{n}", companion)]
/// async fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(square::key(3).as_str(), "square:3");
/// assert_eq!(square::peek(3).await, None);
/// assert_eq!(square::refresh(3).await, 9);
/// assert_eq!(square::peek(3).await, Some(9));
/// assert!(square::invalidate(3).await);
/// # }
/// ```
#[proc_macro_attribute]
pub fn cached(attribute: TokenStream, item: TokenStream) -> TokenStream {
    cached::cached(attribute.into(), item.into()).into()
}

/// Invalidates keys and tags when an async function has done its work.
///
/// ```
/// use cache_runtime::cache_invalidate;
///
/// #[cache_invalidate("user:{id}", "user-list:*", tags = ["user:{id}"])]
/// async fn rename_user(id: u64, name: &str) -> Result<(), std::io::Error> {
///     # let _ = name;
///     Ok(()) // write to the database, and commit
/// }
/// ```
///
/// The patterns are templates; see [`Pattern`](../cache_runtime/struct.Pattern.html) for their forms. By default
/// they are invalidated after the body has returned `Ok`, `Some` or a value of any other type. A function that
/// panics, or whose future is dropped before it ends, invalidates too: what it has written until then may have
/// been committed.
///
/// | option | meaning |
/// |---|---|
/// | `"user:{id}:*"`, … | patterns to invalidate |
/// | `tags = ["user:{id}"]` | tags to invalidate |
/// | `when = before`, `after`, `both` | default `after`; `both` for a source that readers see before the function returns |
/// | `on = ok`, `always` | default `ok`; `always` after an error as well |
/// | `cache = self.cache` | which cache; default: the installed one |
/// | `crate = path` | where `cache_runtime` is, if it was renamed |
///
/// Inside a transaction the invalidation belongs after the commit: annotate the function that commits, or collect what
/// is inside with [`Invalidations`](../cache_runtime/struct.Invalidations.html).
#[proc_macro_attribute]
pub fn cache_invalidate(attribute: TokenStream, item: TokenStream) -> TokenStream {
    invalidate::cache_invalidate(attribute.into(), item.into()).into()
}

/// Runs an async function that writes, and stores the value it returns in place of the old one.
///
/// ```
/// use cache_runtime::cache_put;
///
/// #[cache_put(key = "user:{id}", ttl = "5m")]
/// async fn rename_user(id: u64, name: String) -> Result<String, std::io::Error> {
///     # let _ = id;
///     Ok(name) // write to the database, and commit
/// }
/// ```
///
/// However the function ends, no reader finds the old value afterwards: if it fails, returns `None`, panics or is
/// dropped, or if another write or an invalidation comes between, the key is deleted instead.
///
/// The options `key` (needed), `ttl`, `tags`, `tags_with`, `unless`, `jitter`, `idle`, `version`, `codec`, `compress`, `sensitive`,
/// `cache` and `crate` mean what they mean in [`macro@cached`]. Give the same tags as the function that reads the key: it does not
/// take entries without them. With the same `swr`, `stale_if_error` and `revalidate` an entry is kept for as long as that
/// function may have use for it.
#[proc_macro_attribute]
pub fn cache_put(attribute: TokenStream, item: TokenStream) -> TokenStream {
    put::cache_put(attribute.into(), item.into()).into()
}

/// Makes a typed cache of records: `SessionCache` of `Session`.
///
/// ```
/// use cache_runtime::{Cache, DomainCache};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
/// #[cache(prefix = "session", ttl = "30m")]
/// struct Session {
///     #[cache(key)]
///     id: String,
///     #[cache(tag)]
///     user_id: u64,
///     #[cache(lookup)]
///     token: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let sessions = SessionCache::new(&Cache::in_memory());
/// let session = Session { id: "s1".into(), user_id: 7, token: "t".into() };
/// sessions.put(&session).await;
/// assert_eq!(sessions.get("s1").await, Some(session.clone()));
/// assert_eq!(sessions.by_token("t").await, Some(session));
/// sessions.invalidate_by_user_id(&7).await;
/// assert_eq!(sessions.get("s1").await, None);
/// # }
/// ```
///
/// On the type:
///
/// | option | meaning |
/// |---|---|
/// | `prefix = "session"` | keys are `session:{…}`, made of the fields that are marked `key` |
/// | `key = "user:{id}:profile"` | in its place: the key, of whole fields. `get` and its like take them in this order |
/// | `domain = "message"` | its name in the configuration (`CACHE_MESSAGE_TTL`); default: the text of its keys (`CACHE_USER_PROFILE_TTL`) |
/// | `ttl = "30m"` | as in [`macro@cached`]; `CACHE_SESSION_TTL` overrides it |
/// | <code>ttl_with = \|record\| …</code> | time to live from the record |
/// | `swr`, `early`, `stale_if_error`, `throttle`, `soft_timeout`, `timeout`, `revalidate`, `jitter`, `idle` | as in [`macro@cached`]; for `get_or_load` and its like, while `get` finds what is fresh. With the options that let a load go on after its caller, `load` and its future have to be `Send` and `'static` |
/// | `negative = "30s"` | remember so long that there is no such record |
/// | `tags = ["user:{user_id}"]` | further tags, over the fields |
/// | `name = Sessions` | the name of the cache; default: the record's and `Cache` |
/// | `version = 2` | entries of other versions are misses |
/// | `codec = json`, `compress = off` | how records are written on a server, as in [`macro@cached`] |
/// | `local = off`, `consistency = strict` | what this process keeps of what is on a server, as in [`macro@cached`] |
/// | `sensitive` | keys appear in logs as digests |
/// | `crate = path` | where `cache_runtime` is, if it was renamed |
///
/// On fields:
///
/// | option | meaning |
/// |---|---|
/// | `key` | part of the key; one field or several |
/// | `tag`, `tag = "user:{user_id}"` | a tag, `{prefix}:{field}:{value}` unless told otherwise; makes `invalidate_by_{field}` |
/// | `tags`, `tags = "topic:{topics}"` | a tag for every item of a list or an `Option`: the item itself, or made of it |
/// | `lookup` | a unique secondary key; makes `by_{field}` and `by_{field}_or_load`. Of an `Option<T>`, spelt so: a `T`; a record with `None` has no such key |
///
/// Where other keys begin as these do (`user:{id}:auth`), `invalidate_all` goes by a tag that all records carry, which is the
/// `domain`. Of a cache without an end whose entries are idle (`ttl = forever, idle = "30m"`), it is `idle` that
/// `CACHE_{DOMAIN}_TTL` sets.
///
/// The cache has `new`, `get`, `get_many`, `put`, `put_many`, `get_or_load`, `refresh`, `invalidate`,
/// `invalidate_all`, `warm`, `key` and `stats`. A record is one entry, stored under its key and its lookups. One that is
/// loaded and has none of the keys that were asked for (an e-mail address in other letters, say) is returned and not
/// stored.
#[proc_macro_derive(DomainCache, attributes(cache))]
pub fn domain_cache(item: TokenStream) -> TokenStream {
    domain::domain_cache(item.into()).into()
}

/// Makes a key from a template and the variables in scope: `key!("user:{id}")`.
///
/// Values are escaped, so that they can neither contain a separator nor become a wildcard. The result serves as a
/// key, as a tag and, if its text ends in a wildcard, as a pattern.
///
/// ```
/// use cache_runtime::{Cache, key};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let cache = Cache::in_memory();
/// let name = "a:b";
/// cache.set(key!("user:{name}"), 1).await;
/// assert_eq!(cache.get::<i32>("user:a%3Ab").await, Some(1));
/// cache.invalidate(key!("user:*")).await;
/// assert_eq!(cache.get::<i32>(key!("user:{name}")).await, None);
/// # }
/// ```
#[proc_macro]
pub fn key(template: TokenStream) -> TokenStream {
    key::key(template.into()).into()
}
