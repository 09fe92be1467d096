//! The wiring of a program: every annotated function, domain cache and invalidation, and whether they fit.
//!
//! The macros register what they expand on; nothing has to be called first. A typo in an invalidation pattern,
//! which no cache notices when it runs, is found by a test of two lines:
//!
//! ```
//! # use cache_runtime::cached;
//! # #[cached] async fn f() -> u8 { 1 }
//! #[test]
//! fn every_invalidation_reaches_something() {
//!     cache_runtime::wiring().check().assert_clean();
//! }
//! ```
//!
//! It belongs into the crate with the annotations. From a test of its own (`tests/wiring.rs`) that crate has to be
//! named, so that it is linked: `use your_crate as _;`.

#![allow(clippy::test_attr_in_doctest, reason = "the example is a test to copy")]

mod check;

pub use check::{Check, Problem};

use crate::cache::DEFAULT_TTL;
use crate::site::{InvalidationSite, Kind, Lifetime, Site};
pub use crate::site::{RegisteredInvalidation, RegisteredSite};
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// Every annotated function, domain cache and invalidation linked into this program. Displays as a map;
/// serializes.
///
/// ```
/// println!("{}", cache_runtime::wiring());
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Wiring {
    /// Cached and write-through functions and domain caches, by name.
    pub caches: Vec<CacheSite>,
    /// Invalidating functions, by name.
    pub invalidations: Vec<InvalidatingFunction>,
}

/// A cached function, a write-through function or a domain cache.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CacheSite {
    /// `module::function` or `module::Type`.
    pub name: String,
    /// `function`, `batch`, `put` or `domain`.
    pub kind: &'static str,
    /// The source file.
    pub file: &'static str,
    /// The line in it.
    pub line: u32,
    /// The template of its keys.
    pub key: String,
    /// Further templates that its entries are stored under.
    pub lookups: Vec<&'static str>,
    /// Whether it remembers that there is nothing.
    pub negative: bool,
    /// Whether its hits always ask the server, if there is one.
    pub strict: bool,
    /// How long a process keeps its entries in front of a server: [`Duration::ZERO`] not at all, [`Duration::MAX`] as long as
    /// they live.
    pub local: Duration,
    /// Whether its keys are kept out of logs.
    pub sensitive: bool,
    /// The templates of its tags.
    pub tags: Vec<&'static str>,
    /// Whether its values may bring further tags.
    pub open_tags: bool,
    /// For how long past its time to live an entry is served while it is refreshed.
    pub swr: Duration,
    /// For how long past its time to live one stands in for a run that fails.
    pub stale_if_error: Duration,
    /// Its time to live, where that is known before it runs; [`Duration::MAX`] for ever; of an adaptive one the longest. Where
    /// none is given, the
    /// default of a cache that is configured with none: 5 minutes.
    pub ttl: Option<Duration>,
}

/// A function that invalidates.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct InvalidatingFunction {
    /// `module::function`.
    pub name: String,
    /// The source file.
    pub file: &'static str,
    /// The line in it.
    pub line: u32,
    /// The templates of its patterns.
    pub patterns: Vec<&'static str>,
    /// The templates of its tags.
    pub tags: Vec<&'static str>,
}

/// Reads the wiring of this program.
pub fn wiring() -> Wiring {
    let mut caches: Vec<_> = inventory::iter::<RegisteredSite>
        .into_iter()
        .map(|registered| CacheSite::of(registered.0))
        .collect();
    caches.sort_by(|a, b| (&a.name, a.line).cmp(&(&b.name, b.line)));
    let mut invalidations: Vec<_> = inventory::iter::<RegisteredInvalidation>
        .into_iter()
        .map(|registered| InvalidatingFunction::of(registered.0))
        .collect();
    invalidations.sort_by(|a, b| (&a.name, a.line).cmp(&(&b.name, b.line)));
    Wiring {
        caches,
        invalidations,
    }
}

impl Wiring {
    /// Looks for invalidations that reach nothing, and for functions that nothing invalidates.
    pub fn check(&self) -> Check<'_> {
        Check::new(self)
    }
}

impl CacheSite {
    fn of(site: &'static Site) -> Self {
        CacheSite {
            name: site.name(),
            kind: match site.kind {
                Kind::Put => "put",
                Kind::Batch => "batch",
                Kind::Domain => "domain",
                Kind::Function | Kind::Direct => "function",
                #[cfg(feature = "http")]
                Kind::Route => "route",
            },
            file: site.file,
            line: site.line,
            key: site.key_template(),
            lookups: site.lookups.to_vec(),
            negative: site.negative,
            strict: site.strict,
            local: match site.local {
                u64::MAX => Duration::MAX,
                millis => Duration::from_millis(millis),
            },
            sensitive: site.sensitive,
            tags: site.tags.to_vec(),
            open_tags: site.open_tags,
            swr: site.policy.swr,
            stale_if_error: site.policy.stale_if_error,
            ttl: match site.ttl {
                Lifetime::Millis(millis) => Some(Duration::from_millis(millis)),
                Lifetime::Forever => Some(Duration::MAX),
                Lifetime::Default => Some(DEFAULT_TTL),
                Lifetime::Dynamic => site.policy.adaptive.map(|range| range.longest),
            },
        }
    }
}

impl InvalidatingFunction {
    fn of(site: &'static InvalidationSite) -> Self {
        InvalidatingFunction {
            name: site.name(),
            file: site.file,
            line: site.line,
            patterns: site.patterns.to_vec(),
            tags: site.tags.to_vec(),
        }
    }
}

impl fmt::Display for Wiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, cache) in self.caches.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{} ({}:{})", cache.name, cache.file, cache.line)?;
            write!(f, "    {} {}", cache.kind, cache.key)?;
            for lookup in &cache.lookups {
                write!(f, ", {lookup}")?;
            }
            if !cache.tags.is_empty() {
                write!(f, "   tags {}", cache.tags.join(", "))?;
            }
            match cache.ttl {
                Some(Duration::MAX) => write!(f, "   for ever")?,
                Some(ttl) => write!(f, "   for {}", humantime::format_duration(ttl))?,
                None => {}
            }
            if cache.negative {
                write!(f, "   negative")?;
            }
            for (name, time) in [("swr", cache.swr), ("stale_if_error", cache.stale_if_error)] {
                if !time.is_zero() {
                    write!(f, "   {name} {}", humantime::format_duration(time))?;
                }
            }
            if cache.sensitive {
                write!(f, "   sensitive")?;
            }
            if cache.strict {
                write!(f, "   strict")?;
            }
            match cache.local {
                Duration::MAX => {}
                Duration::ZERO => write!(f, "   local off")?,
                local => write!(f, "   local {}", humantime::format_duration(local))?,
            }
            for invalidation in self.reaching(cache) {
                write!(f, "\n    <- {invalidation}")?;
            }
        }
        Ok(())
    }
}
