//! Sites: the places in a program that use the cache, as the macros describe them.
//!
//! A description is a `static`, made at compile time, and registers itself; see [`wiring`](crate::wiring).

mod discretion;
mod encoding;
mod path;

pub(crate) use discretion::discretion;
pub use encoding::{codecs, compressions};
pub use path::path_of;

use crate::cache::Cache;
use crate::pattern::overlap::{Item, items, overlap};
use crate::policy::{Policy, Range};
use crate::stats::Counters;
use encoding::{ChosenCodec, ChosenCompression};
use path::{function_path, key_prefix};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// A cached function, a write-through function, or a domain cache.
#[doc(hidden)]
pub struct Site {
    name: Name,
    pub(crate) kind: Kind,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    /// The template of the key, as written; `None` for a key made of the function's path and arguments.
    pub(crate) key: Option<&'static str>,
    /// The arguments of a default key.
    arguments: &'static [&'static str],
    /// Whether a default key tells the types of generic arguments.
    generic: bool,
    /// The name of a domain cache in the configuration.
    domain: Option<&'static str>,
    /// Further templates that entries are stored under.
    pub(crate) lookups: &'static [&'static str],
    pub(crate) tags: &'static [&'static str],
    /// Whether more tags may come from the value than `tags` tells.
    pub(crate) open_tags: bool,
    /// Whether some tags come from the value, so that a reader cannot tell them before it has it.
    pub(crate) value_tags: bool,
    /// Whether the values of the tags do not follow from the key.
    pub(crate) tags_vary: bool,
    pub(crate) ttl: Lifetime,
    pub(crate) policy: Policy,
    pub(crate) version: u32,
    /// `None`: the cache's.
    #[cfg_attr(
        not(feature = "redis"),
        allow(dead_code, reason = "nothing is encoded")
    )]
    codec: Option<ChosenCodec>,
    #[cfg_attr(
        not(feature = "redis"),
        allow(dead_code, reason = "nothing is compressed")
    )]
    compression: ChosenCompression,
    /// How long this process may keep what is on a server, in milliseconds.
    #[cfg_attr(
        not(feature = "redis"),
        allow(dead_code, reason = "there is no server")
    )]
    pub(crate) local: u64,
    /// Whether every hit asks the server.
    #[cfg_attr(
        not(feature = "redis"),
        allow(dead_code, reason = "there is no server")
    )]
    pub(crate) strict: bool,
    pub(crate) negative: bool,
    pub(crate) sensitive: bool,
    /// A fingerprint of `tags` and `lookups`.
    pub(crate) tag_set: u64,
    /// The types that its codec was found unable to hold, and what else it has refused.
    unsuited: Mutex<Vec<&'static str>>,
    /// When it was told last that its source fails, in seconds since the first use of this program's caches, and one.
    complained: AtomicUsize,
    number: OnceLock<usize>,
    /// The same for a site that is not generic.
    plain_prefix: OnceLock<String>,
    /// Whether another site with a default key has the same path.
    has_twin: OnceLock<bool>,
    /// The first part of a default key, and the type name it was made from.
    prefix: OnceLock<(&'static str, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Function,
    /// A function of several identifiers.
    Batch,
    Put,
    Domain,
    /// Routes of an HTTP service.
    #[cfg(feature = "http")]
    Route,
    Direct,
}

