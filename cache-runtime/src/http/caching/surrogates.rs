//! What a CDN is told of responses, where the layer has one before it.

use super::options::Options;
use super::request::Asked;
use super::status::Status;
use super::stored::{Lifetime, Stored};
use super::storing::Audience;
use crate::flight::current_computation;
use crate::generation::Guard;
use crate::key::Key;
use crate::purges::keys::{key_of, legible};
use crate::read_through::guards_of;
use crate::tag::Tag;
use http::HeaderMap;
use std::collections::BTreeSet;

/// The surrogate keys of the response that is made here and now: of all that it depends on.
pub(super) fn surrogates<'k>(
    options: &Options,
    asked: &Asked,
    keys: impl IntoIterator<Item = &'k Key>,
    tags: impl IntoIterator<Item = &'k Tag>,
) -> Option<Box<str>> {
    options.edge.as_ref()?;
    if asked.audience == Audience::OneUser {
        return None;
    }
    let (flight, _) = current_computation()?;
    let declared: BTreeSet<&str> = tags.into_iter().map(Tag::as_str).collect();
    let is_legible = |tag: &str| !options.site.sensitive && declared.contains(tag);
    let mut all = BTreeSet::new();
    let mut add = |guard: Guard, name: &str| {
        let legible = legible(name).filter(|_| guard == Guard::Tag && is_legible(name));
        all.insert(legible.map_or_else(|| key_of(guard, name), str::to_owned));
    };
    flight.each_guard(&mut add);
    let keys = keys.into_iter().flat_map(|key| guards_of(key.as_str()));
    keys.for_each(|(guard, name)| add(guard, name));
    declared.iter().for_each(|tag| add(Guard::Tag, tag));
    let all: Vec<String> = all.into_iter().collect();
    Some(all.join(" ").into())
}

/// Tells the CDN of an answer that is stored here, or was to be.
pub(super) fn tell_of_stored(
    options: &Options,
    stored: &Stored,
    status: Status,
    headers: &mut HeaderMap,
) {
    let Some(edge) = &options.edge else { return };
    let is_stored = match status {
        Status::Hit { .. } => true,
        Status::Collapsed(_) | Status::Forwarded { .. } => stored.is_stored(),
    };
    // One user's has none.
    let keys = stored.surrogates.as_deref().filter(|_| is_stored);
    let is_told = keys.is_some_and(|keys| {
        if keys.len() > edge.most_keys() {
            options.too_many_surrogate_keys(keys.len(), edge.most_keys());
        }
        let Lifetime { fresh_for, .. } = stored.lifetime;
        let grace = stored.lifetime.grace();
        edge.allow(headers, fresh_for, grace, keys, &options.differs_by)
    });
    if !is_told {
        edge.refuse(headers);
    }
}

/// Tells it of an answer that is not stored: nobody could purge it. Of one that is nobody's own, what its handler says to the CDN
/// holds.
pub(super) fn tell_of_passed(options: &Options, is_ones_own: bool, headers: &mut HeaderMap) {
    if let Some(edge) = &options.edge
        && (is_ones_own || !edge.is_told_by(headers))
    {
        edge.refuse(headers);
    }
}
