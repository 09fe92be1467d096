//! Which guards a call names.

use crate::generation::{Guard, Named};
use crate::key::scopes;
use crate::read_through::plan::Plan;
use crate::redis::Any;
use crate::site::Site;

/// Those that a call knows of: the scopes of its key, in their order, and its tags.
pub(super) fn declares<'c>(key: &'c str, plan: &'c Plan) -> impl Iterator<Item = (Guard, &'c str)> {
    let scopes = scopes(key).map(|scope| (Guard::Scope, scope));
    let tags = plan.tags.iter().map(|tag| (Guard::Tag, tag.as_str()));
    scopes.chain(tags)
}

/// The same, to be kept.
pub(crate) fn declared(key: &str, plan: &Plan) -> Vec<Named> {
    declares(key, plan)
        .map(|(guard, name)| (guard, name.into()))
        .collect()
}

/// An entry lists at most so many guards. One that would have to list more is not stored.
pub(super) const MOST_GUARDS: usize = 256;

/// Each once, in the order in which they came. Lists are short.
pub(crate) fn dedup(guards: &mut Vec<Named>) {
    let mut kept: Vec<Named> = Vec::with_capacity(guards.len());
    for guard in guards.drain(..) {
        if !kept.contains(&guard) {
            kept.push(guard);
        }
    }
    *guards = kept;
}

/// What stands for the guards that will be known only from the value.
pub(super) fn of_value(site: &Site) -> &'static [Any] {
    match (site.value_tags, !site.lookups.is_empty()) {
        (false, false) => &[],
        (true, false) => &[Any::Tag],
        (false, true) => &[Any::Key],
        (true, true) => &[Any::Tag, Any::Key],
    }
}