#[derive(Clone, Copy)]
enum Name {
    Given(&'static str),
    /// The type name of an item inside the function, which tells the function's path.
    PathOf(fn() -> &'static str),
}

/// What is known of a time to live before any value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// The cache's default.
    Default,
    Millis(u64),
    Forever,
    /// Decided when the function runs.
    Dynamic,
}

/// Direct use of a cache's handle.
pub(crate) static DIRECT: Site =
    Site::new(Name::Given("(direct)"), Kind::Direct, "", 0).tags_vary(true);

#[doc(hidden)]
pub struct RegisteredSite(pub &'static Site);
#[doc(hidden)]
pub struct RegisteredInvalidation(pub &'static InvalidationSite);

inventory::collect!(RegisteredSite);
inventory::collect!(RegisteredInvalidation);

/// The domain caches of this program, by their names in the configuration.
pub(crate) fn domains() -> impl Iterator<Item = &'static str> {
    let sites = inventory::iter::<RegisteredSite>.into_iter();
    sites.filter_map(|registered| registered.0.domain)
}

impl Site {
    /// `#[cached]` on the function around `path`.
    pub const fn function(path: fn() -> &'static str, file: &'static str, line: u32) -> Self {
        Site::new(Name::PathOf(path), Kind::Function, file, line)
    }

    /// `#[cache_put]` on the function around `path`.
    pub const fn put(path: fn() -> &'static str, file: &'static str, line: u32) -> Self {
        Site::new(Name::PathOf(path), Kind::Put, file, line)
    }

    /// `#[derive(DomainCache)]` on the type `name`.
    pub const fn domain(_: fn() -> &'static str, file: &'static str, line: u32) -> Self {
        Site::new(Name::Given(""), Kind::Domain, file, line)
    }

    /// The responses of a layer of this name. One site a name, so that what is counted of them is one row, and each is made once in
    /// the life of a program.
    #[cfg(feature = "http")]
    pub(crate) fn of_routes(name: &str, sensitive: bool) -> &'static Self {
        use std::collections::HashMap;
        type Known = Mutex<HashMap<(String, bool), &'static Site>>;
        static KNOWN: OnceLock<Known> = OnceLock::new();
        let mut known = crate::sync::lock(KNOWN.get_or_init(Known::default));
        known
            .entry((name.to_owned(), sensitive))
            .or_insert_with(|| {
                let name = format!("http::{name}").leak();
                let site = Site::new(Name::Given(name), Kind::Route, "", 0);
                let codec = codecs::bincode();
                // A response may stand under a further key, with what it varies on.
                let site = site.value_tags(true).lookups(&["{request}:{variant}"]);
                Box::leak(Box::new(site.sensitive(sensitive).codec(codec)))
            })
    }

    const fn new(name: Name, kind: Kind, file: &'static str, line: u32) -> Self {
        Site {
            name,
            kind,
            file,
            line,
            key: None,
            arguments: &[],
            generic: false,
            domain: None,
            lookups: &[],
            tags: &[],
            open_tags: false,
            value_tags: false,
            tags_vary: false,
            ttl: Lifetime::Default,
            policy: Policy::NONE,
            version: 0,
            codec: None,
            compression: compressions::lz4(),
            local: u64::MAX,
            strict: false,
            negative: false,
            sensitive: false,
            tag_set: fingerprint(&[]),
            unsuited: Mutex::new(Vec::new()),
            complained: AtomicUsize::new(0),
            number: OnceLock::new(),
            plain_prefix: OnceLock::new(),
            has_twin: OnceLock::new(),
            prefix: OnceLock::new(),
        }
    }

    pub const fn name_is(mut self, name: &'static str) -> Self {
        self.name = Name::Given(name);
        self
    }

    pub const fn key(mut self, template: &'static str) -> Self {
        self.key = Some(template);
        self
    }

    pub const fn arguments(mut self, names: &'static [&'static str]) -> Self {
        self.arguments = names;
        self
    }

    pub const fn generic(mut self, generic: bool) -> Self {
        self.generic = generic;
        self
    }

    pub const fn of_domain(mut self, name: &'static str) -> Self {
        self.domain = Some(name);
        self
    }

