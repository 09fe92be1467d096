//! What a layer was told.

use super::query::{Query, plain};
use super::storing::Defaults;
use super::variants::Variants;
use crate::cache::Cache;
use crate::http::edge::Edge;
use crate::key::Key;
use crate::policy::Policy;
use crate::read_through::Call;
use crate::site::Site;
use crate::tag::Tag;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Who has sent a request, as [`CacheLayer::users`](crate::http::CacheLayer::users) tells.
///
/// ```
/// use cache_runtime::http::User;
///
/// let user = User::known(42);
/// assert_eq!(user, User::Known("42".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// Nobody in particular: the answer is for everybody who asks the same.
    Anonymous,
    /// This one: the answer is for nobody else.
    Known(String),
    /// It cannot be told: nothing is looked up, and nothing stored.
    Unknown,
}

impl User {
    /// The user with this identifier.
    pub fn known(id: impl fmt::Display) -> Self {
        User::Known(id.to_string())
    }
}

/// Tells the user of a request.
pub(super) type Users = Arc<dyn Fn(&Parts) -> User + Send + Sync>;

/// Tells the path of a request.
pub(super) type Paths = Arc<dyn Fn(&Parts) -> String + Send + Sync>;

/// Tells the tags of the answer to a request.
pub(super) type Tags = Arc<dyn Fn(&Parts) -> Vec<Tag> + Send + Sync>;

/// However long a response wants to be served past its time, it is kept for no longer than this.
pub(super) const LONGEST_GRACE: Duration = Duration::from_secs(24 * 60 * 60);

/// For so long nobody waits for what cannot be shared. Other caches call it hit-for-miss.
const REMEMBERED: Duration = Duration::from_secs(10);

/// What tells a service whom a request was sent to, besides its host. Its answer is for those who say the same.
pub(super) const FORWARDED: [&str; 3] = ["x-forwarded-host", "x-forwarded-proto", "forwarded"];

#[derive(Clone)]
pub(super) struct Options {
    pub(super) cache: Cache,
    pub(super) site: &'static Site,
    /// What keys begin with.
    pub(super) name: Box<str>,
    pub(super) defaults: Defaults,
    /// What is done with time; `revalidate` is for what the service can confirm.
    pub(super) policy: Policy,
    /// Bytes of a body that is stored.
    pub(super) max_body: usize,
    /// How long a body may take.
    pub(super) patience: Duration,
    /// Tells the path of a request.
    pub(super) path: Option<Paths>,
    pub(super) users: Option<Users>,
    pub(super) ignores_cookies: bool,
    pub(super) tags: Option<Tags>,
    pub(super) by_headers: Vec<HeaderName>,
    pub(super) by_host: bool,
    pub(super) query: Query,
    pub(super) obeys_requests: bool,
    pub(super) makes_etags: bool,
    pub(super) tells_status: bool,
    pub(super) edge: Option<Arc<Edge>>,
    /// By what fields of requests responses differ for a cache before this one, whatever they say themselves.
    pub(super) differs_by: Vec<HeaderName>,
    has_told: Arc<AtomicBool>,
    pub(super) variants: Arc<Variants>,
}

impl Options {
    pub(super) fn new(cache: &Cache, name: &str) -> Self {
        Options {
            cache: cache.clone(),
            site: Site::of_routes(name, false),
            name: name.into(),
            defaults: Defaults::default(),
            // Responses say themselves for how long past their time they are served.
            policy: Policy {
                swr: LONGEST_GRACE,
                stale_if_error: LONGEST_GRACE,
                ..Policy::NONE
            },
            max_body: 1 << 20,
            patience: Duration::from_millis(250),
            path: None,
            users: None,
            ignores_cookies: false,
            tags: None,
            by_headers: Vec::new(),
            by_host: true,
            query: Query::default(),
            obeys_requests: true,
            makes_etags: true,
            tells_status: true,
            edge: None,
            differs_by: Vec::new(),
            has_told: Arc::default(),
            variants: Arc::default(),
        }
    }

    /// What the path of a request is.
    pub(super) fn path_of<'p>(&self, parts: &'p Parts) -> Cow<'p, str> {
        match &self.path {
            Some(path) => Cow::Owned(plain(&path(parts)).into_owned()),
            None => plain(parts.uri.path()),
        }
    }

    /// The log is told once what is odd about a CDN.
    pub(super) fn tell_once(&self, tell: impl FnOnce(&Site)) {
        if !self.has_told.swap(true, Ordering::Relaxed) {
            tell(self.site);
        }
    }

    /// By what fields the answer to this request differs for a cache before this one, whatever it says itself.
    pub(super) fn differs_by(&self, request: &HeaderMap) -> Cow<'_, [HeaderName]> {
        let Some(edge) = self.edge.as_ref().filter(|_| self.by_host) else {
            return Cow::Borrowed(&self.differs_by);
        };
        let is_there =
            |name: &HeaderName| request.contains_key(name) && edge.differs_if_there(name);
        let more = FORWARDED
            .map(HeaderName::from_static)
            .into_iter()
            .filter(is_there);
        let more: Vec<HeaderName> = more.collect();
        if more.is_empty() {
            return Cow::Borrowed(&self.differs_by);
        }
        Cow::Owned([&self.differs_by[..], &more].concat())
    }

    /// Looking for what stands under a key.
    pub(super) fn call<'c>(&'c self, key: &'c Key) -> Call<'c> {
        Call::new(self.site, &self.cache, key).policy(&self.policy)
    }

    /// Whether the last answer under this key was its caller's alone.
    pub(super) fn goes_alone(&self, key: &Key) -> bool {
        let rests = self.cache.rests();
        rests.goes_alone(key.as_str(), self.cache.now())
    }

    /// The answer under this key is its caller's alone.
    pub(super) fn is_answered_alone(&self, key: &Key) {
        let until = self.cache.now().plus(REMEMBERED);
        self.cache.rests().is_answered_alone(key.as_str(), until);
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("name", &self.name)
            .field("defaults", &self.defaults)
            .field("max_body", &self.max_body)
            .field("knows_users", &self.users.is_some())
            .finish_non_exhaustive()
    }
}
