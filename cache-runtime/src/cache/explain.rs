//! Why a key is answered as it is.

use super::Cache;
use super::history::{Past, in_full};
use crate::entry::Entry;
use crate::generation::{Generation, Guard};
use crate::key::{Key, scopes};
#[cfg(feature = "redis")]
use crate::read_through::remote;
#[cfg(feature = "redis")]
use crate::redis::Redis;
use crate::site::adaptive_of;
use crate::stats::Bytes;
use crate::ttl::Ttl;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What the cache knows about one key. Displays as a few lines; serializes.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// The key.
    pub key: String,
    /// Whether it would be a hit.
    pub state: State,
    /// Whether a computation for it is under way.
    pub computing: bool,
    /// The details of the entry, if there is one.
    pub entry: Option<EntryDetails>,
    /// What this process has done last to invalidate it, the youngest first.
    pub invalidations: Vec<PastInvalidation>,
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Tier {
    /// This process.
    Local,
    /// The shared server.
    Server,
}

/// What the cache knows about an entry.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EntryDetails {
    /// What would answer the next call.
    pub tier: Tier,
    /// For how long this process has kept it.
    pub kept_for: Option<Duration>,
    /// Since it was stored; if that is on a server which did not answer, since it is kept here.
    pub age: Duration,
    /// How long it stays fresh; `None` for ever.
    pub time_left: Option<Duration>,
    /// Its time to live; `None` for ever. An adaptive one changes from entry to entry.
    pub time_to_live: Option<Duration>,
    /// Between which bounds the time to live is adaptive, of a function with such keys.
    pub adaptive: Option<(Duration, Duration)>,
    /// When the server removes it. Past its time to live it is kept for functions that may answer with it still; nobody else
    /// is given it.
    pub removed_in: Option<Duration>,
    /// Its estimated size in memory; on a server, the size of its bytes.
    pub bytes: u64,
    /// How long its computation took, to an eighth of it; `None` for what was not computed.
    pub computed_in: Option<Duration>,
    /// What would invalidate it: `key …`, `scope …`, `tag …`.
    pub guards: Vec<String>,
    /// Of these, what has invalidated it.
    pub invalidated_by: Vec<String>,
    /// The generations that it was computed under, where that is known.
    pub stamps: Vec<StampDetails>,
}

/// One of the generations that an entry hangs on.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StampDetails {
    /// Whose: `scope …`, `tag …`, `key …`.
    pub guard: String,
    /// Its number on the server, if there is one at present. In an embedded cache generations have no numbers.
    pub generation: Option<u64>,
    /// Whether it is the one that the entry was computed under.
    pub stands: bool,
}

/// An invalidation by this process.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PastInvalidation {
    /// What was invalidated: `tag …`, `scope …`, `key …`, `pattern …`.
    pub what: String,
    /// By which annotated function or domain cache; `(direct)` for use of the handle.
    pub by: String,
    /// Where that is in the source: `src/users.rs:42`.
    pub place: Option<String>,
    /// How long ago.
    pub ago: Duration,
}

/// Whether a key would be a hit, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// A hit.
    Fresh,
    /// A hit that says there is nothing.
    Negative,
    /// Stored, and past its time to live.
    Expired,
    /// Stored, and invalidated since.
    Invalidated,
    /// Not stored.
    Absent,
    /// Stored on the server, and encrypted with a key that this process does not have: a miss here.
    Undecryptable,
    /// The shared server did not answer, and this process keeps nothing that it could answer with.
    Unknown,
}

impl PastInvalidation {
    fn of(what: String, past: Past) -> Self {
        PastInvalidation {
            what,
            by: past.by.to_string(),
            place: past.by.place().map(|(file, line)| format!("{file}:{line}")),
            ago: past.at.elapsed(),
        }
    }
}

impl Cache {
    /// What this process has invalidated last, the youngest first; 100 at most. What may be a key or a tag of a function that
    /// is `sensitive` is told as a digest.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let cache = cache_runtime::Cache::in_memory();
    /// cache.invalidate_tag("people").await;
    /// cache.invalidate("user:*").await;
    /// let recent = cache.recent_invalidations();
    /// assert_eq!(recent[0].what, "scope user:*");
    /// assert_eq!(recent[1].what, "tag people");
    /// # }
    /// ```
    pub fn recent_invalidations(&self) -> Vec<PastInvalidation> {
        let recent = self.history().recent().into_iter();
        recent
            .map(|(what, past)| PastInvalidation::of(what, past))
            .collect()
    }

