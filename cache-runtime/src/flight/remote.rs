//! What callers of a computation on a shared server have to know before they join it.

use crate::entry::Remembered;
use crate::generation::Stamp;
use crate::policy::Policy;
use crate::redis::sequence::Moment;
use crate::redis::{Footing, Token};
use crate::site::Site;
use crate::tag::Tag;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

#[derive(Default)]
pub(crate) struct Remote {
    /// When its first command was sent.
    pub(crate) begun: Arc<Moment>,
    /// Whether it only looks, so far, if there is an entry.
    looks: AtomicBool,
    /// For whom, and how: what another function takes for an answer, or another operation, may be none for this one.
    reader: Option<(&'static Site, Policy)>,
    /// The link that there was when it began to look. Its read goes over that one or a later one.
    pub(crate) link: Option<u64>,
    /// Whether the key's generation is captured as well.
    pub(crate) knows_key_generation: bool,
    /// The tags that its function declares for this call.
    pub(crate) tags: Box<[Tag]>,
    /// What it holds, once it computes; `None`, if it holds nothing.
    pub(super) held: OnceLock<Option<Held>>,
    /// What it runs under, the generation of its key included: for a computation that it is part of.
    pub(super) basis: OnceLock<Remembered>,
    /// For callers who cannot ask the server. `None`: what it depends on is not known before it ends.
    pub(crate) footing: Option<Footing>,
    /// Whether another computation has taken its place.
    pub(super) replaced: AtomicBool,
}

/// The lease of a computation, and the generations that it runs under.
pub(crate) struct Held {
    pub(crate) token: Token,
    pub(crate) stamps: Box<[Stamp]>,
}

impl Remote {
    pub(crate) fn new(knows_key_generation: bool, tags: &[Tag]) -> Self {
        Remote {
            knows_key_generation,
            tags: tags.into(),
            ..Remote::default()
        }
    }

    /// One that begins with a look for the entry, as this site reads it under this policy.
    pub(crate) fn looking(
        mut self,
        reader: &'static Site,
        policy: Policy,
        link: Option<u64>,
    ) -> Self {
        self.link = link;
        self.looks = AtomicBool::new(true);
        self.reader = Some((reader, policy));
        self
    }

    /// Whether it only looks, so far.
    pub(crate) fn looks(&self) -> bool {
        self.looks.load(Ordering::Acquire)
    }

    /// Whether it is no look for another site, or under another policy.
    pub(crate) fn may_answer(&self, site: &'static Site, policy: &Policy) -> bool {
        let is_for = |(reader, its): &(&Site, Policy)| std::ptr::eq(*reader, site) && its == policy;
        !self.looks() || self.reader.as_ref().is_some_and(is_for)
    }

    /// It has found nothing, and goes on.
    pub(super) fn has_looked(&self) {
        self.looks.store(false, Ordering::Release);
    }

    /// What it holds; the outer `None`: it does not compute yet.
    pub(crate) fn held(&self) -> Option<Option<&Held>> {
        self.held.get().map(Option::as_ref)
    }
}
