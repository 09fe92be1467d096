//! What happens to the calls of one task, for the assertions of the testing kit (feature `testing`).

use crate::invalidate::Target;
use crate::site::Site;
use crate::sync::lock;
use crate::trace::Named;
use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex};

tokio::task_local! {
    static SEEN: Arc<Mutex<Vec<Event>>>;
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Hit(Asked),
    Missed(Asked, &'static str),
    /// The body of a function runs, as the computation of an entry.
    Ran(Asked),
    /// The body runs, and nobody has looked for an entry.
    Passed(Asked),
    /// A value is not stored, and why.
    NotStored(String, String),
    /// A pattern or a tag was invalidated.
    Ended(String),
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) function: String,
    /// As it may be shown.
    pub(crate) key: String,
}

/// Runs `future`, and tells what happened in it, in this task.
pub(crate) async fn watch<F: Future>(future: F) -> (F::Output, Vec<Event>) {
    let seen = Arc::default();
    let output = SEEN.scope(Arc::clone(&seen), future).await;
    let events = std::mem::take(&mut *lock(&seen));
    (output, events)
}

fn note(event: impl FnOnce() -> Event) {
    // Almost always nobody watches.
    let _nobody = SEEN.try_with(|seen| lock(seen).push(event()));
}

fn asked(site: &Site, key: &impl Display) -> Asked {
    Asked {
        function: Named(site).to_string(),
        key: key.to_string(),
    }
}

pub(crate) fn hit(site: &Site, key: &impl Display) {
    note(|| Event::Hit(asked(site, key)));
}

pub(crate) fn missed(site: &Site, key: &impl Display, why: &'static str) {
    note(|| Event::Missed(asked(site, key), why));
}

pub(crate) fn ran(site: &Site, key: &impl Display) {
    note(|| Event::Ran(asked(site, key)));
}

pub(crate) fn passed(site: &Site, key: &impl Display) {
    note(|| Event::Passed(asked(site, key)));
}

pub(crate) fn not_stored(site: &Site, why: &impl Display) {
    note(|| Event::NotStored(Named(site).to_string(), why.to_string()));
}

pub(crate) fn ended_key(key: &str) {
    note(|| Event::Ended(format!("`{key}`")));
}

pub(crate) fn ended(target: &Target) {
    note(|| {
        Event::Ended(match target {
            Target::Key(key) => format!("`{}`", key.as_str()),
            Target::Pattern(pattern) => format!("`{}`", pattern.as_str()),
            Target::Tag(tag) => format!("tag `{}`", tag.as_str()),
        })
    });
}