    /// Tells what is known about a key: whether it would be a hit, how old it is, what would invalidate it, what
    /// has. Changes nothing and counts nothing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use cache_runtime::{Cache, State};
    /// let cache = Cache::in_memory();
    /// cache.set("user:1", "Ada".to_owned()).tag("people").await;
    /// cache.invalidate_tag("people").await;
    /// let why = cache.explain("user:1").await;
    /// assert_eq!(why.state, State::Invalidated);
    /// assert_eq!(why.entry.unwrap().invalidated_by, ["tag people"]);
    /// # }
    /// ```
    pub async fn explain(&self, key: impl Into<Key>) -> Explanation {
        let key = key.into();
        let mut explanation = Explanation {
            key: key.as_str().to_owned(),
            state: State::Absent,
            computing: self.flights().contains(key.as_str()),
            entry: None,
            invalidations: Vec::new(),
        };
        #[cfg(feature = "redis")]
        match self.redis() {
            Some(redis) => self.explain_on(redis, &mut explanation).await,
            None => self.explain_here(&mut explanation),
        }
        #[cfg(not(feature = "redis"))]
        self.explain_here(&mut explanation);
        if let Some(entry) = &mut explanation.entry {
            let adaptive = adaptive_of(key.as_str());
            entry.adaptive = adaptive.map(|range| (range.shortest, range.longest));
        }
        explanation.invalidations = self.past(&explanation);
        if let (State::Fresh | State::Negative, Some(entry)) =
            (explanation.state, &explanation.entry)
        {
            // It was stored after that, whatever a clock says that is some milliseconds behind.
            for past in &mut explanation.invalidations {
                past.ago = past.ago.max(entry.age);
            }
        }
        explanation
    }

    fn explain_here(&self, explanation: &mut Explanation) {
        let found = self.local().peek(&explanation.key);
        if let Some(entry) = found.filter(|entry| !entry.is_hint()) {
            explanation.state = self.state(&entry);
            explanation.entry = Some(self.details(&entry));
        }
    }

    #[cfg(feature = "redis")]
    async fn explain_on(&self, redis: &Redis, explanation: &mut Explanation) {
        let key = explanation.key.clone();
        let inspected = remote::inspect(self, redis, &key).await;
        // Afterwards: it would answer now.
        let kept = self.local().peek(&key).filter(|kept| {
            let is_fresh = redis.mirror().is_some_and(|mirror| mirror.is_fresh());
            is_fresh && kept.is_current() && kept.is_fresh(self.now())
        });
        let (state, mut details) = match (inspected, &kept) {
            (Ok((entry, computing)), _) => {
                explanation.computing = computing;
                let Some(entry) = entry else { return };
                (entry.state, on_server(&key, entry))
            }
            (Err(_), Some(kept)) => (self.state(kept), self.details(kept)),
            (Err(_), None) => {
                explanation.state = State::Unknown;
                return;
            }
        };
        if let Some(kept) = kept {
            details.tier = Tier::Local;
            details.kept_for = Some(self.now().since(kept.about.created));
        }
        explanation.state = state;
        explanation.entry = Some(details);
    }

    /// What has invalidated the key, or anything that its entry depends on.
    fn past(&self, explanation: &Explanation) -> Vec<PastInvalidation> {
        let key = &explanation.key;
        let guards = match &explanation.entry {
            Some(entry) => entry.guards.clone(),
            None => {
                let scopes = scopes(key).map(|scope| in_full(Guard::Scope, scope));
                std::iter::once(in_full(Guard::Key, key))
                    .chain(scopes)
                    .collect()
            }
        };
        let past = self.history().of(key, &guards).into_iter();
        past.map(|(what, past)| PastInvalidation::of(what, past))
            .collect()
    }

    fn state(&self, entry: &Entry) -> State {
        if !entry.is_current() {
            State::Invalidated
        } else if !entry.is_fresh(self.now()) {
            State::Expired
        } else if entry.is_absent() {
            State::Negative
        } else {
            State::Fresh
        }
    }

