//! Whether invalidations and caches fit together.

use super::{CacheSite, InvalidatingFunction, Wiring};
use crate::pattern::overlap::{items, overlap};
use std::fmt;
use std::time::Duration;

/// A check of the wiring; see [`wiring`](crate::wiring()).
#[must_use]
pub struct Check<'w> {
    wiring: &'w Wiring,
    longest_unattended: Option<Duration>,
    allowed: Vec<&'w str>,
}

/// A place where invalidations and caches do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A pattern or tag that can match no cached function and no domain: often a typo.
    ReachesNothing {
        /// The invalidating function.
        function: String,
        /// Where it is.
        at: String,
        /// ``pattern `user:*` `` or ``tag `user:{id}` ``.
        target: String,
    },
    /// Two cached functions, or two domains, whose keys have one template: whichever comes first answers for both, or takes the
    /// other's place.
    SameKey {
        /// One function.
        function: String,
        /// Where it is.
        at: String,
        /// The other function.
        other: String,
        /// The template.
        key: String,
    },
    /// Nothing is registered: the crate with the annotations is not linked into this test.
    Nothing,
    /// A function that lives longer than allowed, and that no annotated function and no domain invalidates.
    Unattended {
        /// The cached function.
        function: String,
        /// Where it is.
        at: String,
        /// How long its entries live.
        ttl: Duration,
    },
}

impl<'w> Check<'w> {
    pub(super) fn new(wiring: &'w Wiring) -> Self {
        Check {
            wiring,
            longest_unattended: None,
            allowed: Vec::new(),
        }
    }

    /// Also names every cached function that lives longer than `longest` and that nothing invalidates.
    ///
    /// ```standalone_crate
    /// # use cache_runtime::cached;
    /// # #[cached(ttl = 60)] async fn f() -> u8 { 1 }
    /// use std::time::Duration;
    /// let wiring = cache_runtime::wiring();
    /// wiring.check().unattended_longer_than(Duration::from_secs(3600)).assert_clean();
    /// ```
    pub fn unattended_longer_than(mut self, longest: Duration) -> Self {
        self.longest_unattended = Some(longest);
        self
    }

    /// Leaves out the function whose name is `name` or ends in `::name`; for what is invalidated by hand.
    pub fn allow(mut self, name: &'w str) -> Self {
        self.allowed.push(name);
        self
    }

    /// What does not fit.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.wiring.caches.is_empty() && self.wiring.invalidations.is_empty() {
            problems.push(Problem::Nothing);
        }
        self.same_keys(&mut problems);
        for function in &self.wiring.invalidations {
            if !self.is_allowed(&function.name) {
                self.reaches_nothing(function, &mut problems);
            }
        }
        for cache in &self.wiring.caches {
            if let (Some(longest), Some(ttl)) = (self.longest_unattended, cache.ttl)
                && ttl > longest
                && matches!(cache.kind, "function" | "batch")
                && !self.is_allowed(&cache.name)
                && self.wiring.reaching(cache).is_empty()
            {
                problems.push(Problem::Unattended {
                    function: cache.name.clone(),
                    at: format!("{}:{}", cache.file, cache.line),
                    ttl,
                });
            }
        }
        problems
    }

    /// For tests: nothing if all fits.
    ///
    /// # Panics
    ///
    /// With a list of what does not.
    pub fn assert_clean(&self) {
        let problems = self.problems();
        let list: Vec<_> = problems
            .iter()
            .map(|problem| format!("- {problem}"))
            .collect();
        assert!(
            problems.is_empty(),
            "the cache wiring has {} problem(s):\n{}",
            problems.len(),
            list.join("\n")
        );
    }

    fn same_keys(&self, problems: &mut Vec<Problem>) {
        let functions: Vec<_> = self
            .wiring
            .caches
            .iter()
            .filter(|cache| matches!(cache.kind, "function" | "batch" | "domain"))
            .collect();
        for (number, function) in functions.iter().enumerate() {
            let twin = functions[..number]
                .iter()
                // A batch and a function of one are meant to share their entries.
                .find(|other| other.kind == function.kind && is_one(function, other));
            if let Some(other) = twin
                && !self.is_allowed(&function.name)
            {
                problems.push(Problem::SameKey {
                    function: function.name.clone(),
                    at: format!("{}:{}", function.file, function.line),
                    other: other.name.clone(),
                    key: function.key.clone(),
                });
            }
        }
    }

    fn is_allowed(&self, name: &str) -> bool {
        self.allowed.iter().any(|allowed| {
            name.strip_suffix(allowed)
                .is_some_and(|front| front.is_empty() || front.ends_with("::"))
        })
    }

    fn reaches_nothing(&self, function: &InvalidatingFunction, problems: &mut Vec<Problem>) {
        let caches = &self.wiring.caches;
        let lost_patterns = function
            .patterns
            .iter()
            .filter(|pattern| !caches.iter().any(|cache| cache.matches_pattern(pattern)))
            .map(|pattern| format!("pattern `{pattern}`"));
        let lost_tags = function
            .tags
            .iter()
            .filter(|tag| !caches.iter().any(|cache| cache.matches_tag(tag)))
            .map(|tag| format!("tag `{tag}`"));
        problems.extend(
            lost_patterns
                .chain(lost_tags)
                .map(|target| Problem::ReachesNothing {
                    function: function.name.clone(),
                    at: format!("{}:{}", function.file, function.line),
                    target,
                }),
        );
    }
}