    /// Further templates of keys. After `tags`: what is not stored under these is not what this site stores.
    pub const fn lookups(mut self, templates: &'static [&'static str]) -> Self {
        self.lookups = templates;
        self.tag_set = self.tag_set.wrapping_mul(31) ^ fingerprint(templates);
        self
    }

    pub const fn tags(mut self, templates: &'static [&'static str]) -> Self {
        // The same templates of tags mean the same tags where the template of the key is the same.
        let key = match self.key {
            Some(key) => fingerprint(&[key]),
            None => 0,
        };
        self.tag_set = fingerprint(templates) ^ key.rotate_left(17);
        self.tags = templates;
        self
    }

    /// Tags from the value, by templates that are among `tags`.
    pub const fn value_tags(mut self, value_tags: bool) -> Self {
        self.value_tags = value_tags;
        self
    }

    /// Tags from the value, by code: no other site is known to have the same. After `tags`.
    pub const fn open_tags(mut self, open: bool) -> Self {
        self.open_tags = open;
        self.value_tags = open;
        let place = fingerprint(&[self.file]) ^ (self.line as u64);
        self.tag_set = self.tag_set.wrapping_mul(31) ^ place;
        self
    }

    /// Tells under which declaration tags came from the value. It has to mean the same in every process that shares a
    /// server, and in the next version of the program, so no line number is in it.
    #[cfg(feature = "redis")]
    pub(crate) fn declared(&self) -> u64 {
        if self.open_tags {
            let name = self.name();
            let key = self.key.unwrap_or_default();
            self.tags
                .iter()
                .fold(fingerprint(&[&name, key]), |all, tag| {
                    all.rotate_left(9) ^ fingerprint(&[tag])
                })
        } else {
            self.tag_set
        }
    }

    /// How this site's values are encoded.
    #[cfg(feature = "redis")]
    pub(crate) fn codec_in(&self, cache: &Cache) -> crate::codec::Codec {
        let chosen = self.codec.and_then(ChosenCodec::codec);
        chosen.unwrap_or_else(|| cache.codec())
    }

    /// Whether its entries on a server have to be encrypted.
    #[cfg(feature = "redis")]
    pub(crate) fn is_encrypted_in(&self, cache: &Cache) -> bool {
        #[cfg(feature = "encryption")]
        return cache.encryption().is_for(self.sensitive);
        #[cfg(not(feature = "encryption"))]
        {
            let _ = cache;
            false
        }
    }

    /// Takes note of a type that the codec cannot hold, or of what else is why nothing is stored. Whether this is the first
    /// time: a generic function, and direct use of a cache, have several.
    pub(crate) fn finds_unsuited(&self, what: &'static str) -> bool {
        let mut unsuited = crate::sync::lock(&self.unsuited);
        let is_new = !unsuited.contains(&what);
        if is_new {
            unsuited.push(what);
        }
        is_new
    }

    /// Whether it is time to tell that its source fails: once a minute.
    pub(crate) fn complains(&self) -> bool {
        const PAUSE: usize = 60;
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        let now = BEGAN.get_or_init(Instant::now).elapsed().as_secs();
        let now = usize::try_from(now).unwrap_or(usize::MAX - 1) + 1;
        let last = self.complained.load(Ordering::Relaxed);
        let is_time = last == 0 || now >= last + PAUSE;
        // Of several at once one tells.
        let order = Ordering::Relaxed;
        is_time
            && self
                .complained
                .compare_exchange(last, now, order, order)
                .is_ok()
    }

    #[cfg(feature = "redis")]
    pub(crate) fn compression(&self) -> crate::format::Compression {
        self.compression.compression()
    }

    /// Whether its values are read from a server each time.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) fn keeps_nothing(&self) -> bool {
        self.strict || self.local == 0
    }

    /// Whether an entry has not been kept in this process for too long, and is as good as what this site would keep.
    #[cfg(feature = "redis")]
    #[inline]
    pub(crate) fn may_keep(&self, entry: &crate::entry::Entry, cache: &Cache) -> bool {
        let is_recent = self.local == u64::MAX
            || cache.now().since(entry.about.created)
                < std::time::Duration::from_millis(self.local);
        // For another reader it may have been good enough to stand on the server as it is.
        let is_forged = self.sensitive && !entry.about.encrypted && self.is_encrypted_in(cache);
        // What was set by hand under the key of a record does not end with its other keys.
        let is_ours = self.lookups.is_empty() || entry.about.tag_set == self.tag_set;
        is_recent && !is_forged && is_ours
    }

    /// What tells the values of this site from others: their shape, and the version its author gave them. Of one shape
    /// no two versions have the same.
    #[cfg(feature = "redis")]
    pub(crate) fn kind_of(&self, schema: &crate::schema::Schema) -> u32 {
        let lookups = match self.lookups {
            [] => 0,
            // A record that is not stored under all of them would not end with all of them.
            lookups => fingerprint(lookups) as u32,
        };
        schema.fingerprint as u32 ^ self.version.wrapping_mul(0x9E37_79B1) ^ lookups
    }

    pub const fn tags_vary(mut self, vary: bool) -> Self {
        self.tags_vary = vary;
        self
    }

    pub const fn ttl_millis(mut self, millis: u64) -> Self {
        self.ttl = Lifetime::Millis(millis);
        self
    }

    pub const fn ttl_forever(mut self, _: bool) -> Self {
        self.ttl = Lifetime::Forever;
        self
    }

    pub const fn ttl_dynamic(mut self, _: bool) -> Self {
        self.ttl = Lifetime::Dynamic;
        self
    }

    /// `ttl = adaptive(shortest, longest)`
    pub const fn adaptive(mut self, (shortest, longest): (Duration, Duration)) -> Self {
        self.ttl = Lifetime::Dynamic;
        self.policy.adaptive = Some(Range { shortest, longest });
        self
    }

    pub const fn batch(mut self, _: bool) -> Self {
        self.kind = Kind::Batch;
        self
    }

    pub const fn swr(mut self, time: Duration) -> Self {
        self.policy.swr = time;
        self
    }

    pub const fn stale_if_error(mut self, time: Duration) -> Self {
        self.policy.stale_if_error = time;
        self
    }

    pub const fn throttle(mut self, time: Duration) -> Self {
        self.policy.throttle = time;
        self
    }

    pub const fn revalidate(mut self, time: Duration) -> Self {
        self.policy.revalidate = time;
        self
    }

    pub const fn early(mut self, beta: f64) -> Self {
        self.policy.early = beta;
        self
    }

    pub const fn jitter(mut self, part: f64) -> Self {
        self.policy.jitter = part;
        self
    }

    pub const fn soft_timeout(mut self, limit: Duration) -> Self {
        self.policy.soft_timeout = Some(limit);
        self
    }

    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.policy.timeout = Some(limit);
        self
    }

    pub const fn idle(mut self, time: Duration) -> Self {
        self.policy.idle = Some(time);
        self
    }

    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    pub const fn codec(mut self, codec: ChosenCodec) -> Self {
        self.codec = Some(codec);
        self
    }

    pub const fn compress(mut self, compression: ChosenCompression) -> Self {
        self.compression = compression;
        self
    }

    pub const fn local_millis(mut self, millis: u64) -> Self {
        self.local = millis;
        self
    }

    pub const fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    pub const fn negative(mut self, negative: bool) -> Self {
        self.negative = negative;
        self
    }

    pub const fn sensitive(mut self, sensitive: bool) -> Self {
        self.sensitive = sensitive;
        self
    }
}