    fn details(&self, entry: &Entry) -> EntryDetails {
        let now = self.now();
        let ended = entry.stamps().iter().filter(|stamp| !stamp.is_current());
        let stamps = entry.stamps().iter().map(|stamp| StampDetails {
            guard: name(stamp),
            generation: None,
            stands: stamp.is_current(),
        });
        EntryDetails {
            tier: Tier::Local,
            kept_for: None,
            stamps: stamps.collect(),
            age: now.since(entry.about.created),
            time_left: match entry.time_left(now) {
                Ttl::For(left) => Some(left),
                Ttl::Forever | Ttl::CacheDefault => None,
            },
            time_to_live: entry.time_to_live(),
            adaptive: None,
            removed_in: None,
            bytes: entry.about.weight,
            computed_in: Some(entry.about.cost.time()).filter(|cost| !cost.is_zero()),
            guards: entry.stamps().iter().map(name).collect(),
            invalidated_by: ended.map(name).collect(),
        }
    }
}

fn name(stamp: &Arc<Generation>) -> String {
    in_full(stamp.guard(), stamp.name())
}

#[cfg(feature = "redis")]
fn on_server(key: &str, entry: remote::Inspected) -> EntryDetails {
    let stamps = entry.stamps.iter().map(|stamp| StampDetails {
        guard: in_full(stamp.guard, &stamp.name),
        generation: stamp.now,
        stands: stamp.stands,
    });
    let stamps: Vec<StampDetails> = stamps.collect();
    let guards = stamps.iter().map(|stamp| stamp.guard.clone());
    // It ends together with its entry, so the entry need not list it.
    let own = in_full(Guard::Key, key);
    let ended = stamps.iter().filter(|stamp| !stamp.stands);
    EntryDetails {
        tier: Tier::Server,
        kept_for: None,
        age: entry.age,
        time_left: entry.time_left,
        time_to_live: entry.time_to_live,
        adaptive: None,
        removed_in: entry.removed_in,
        bytes: entry.bytes,
        computed_in: Some(entry.cost),
        guards: std::iter::once(own).chain(guards).collect(),
        invalidated_by: ended.map(|stamp| stamp.guard.clone()).collect(),
        stamps,
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Fresh => "fresh",
            State::Negative => "fresh, and says there is nothing",
            State::Expired => "expired",
            State::Invalidated => "invalidated",
            State::Absent => "not stored",
            State::Undecryptable => "encrypted with a key that is not there",
            State::Unknown => "not known: the server did not answer",
        })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {}", self.key, self.state)?;
        if self.computing {
            f.write_str("; a computation is under way")?;
        }
        if let Some(entry) = &self.entry {
            entry.fmt(f)?;
        }
        for past in &self.invalidations {
            let ago = in_words(past.ago);
            write!(
                f,
                "\n  {} was invalidated {ago} ago by {}",
                past.what, past.by
            )?;
            if let Some(place) = &past.place {
                write!(f, " ({place})")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for EntryDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = match (self.time_left, self.time_to_live) {
            (Some(left), Some(of)) => format!("{} left of {}", in_words(left), in_words(of)),
            (Some(left), None) => format!("{} left", in_words(left)),
            (None, _) => "for ever".to_owned(),
        };
        let (age, bytes) = (in_words(self.age), Bytes(self.bytes));
        write!(f, "\n  stored {age} ago, {left}, about {bytes}")?;
        if let Some(cost) = self.computed_in {
            write!(f, ", computed in {cost:.1?}")?;
        }
        if let Some((shortest, longest)) = self.adaptive {
            let (shortest, longest) = (in_words(shortest), in_words(longest));
            write!(
                f,
                "\n  lives for {shortest} to {longest}: twice as long as before if its value has not changed, else half as long"
            )?;
        }
        if let Some(removed_in) = self.removed_in
            && self.time_left.is_some_and(|left| left < removed_in)
        {
            let removed_in = in_words(removed_in);
            write!(f, "\n  kept past that, removed in {removed_in}")?;
        }
        match (self.tier, self.kept_for) {
            (Tier::Server, _) => f.write_str("\n  answered by the server")?,
            (Tier::Local, Some(kept_for)) => {
                let kept_for = in_words(kept_for);
                write!(
                    f,
                    "\n  answered by this process, which has kept it for {kept_for}"
                )?;
            }
            (Tier::Local, None) => {}
        }
        write!(f, "\n  invalidated by any of: {}", self.guards.join(", "))?;
        if !self.invalidated_by.is_empty() {
            write!(
                f,
                "\n  was invalidated by: {}",
                self.invalidated_by.join(", ")
            )?;
        }
        Ok(())
    }
}

/// A time for people: whole seconds, from ten seconds on.
fn in_words(time: Duration) -> String {
    let rounded = match time.as_secs() {
        10.. => Duration::from_secs(time.as_secs()),
        _ => Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
    };
    humantime::format_duration(rounded).to_string()
}
