//! The audit log: who has read, stored and invalidated what. Never values, and keys as digests only.
//!
//! Events of `tracing` at `info`, of which the target is `cache_runtime::audit`, so that they can go to a place of their own:
//!
//! ```text
//! operation="read" family=clinic::diagnosis key=~5f2c… outcome=Local actor=user:7
//! ```

use crate::cache::Cache;
use crate::detect::Answer;
use crate::flight::actor;
use crate::invalidate::{By, Invalidated, Target};
use crate::site::Site;
use crate::trace::{Digest, Named};
use std::fmt::{self, Write};
use std::sync::Arc;
use tracing::info;

/// Of what the audit log tells: `Builder::audit`, or `CACHE_AUDIT`.
///
/// ```
/// use cache_runtime::{Audit, Cache};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), cache_runtime::ConfigError> {
/// let cache = Cache::builder().audit(Audit::Sensitive).build().await?;
/// # Ok(()) }
/// ```
///
/// Its events are `tracing`'s, at `info`, with the target `cache_runtime::audit`; each has the fields
///
/// | field | what |
/// |---|---|
/// | `operation` | `read`, `store` or `invalidate` |
/// | `family` | the function or record; of an invalidation, who did it |
/// | `key` | of a `read` or a `store`: a digest, the same wherever that key is told of |
/// | `what` | of an `invalidate`: `key`, `tag` or `pattern`, and its digest |
/// | `outcome` | where a `read` was answered ([`Answer`](crate::Answer)); `stored`; whether an invalidation was delivered |
/// | `actor` | as [`acting_as`](crate::acting_as) says, control characters escaped; `-` if nothing does |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audit {
    /// Of nothing.
    #[default]
    Off,
    /// Of functions and records that are marked `sensitive`, and of all invalidations. What is done by hand (`Cache::get`) is not
    /// marked, whatever it is about.
    Sensitive,
    /// Of everything.
    Everything,
}

impl Audit {
    #[inline]
    pub(crate) fn tells_of(self, site: &Site) -> bool {
        match self {
            Audit::Off => false,
            Audit::Sensitive => site.sensitive,
            Audit::Everything => true,
        }
    }
}

/// A call was answered.
pub(crate) fn read(cache: &Cache, site: &'static Site, key: &str, answer: Answer) {
    if cache.audit().tells_of(site) {
        let actor = Actor::here();
        info!(target: "cache_runtime::audit", operation = "read", family = %Named(site), key = %Digest(key), outcome = ?answer, %actor);
    }
}

/// An entry was stored.
pub(crate) fn stored(cache: &Cache, site: &'static Site, key: &str) {
    if cache.audit().tells_of(site) {
        let actor = Actor::here();
        info!(target: "cache_runtime::audit", operation = "store", family = %Named(site), key = %Digest(key), outcome = "stored", %actor);
    }
}

/// Something was invalidated.
pub(crate) fn invalidated(cache: &Cache, target: &Target, done: &Invalidated, by: By) {
    if cache.audit() == Audit::Off {
        return;
    }
    let (kind, name) = match target {
        Target::Key(key) => ("key", key.as_str()),
        Target::Tag(tag) => ("tag", tag.as_str()),
        Target::Pattern(pattern) => ("pattern", pattern.as_str()),
    };
    ended(kind, name, done, by);
}

/// A key was deleted.
pub(crate) fn deleted(cache: &Cache, key: &str, done: &Invalidated, by: By) {
    if cache.audit() != Audit::Off {
        ended("key", key, done, by);
    }
}

fn ended(kind: &str, name: &str, done: &Invalidated, by: By) {
    let (actor, outcome) = (Actor::here(), done.delivery);
    info!(target: "cache_runtime::audit", operation = "invalidate", family = %by, what = %format_args!("{kind} {}", Digest(name)), %outcome, %actor);
}

struct Actor(Option<Arc<str>>);

impl Actor {
    fn here() -> Self {
        Actor(actor())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // On one line, whoever it is.
        for letter in self.0.as_deref().unwrap_or("-").chars() {
            match letter.is_control() {
                true => write!(f, "{}", letter.escape_default())?,
                false => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}
