//! Who has invalidated what last in this process, for people who ask why something is not cached.

use crate::generation::Guard;
use crate::invalidate::{By, Target};
use crate::pattern::{Pattern, Route, matches};
use crate::site::discretion;
use crate::sync::lock;
use crate::trace::Digest;
use quick_cache::sync::Cache;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Instant;

/// So many tags, scopes and keys are remembered,
const MOST: usize = 10_000;
/// and so many patterns that are none of them.
const MOST_GLOBS: usize = 64;
/// So many are remembered in their order.
const MOST_RECENT: usize = 100;

pub(crate) struct History {
    by_name: Cache<String, Past>,
    globs: Mutex<VecDeque<(Box<str>, Past)>>,
    /// The youngest first.
    recent: Mutex<VecDeque<Recent>>,
}

/// An invalidation among the last of all. What it is about is kept as it is, and shown with discretion.
struct Recent {
    /// `None`: a pattern that is no scope.
    guard: Option<Guard>,
    name: Box<str>,
    past: Past,
}

/// An invalidation.
#[derive(Clone, Copy)]
pub(crate) struct Past {
    pub(crate) by: By,
    pub(crate) at: Instant,
}

impl Past {
    fn now(by: By) -> Self {
        let at = Instant::now();
        Past { by, at }
    }
}

impl Recent {
    fn shown(&self) -> String {
        let is_somebodys = matches!(self.past.by, By::Site(site) if site.sensitive);
        let discretion = discretion();
        match self.guard {
            Some(guard) if is_somebodys => in_full(guard, &Digest(&self.name).to_string()),
            Some(guard) => in_full(guard, &discretion.shown(guard, &self.name)),
            None => format!("pattern {}", discretion.shown_glob(&self.name)),
        }
    }
}

impl History {
    pub(super) fn new() -> Self {
        History {
            by_name: Cache::new(MOST),
            globs: Mutex::default(),
            recent: Mutex::default(),
        }
    }

    pub(crate) fn note(&self, target: &Target, by: By) {
        let past = Past::now(by);
        match target {
            Target::Key(key) => self.note_guard(Guard::Key, key.as_str(), past),
            Target::Tag(tag) => self.note_guard(Guard::Tag, tag.as_str(), past),
            Target::Pattern(pattern) => self.note_pattern(pattern, past),
        }
    }

    pub(crate) fn note_key(&self, key: &str, by: By) {
        self.note_guard(Guard::Key, key, Past::now(by));
    }

    fn note_pattern(&self, pattern: &Pattern, past: Past) {
        match pattern.route() {
            Route::Key => self.note_guard(Guard::Key, pattern.as_str(), past),
            Route::Scope => self.note_guard(Guard::Scope, pattern.scope(), past),
            Route::Scan | Route::Tag => {
                let mut globs = lock(&self.globs);
                globs.retain(|(glob, _)| **glob != *pattern.as_str());
                globs.truncate(MOST_GLOBS - 1);
                globs.push_front((pattern.as_str().into(), past));
                drop(globs);
                self.note_recent(None, pattern.as_str(), past);
            }
        }
    }

    fn note_guard(&self, guard: Guard, name: &str, past: Past) {
        self.by_name.insert(in_full(guard, name), past);
        self.note_recent(Some(guard), name, past);
    }

    fn note_recent(&self, guard: Option<Guard>, name: &str, past: Past) {
        let name = name.into();
        let mut recent = lock(&self.recent);
        recent.truncate(MOST_RECENT - 1);
        recent.push_front(Recent { guard, name, past });
    }

    /// The last invalidations, as they may be shown; the youngest first.
    pub(super) fn recent(&self) -> Vec<(String, Past)> {
        let recent = lock(&self.recent);
        let shown = recent.iter().map(|recent| (recent.shown(), recent.past));
        shown.collect()
    }

    /// The last invalidations of any of `guards`, as [`in_full`] writes them, and those of `key` by a pattern; the youngest
    /// first.
    pub(super) fn of(&self, key: &str, guards: &[String]) -> Vec<(String, Past)> {
        let mut all: Vec<(String, Past)> = guards
            .iter()
            .filter_map(|guard| Some((guard.clone(), self.by_name.peek(guard)?)))
            .collect();
        let globs = lock(&self.globs);
        let of_key = globs.iter().filter(|(glob, _)| matches(glob, key));
        all.extend(of_key.map(|(glob, past)| (format!("pattern {glob}"), *past)));
        all.sort_by_key(|(_, past)| std::cmp::Reverse(past.at));
        all
    }
}

/// A guard, for people.
pub(super) fn in_full(guard: Guard, name: &str) -> String {
    match guard {
        Guard::Key => format!("key {name}"),
        Guard::Scope => format!("scope {name}*"),
        Guard::Tag => format!("tag {name}"),
    }
}