impl Site {
    /// `module::function` or `module::Type`.
    pub(crate) fn name(&self) -> String {
        match self.name {
            Name::Given(name) => name.to_owned(),
            Name::PathOf(path) => function_path(path()).to_owned(),
        }
    }

    /// What stands before the arguments in a default key, given the type name of a closure in the function.
    /// It tells the function, the type it is a method of, and all their generic arguments.
    pub(crate) fn default_prefix<R>(
        &self,
        closure: &'static str,
        use_it: impl FnOnce(&str) -> R,
    ) -> R {
        let (known, prefix) = self
            .prefix
            .get_or_init(|| (closure, self.told_apart(key_prefix(closure))));
        // One instance of a generic function is one string; only other instances come to be compared.
        if std::ptr::eq(*known, closure) || *known == closure {
            use_it(prefix)
        } else {
            use_it(&self.told_apart(key_prefix(closure)))
        }
    }

    /// What stands before the arguments in a default key of a function that is not generic.
    pub(crate) fn plain_prefix(&self) -> &str {
        let plain = || self.told_apart(key_prefix(&self.name()));
        self.plain_prefix.get_or_init(plain)
    }

    /// Blocks and anonymous constants have no names, so functions in them can have one path. Those have their line in
    /// the key as well.
    fn told_apart(&self, prefix: String) -> String {
        let has_twin = self.has_twin.get_or_init(|| {
            let mut others = inventory::iter::<RegisteredSite>
                .into_iter()
                .filter(|other| !std::ptr::eq(other.0, self) && other.0.key.is_none());
            others.any(|other| other.0.name() == self.name())
        });
        if *has_twin {
            format!("{prefix}@{}", self.line)
        } else {
            prefix
        }
    }

