//! What a CDN is told of responses, where the layer has one before it.

use super::options::Options;
use super::request::Asked;
use super::stored::Stored;
use super::storing::Audience;
use crate::flight::current_computation;
use crate::generation::Guard;
use crate::http::edge::Times;
use crate::key::Key;
use crate::purges::keys::{key_of, legible, root};
use crate::read_through::guards_of;
use crate::tag::Tag;
use crate::trace;
use http::{HeaderMap, HeaderName};
use std::collections::BTreeSet;

/// The surrogate keys of the response that is made here and now: of all that it depends on.
pub(super) fn surrogates<'k>(
    options: &Options,
    asked: &Asked,
    keys: impl IntoIterator<Item = &'k Key>,
    tags: impl IntoIterator<Item = &'k Tag>,
) -> Option<Box<str>> {
    if asked.audience == Audience::OneUser {
        return None;
    }
    let (flight, _) = current_computation()?;
    let declared: BTreeSet<&str> = tags.into_iter().map(Tag::as_str).collect();
    let (cache, edge) = (&options.cache, options.edge.as_ref()?);
    let purgers = cache.purges().all();
    let is_excepted = |name: &str| purgers.iter().any(|purger| purger.is_excepted(name));
    let mut all = BTreeSet::new();
    let mut is_purged = true;
    let mut add = |guard: Guard, name: &str| {
        is_purged &= guard == Guard::Tag || !is_excepted(name);
        all.insert(key_of(guard, name));
    };
    // What ends in another cache, nobody tells this one of.
    let is_ours = flight.each_guard(cache.generations(), &mut add);
    let keys = keys.into_iter().flat_map(|key| guards_of(key.as_str()));
    keys.for_each(|(guard, name)| add(guard, name));
    declared.iter().for_each(|tag| add(Guard::Tag, tag));
    if !options.site.sensitive {
        let legible = declared.iter().filter_map(|tag| legible(tag));
        all.extend(legible.map(str::to_owned));
    }
    if !is_purged || !is_ours {
        return None;
    }
    let all: Vec<String> = all.into_iter().collect();
    let all = all.join(" ");
    // Empty: there are too many.
    Some(if all.len() <= edge.most_keys() {
        all.into()
    } else {
        Box::default()
    })
}

/// Tells the CDN of an answer that is stored here, or was to be.
pub(super) fn tell_of_stored(
    options: &Options,
    request: &HeaderMap,
    stored: &Stored,
    headers: &mut HeaderMap,
) {
    let Some(edge) = &options.edge else { return };
    let differs_by = options.differs_by(request);
    // One user's has no keys.
    let keys = stored.surrogates.as_deref().filter(|_| stored.is_stored());
    let told = keys.map(|keys| {
        let times = Times {
            age: stored.lifetime.age(),
            fresh_for: stored.lifetime.fresh_for,
            grace: stored.lifetime.grace(),
            says_nothing: stored.lifetime.by_default,
        };
        edge.allow(headers, times, keys, &differs_by)
    });
    match told {
        Some(Ok(())) if options.cache.purges().is_empty() => {
            options.tell_once(trace::edge_without_purger);
        }
        Some(Ok(())) => {}
        Some(Err(why)) => {
            options.tell_once(|site| trace::not_for_the_edge(site, why));
            edge.refuse(headers, &differs_by);
        }
        None => edge.refuse(headers, &differs_by),
    }
}

/// Tells it of an answer that is not stored: nobody could purge it. Of one that is nobody's own, what its handler says to the CDN
/// holds.
pub(super) fn tell_of_passed(
    options: &Options,
    is_ones_own: bool,
    differs_by: &[HeaderName],
    headers: &mut HeaderMap,
) {
    match &options.edge {
        // It depends on nobody knows what.
        Some(edge) if !is_ones_own && edge.is_told_by(headers) => edge.add_keys(headers, root()),
        Some(edge) => edge.refuse(headers, differs_by),
        None => {}
    }
}
