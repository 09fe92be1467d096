//! What to invalidate, and who wants it.

use crate::generation::Guard;
use crate::key::Key;
use crate::pattern::{Pattern, Route, literal_scope};
use crate::site::{DIRECT, InvalidationSite, Site};
use crate::tag::Tag;
use std::fmt;

/// One thing to invalidate.
#[allow(missing_docs, reason = "reached only by expansions")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Key(Key),
    Pattern(Pattern),
    Tag(Tag),
}

#[allow(missing_docs, reason = "reached only by expansions")]
impl Target {
    pub fn pattern(pattern: impl Into<Pattern>) -> Self {
        Target::Pattern(pattern.into())
    }

    pub fn tag(tag: impl Into<Tag>) -> Self {
        Target::Tag(tag.into())
    }

    /// The one form of what can be said in two: a pattern without wildcards is a key.
    pub(crate) fn plain(self) -> Self {
        match self {
            Target::Pattern(pattern) if pattern.route() == Route::Key => {
                Target::Key(Key::from(pattern.as_str()))
            }
            other => other,
        }
    }

    /// The one key that it is about.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Target::Key(key) => Some(key.as_str()),
            Target::Pattern(pattern) if pattern.route() == Route::Key => Some(pattern.as_str()),
            Target::Pattern(_) | Target::Tag(_) => None,
        }
    }

    /// What ends: of a pattern that has to be looked for, the longest scope that all it matches lies in.
    pub(super) fn ends(&self) -> (Guard, &str) {
        match self {
            Target::Key(key) => (Guard::Key, key.as_str()),
            Target::Tag(tag) => (Guard::Tag, tag.as_str()),
            Target::Pattern(pattern) => match pattern.route() {
                Route::Key => (Guard::Key, pattern.as_str()),
                Route::Scope => (Guard::Scope, pattern.scope()),
                Route::Scan | Route::Tag => (Guard::Scope, literal_scope(pattern.as_str())),
            },
        }
    }

    pub(super) fn route(&self) -> Route {
        match self {
            Target::Key(_) => Route::Key,
            Target::Pattern(pattern) => pattern.route(),
            Target::Tag(_) => Route::Tag,
        }
    }
}

/// Who invalidates, for the log and for people who ask.
#[derive(Clone, Copy)]
pub(crate) enum By {
    /// Whoever uses the handle itself.
    Hand,
    Function(&'static InvalidationSite),
    /// A domain cache, or what would have stored inside a transaction.
    Site(&'static Site),
    /// A row of an outbox, which has forgotten who wrote it.
    Outbox,
}

impl By {
    pub(crate) fn site(site: &'static Site) -> Self {
        if std::ptr::eq(site, &DIRECT) {
            By::Hand
        } else {
            By::Site(site)
        }
    }

    /// Where that is in the source, if that is known.
    pub(crate) fn place(self) -> Option<(&'static str, u32)> {
        match self {
            By::Hand | By::Outbox => None,
            By::Function(site) => Some((site.file, site.line)),
            By::Site(site) => Some((site.file, site.line)),
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            By::Hand => f.write_str("(direct)"),
            By::Outbox => f.write_str("(outbox)"),
            By::Function(site) => f.write_str(&site.name()),
            By::Site(site) => f.write_str(&site.name()),
        }
    }
}
