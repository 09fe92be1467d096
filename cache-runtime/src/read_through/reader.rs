//! Whether a reader can take an entry, and taking it.

use super::plan::Plan;
use super::shape::Shape;
use crate::cache::Cache;
use crate::entry::{Content, Entry};
use crate::flight::{Dependency, Flight};
use crate::site::Site;
use crate::value::CacheValue;
use std::sync::Arc;
use std::time::Duration;

/// Who reads: a site, from a cache.
#[derive(Clone, Copy)]
pub(super) struct Reader<'c> {
    pub(super) site: &'static Site,
    pub(super) cache: &'c Cache,
}

impl Reader<'_> {
    /// The content of a valid entry that this reader can take. `tags` hands over the reader's plan where the
    /// declarations do not tell whether the entry carries its tags. Where tags come from the value, nothing else
    /// can tell.
    #[inline]
    pub(super) fn take<R, S>(
        self,
        shape: S,
        entry: &Arc<Entry>,
        outer: Option<&Arc<Flight>>,
        tags: impl FnOnce(&dyn Fn(&Plan) -> bool) -> bool,
    ) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let now = self.cache.now();
        if entry.is_fresh(now) && self.suits(entry, tags) {
            entry.is_read(now);
            self.read(shape, entry, outer)
        } else {
            None
        }
    }

    /// Whether this is a valid answer, however old.
    #[inline]
    fn suits(self, entry: &Entry, tags: impl FnOnce(&dyn Fn(&Plan) -> bool) -> bool) -> bool {
        let carries_all = |plan: &Plan| plan.tags.iter().all(|tag| entry.carries(tag.as_str()));
        entry.is_current()
            && entry.about.version == self.site.version
            && (!entry.is_absent() || self.site.negative)
            && (self.declares(entry.about.tag_set) || (!self.site.value_tags && tags(&carries_all)))
    }

    /// How long ago its time to live came to its end, of an entry that would be an answer otherwise. Of one that nobody has
    /// read for too long nothing is left.
    pub(super) fn expired_since(
        self,
        entry: &Entry,
        tags: impl FnOnce(&dyn Fn(&Plan) -> bool) -> bool,
    ) -> Option<Duration> {
        let now = self.cache.now();
        let is_left = !entry.is_fresh(now)
            && !entry.is_absent()
            && !entry.is_idle(now)
            && self.suits(entry, tags);
        is_left.then(|| entry.past_its_time(now))
    }

    /// Why an entry could not be taken.
    pub(super) fn why_not(self, found: Option<&Entry>) -> &'static str {
        match found {
            None => "absent",
            Some(entry) if entry.is_hint() => "absent",
            Some(entry) if !entry.is_current() => "invalidated",
            Some(entry) if !entry.is_fresh(self.cache.now()) => "expired",
            Some(entry) if entry.about.version != self.site.version => "of another version",
            Some(entry) if !self.declares(entry.about.tag_set) => {
                "of another function, with other tags or of another type"
            }
            Some(_) => "of another type, or to be refreshed",
        }
    }

    /// The entry's content as a result, if it has the right type and, where it becomes a dependency of another
    /// computation, is still valid by then.
    #[inline]
    pub(super) fn read<R, S>(
        self,
        shape: S,
        entry: &Arc<Entry>,
        outer: Option<&Arc<Flight>>,
    ) -> Option<R>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let returned = match entry.content::<S::Value>() {
            Content::Value(value) => shape.value(value.clone()),
            Content::Absent => shape.absent()?,
            Content::Other => return None,
        };
        match outer {
            Some(outer) => self.hands_on(entry, outer).then_some(returned),
            None => Some(returned),
        }
    }

    /// Makes a computation depend on an entry that it reads, if that is valid by then.
    pub(super) fn hands_on(self, entry: &Arc<Entry>, outer: &Flight) -> bool {
        if entry.about.provisional {
            outer.is_fresh_for(entry.about.expires.since(self.cache.now()));
        }
        outer.reads(Dependency::Entry(Arc::clone(entry)))
    }

    /// Whether the reader's tags are those of an entry or a flight with this declaration and the same key.
    #[inline]
    pub(super) fn declares(self, tag_set: u64) -> bool {
        tag_set == self.site.tag_set && !self.site.tags_vary
    }
}
