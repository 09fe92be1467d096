//! What a computation is to be stored with, as far as it is known before it.

use crate::cache::Cache;
use crate::flight::Flight;
use crate::generation::{Generation, Guard};
use crate::key::Key;
use crate::tag::Tag;
use crate::ttl::{IntoTtl, Ttl};
use std::sync::Arc;

/// Tags and times, evaluated on a miss only.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub(crate) tags: Vec<Tag>,
    pub(crate) ttl: Ttl,
    /// How long to remember that there is nothing; `None`: not at all.
    pub(crate) negative: Option<Ttl>,
    /// Further keys to store the entry under.
    pub(crate) aliases: Vec<Key>,
}

impl Plan {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn tag(mut self, tag: impl Into<Tag>) -> Self {
        self.tags.push(tag.into());
        self
    }

    #[must_use]
    pub fn ttl(mut self, ttl: impl IntoTtl) -> Self {
        self.ttl = ttl.into_ttl();
        self
    }

    #[must_use]
    pub fn negative(mut self, ttl: impl IntoTtl) -> Self {
        self.negative = Some(ttl.into_ttl());
        self
    }
}

/// Captures the generations that a computation for `key` depends on. To be called before it begins.
///
/// `last` is what the last value under this key was stamped with; some of its guards may have come from the value.
pub(crate) fn capture(cache: &Cache, key: &str, plan: &Plan, last: &[Arc<Generation>]) -> Flight {
    let generations = cache.generations();
    let epoch = generations.epoch();
    let mut own: Vec<Arc<Generation>> = Vec::new();
    for key in std::iter::once(key).chain(plan.aliases.iter().map(Key::as_str)) {
        own.extend(guards_of(key).map(|(guard, name)| generations.capture(guard, name)));
    }
    let tags = plan.tags.iter();
    own.extend(tags.map(|tag| generations.capture(Guard::Tag, tag.as_str())));
    let hinted = last
        .iter()
        .filter(|hint| !own.iter().any(|g| g.is_of(hint.guard(), hint.name())))
        .map(|hint| generations.capture(hint.guard(), hint.name()))
        .collect();
    Flight::new(own, hinted, epoch)
}

/// What stands for a key: itself, and its scopes.
pub(crate) fn guards_of(key: &str) -> impl Iterator<Item = (Guard, &str)> {
    let scopes = crate::key::scopes(key).map(|scope| (Guard::Scope, scope));
    std::iter::once((Guard::Key, key)).chain(scopes)
}