    /// The template that all keys of this site match.
    pub(crate) fn key_template(&self) -> String {
        if let Some(key) = self.key {
            return key.to_owned();
        }
        let mut template = self.plain_prefix().replace("<_>", "<{_}>");
        if self.generic {
            template.push_str("{_}");
        }
        for argument in self.arguments {
            template.push_str(&format!(":{{{argument}}}"));
        }
        template
    }

    /// The counters of this site in `cache`.
    #[inline]
    pub(crate) fn counters<'c>(&'static self, cache: &'c Cache) -> &'c Counters {
        cache.families().of(self)
    }

    /// Its number among the sites of this program that have been used, in the order in which they were.
    #[inline]
    pub(crate) fn number(&self) -> usize {
        match self.number.get() {
            Some(number) => *number,
            None => self.numbered(),
        }
    }

    #[cold]
    fn numbered(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        *self
            .number
            .get_or_init(|| NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// An invalidating function.
#[doc(hidden)]
pub struct InvalidationSite {
    name: fn() -> &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) patterns: &'static [&'static str],
    pub(crate) tags: &'static [&'static str],
}

impl InvalidationSite {
    /// `#[cache_invalidate]` on the function around `path`.
    pub const fn invalidation(path: fn() -> &'static str, file: &'static str, line: u32) -> Self {
        InvalidationSite {
            name: path,
            file,
            line,
            patterns: &[],
            tags: &[],
        }
    }

    pub const fn patterns(mut self, templates: &'static [&'static str]) -> Self {
        self.patterns = templates;
        self
    }

    pub const fn tags(mut self, templates: &'static [&'static str]) -> Self {
        self.tags = templates;
        self
    }

    pub(crate) fn name(&self) -> String {
        function_path((self.name)()).to_owned()
    }
}

/// Between which bounds the time to live under this key is adaptive, if it is for any function.
pub(crate) fn adaptive_of(key: &str) -> Option<Range> {
    let key: Vec<Item> = key.bytes().map(Item::Byte).collect();
    let mut sites = inventory::iter::<RegisteredSite>.into_iter();
    sites.find_map(|RegisteredSite(site)| {
        let range = site.policy.adaptive?;
        overlap(&items(&site.key_template(), false), &key).then_some(range)
    })
}

/// FNV-1a over the templates; for equality of declarations inside one process.
const fn fingerprint(templates: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut n = 0;
    while n < templates.len() {
        let bytes = templates[n].as_bytes();
        let mut at = 0;
        while at <= bytes.len() {
            // A byte that no text contains closes each template.
            let byte = if at < bytes.len() { bytes[at] } else { 0xff };
            hash = (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
            at += 1;
        }
        n += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_tell_lists_apart() {
        assert_ne!(fingerprint(&["a", "bc"]), fingerprint(&["ab", "c"]));
        assert_ne!(fingerprint(&[]), fingerprint(&[""]));
    }
}