impl Wiring {
    /// What invalidates `cache`, in words.
    pub(crate) fn reaching(&self, cache: &CacheSite) -> Vec<String> {
        let mut found = Vec::new();
        for function in &self.invalidations {
            let patterns = function
                .patterns
                .iter()
                .filter(|p| cache.matches_pattern(p));
            found.extend(patterns.map(|pattern| format!("{}: {pattern}", function.name)));
            let tags = function.tags.iter().filter(|tag| cache.declares_tag(tag));
            found.extend(tags.map(|tag| format!("{}: tag {tag}", function.name)));
        }
        for other in self.caches.iter().filter(|other| other.name != cache.name) {
            match other.kind {
                "put" if overlap(&items(&cache.key, false), &items(&other.key, false)) => {
                    found.push(format!("{}: writes {}", other.name, other.key));
                }
                "domain" => {
                    let tags = other.tags.iter().filter(|tag| cache.declares_tag(tag));
                    found.extend(tags.map(|tag| format!("{}: tag {tag}", other.name)));
                }
                _ => {}
            }
        }
        found
    }
}

/// Whether two sites have one template. A domain's fields are called as they like.
fn is_one(one: &CacheSite, other: &CacheSite) -> bool {
    match one.kind {
        "domain" => without_names(&one.key) == without_names(&other.key),
        _ => one.key == other.key,
    }
}

/// `session:{}` of `session:{id}`.
fn without_names(template: &str) -> String {
    let mut is_name = false;
    let keep = |letter: &char| {
        is_name = *letter == '{' || is_name && *letter != '}';
        !is_name || *letter == '{'
    };
    template.chars().filter(keep).collect()
}

impl CacheSite {
    fn matches_pattern(&self, pattern: &str) -> bool {
        let pattern = items(pattern, true);
        let mut templates = std::iter::once(&*self.key).chain(self.lookups.iter().copied());
        templates.any(|template| overlap(&items(template, false), &pattern))
    }

    fn declares_tag(&self, tag: &str) -> bool {
        let tag = items(tag, false);
        self.tags
            .iter()
            .any(|declared| overlap(&items(declared, false), &tag))
    }

    /// A site whose values bring tags of their own may carry any.
    fn matches_tag(&self, tag: &str) -> bool {
        self.open_tags || self.declares_tag(tag)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::ReachesNothing {
                function,
                at,
                target,
            } => write!(
                f,
                "`{function}` ({at}) invalidates the {target}, which no cached function and no domain has"
            ),
            Problem::SameKey {
                function,
                at,
                other,
                key,
            } => write!(
                f,
                "`{function}` ({at}) has the key `{key}` of `{other}`: whichever comes first answers for both"
            ),
            Problem::Nothing => f.write_str(
                "no annotated function is linked into this test; put it into the crate itself, or write `use your_crate as _;`",
            ),
            Problem::Unattended { function, at, ttl } if *ttl == Duration::MAX => {
                write!(
                    f,
                    "`{function}` ({at}) is cached for ever and nothing invalidates it"
                )
            }
            Problem::Unattended { function, at, ttl } => write!(
                f,
                "`{function}` ({at}) is cached for {} and nothing invalidates it",
                humantime::format_duration(*ttl)
            ),
        }
    }
}
