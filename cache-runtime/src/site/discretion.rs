//! What may be shown of names that people did not write into the source: keys and tags with values in them, which may be
//! somebody's.
//!
//! Of a name alone it is not known which function it belongs to. So it counts as that of a `sensitive` one if it could be.

use super::{RegisteredSite, Site};
use crate::generation::Guard;
use crate::pattern::overlap::{Item, items, overlap};
use crate::trace::Digest;
use std::sync::OnceLock;

/// The templates of sensitive sites, and what else has to be known to tell their names from others.
#[derive(Default)]
pub(crate) struct Discretion {
    keys: Vec<Vec<Item>>,
    tags: Vec<Vec<Item>>,
    /// Tags of other sites, if some sensitive site takes tags from its values: whatever is none of these may be one of those.
    other_tags: Option<Vec<Vec<Item>>>,
    /// First segments that stand in the source as they are.
    families: Vec<Vec<Item>>,
}

/// The discretion that this program needs.
pub(crate) fn discretion() -> &'static Discretion {
    static OF_THIS_PROGRAM: OnceLock<Discretion> = OnceLock::new();
    OF_THIS_PROGRAM.get_or_init(|| {
        let sites = inventory::iter::<RegisteredSite>.into_iter();
        Discretion::towards(sites.map(|registered| registered.0))
    })
}

impl Discretion {
    fn towards(sites: impl Iterator<Item = &'static Site>) -> Self {
        let (sensitive, others): (Vec<_>, Vec<_>) = sites.partition(|site| site.sensitive);
        let keys: Vec<_> = keys_of(&sensitive).collect();
        let firsts = keys.iter().cloned().chain(keys_of(&others));
        let firsts = firsts.map(|key| first_segment(&key).to_vec());
        let has_open_tags = sensitive.iter().any(|site| site.open_tags);
        Discretion {
            families: firsts
                .filter(|first| !first.contains(&Item::Value))
                .collect(),
            keys,
            tags: tags_of(&sensitive),
            other_tags: has_open_tags.then(|| tags_of(&others)),
        }
    }

    /// The name of a key, tag or scope as it may be shown: a digest if it may be somebody's.
    pub(crate) fn shown(&self, guard: Guard, name: &str) -> String {
        let is_open = match guard {
            Guard::Key => !meets(&self.keys, &literal(name)),
            Guard::Tag => self.is_open_tag(&literal(name)),
            // As a pattern; what it ends in is put behind it by whoever shows it.
            Guard::Scope => self.is_open_glob(name, &[literal(name), vec![Item::Any]].concat()),
        };
        shown(name, is_open)
    }

    /// The same for a pattern that is no scope.
    pub(crate) fn shown_glob(&self, glob: &str) -> String {
        shown(glob, self.is_open_glob(glob, &items_of_glob(glob)))
    }

    /// The first segment of keys. (The rest of them is not looked at.)
    pub(crate) fn shown_family(&self, family: &str) -> String {
        let name = literal(family);
        let has_value = |key: &&Vec<Item>| first_segment(key).contains(&Item::Value);
        let mut suspects = self.keys.iter().filter(has_value);
        let is_open = self.families.contains(&name)
            || !suspects.any(|key| overlap(first_segment(key), &name));
        shown(family, is_open)
    }

    fn is_open_tag(&self, name: &[Item]) -> bool {
        let is_known = |others: &Vec<Vec<Item>>| meets(others, name);
        !meets(&self.tags, name) && self.other_tags.as_ref().is_none_or(is_known)
    }

    /// Also one that says no more of a key than its template does, as `patient:*` of `patient:{id}`.
    fn is_open_glob(&self, glob: &str, pattern: &[Item]) -> bool {
        let said = glob.trim_end_matches('*').as_bytes();
        let says_nothing = |key: &[Item]| {
            let head = key.iter().take_while(|item| **item != Item::Value);
            let said = said.iter().map(|&byte| Item::Byte(byte));
            said.len() <= head.clone().count() && head.zip(said).all(|(item, byte)| *item == byte)
        };
        let mut met = self.keys.iter().filter(|key| overlap(key, pattern));
        met.all(|key| says_nothing(key))
    }
}

fn keys_of(sites: &[&'static Site]) -> impl Iterator<Item = Vec<Item>> {
    sites.iter().flat_map(|site| {
        let own = items(&site.key_template(), false);
        std::iter::once(own).chain(site.lookups.iter().map(|key| items(key, false)))
    })
}

fn tags_of(sites: &[&'static Site]) -> Vec<Vec<Item>> {
    let tags = sites.iter().flat_map(|site| site.tags);
    tags.map(|tag| items(tag, false)).collect()
}

fn literal(name: &str) -> Vec<Item> {
    name.bytes().map(Item::Byte).collect()
}

/// A glob has no placeholders, so its braces stand for themselves.
fn items_of_glob(glob: &str) -> Vec<Item> {
    items(&glob.replace('{', "{{").replace('}', "}}"), true)
}

fn first_segment(key: &[Item]) -> &[Item] {
    let end = key.iter().position(|item| *item == Item::Byte(b':'));
    &key[..end.unwrap_or(key.len())]
}

fn meets(templates: &[Vec<Item>], name: &[Item]) -> bool {
    templates.iter().any(|template| overlap(template, name))
}

fn shown(name: &str, is_open: bool) -> String {
    match is_open {
        true => name.to_owned(),
        false => Digest(name).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere() -> &'static str {
        "discretion"
    }

    static PATIENT: Site = Site::function(nowhere, "", 0)
        .key("patient:{id}")
        .lookups(&["patient:~email:{email}"])
        .tags(&["patient:{id}"])
        .sensitive(true);
    static VISIT: Site = Site::function(nowhere, "", 0)
        .key("visit:{id}")
        .tags(&["visits"]);
    static BARE: Site = Site::function(nowhere, "", 0)
        .key("{email}:mail")
        .sensitive(true);
    static OPEN: Site = Site::function(nowhere, "", 0)
        .key("opened:{id}")
        .open_tags(true)
        .sensitive(true);

    fn is_hidden(shown: &str) -> bool {
        shown.starts_with('~') && shown.len() == 33
    }

    #[test]
    fn keys_and_tags_of_sensitive_sites_are_digests_and_others_are_not() {
        let discretion = Discretion::towards([&PATIENT, &VISIT].into_iter());
        for key in ["patient:7", "patient:~email:a@b.c"] {
            assert!(is_hidden(&discretion.shown(Guard::Key, key)), "{key}");
        }
        assert_eq!(discretion.shown(Guard::Key, "visit:7"), "visit:7");
        assert_eq!(discretion.shown(Guard::Key, "patients"), "patients");
        assert!(is_hidden(&discretion.shown(Guard::Tag, "patient:7")));
        assert_eq!(discretion.shown(Guard::Tag, "visits"), "visits");
        assert_eq!(discretion.shown(Guard::Tag, "other"), "other");
    }

    #[test]
    fn a_pattern_is_shown_if_it_says_no_more_than_the_template() {
        let discretion = Discretion::towards([&PATIENT].into_iter());
        assert_eq!(discretion.shown(Guard::Scope, "patient:"), "patient:");
        assert_eq!(discretion.shown(Guard::Scope, ""), "");
        assert_eq!(discretion.shown_glob("pat*"), "pat*");
        for glob in ["patient:7*", "*:7", "patient:?", "patient:[{]x"] {
            assert!(is_hidden(&discretion.shown_glob(glob)), "{glob}");
        }
        assert_eq!(discretion.shown_glob("vis?t:7"), "vis?t:7");
    }

    #[test]
    fn a_family_is_a_digest_where_a_sensitive_value_comes_first() {
        let discretion = Discretion::towards([&BARE, &VISIT].into_iter());
        assert!(is_hidden(&discretion.shown_family("a@b.c")));
        assert_eq!(discretion.shown_family("visit"), "visit");
        let discretion = Discretion::towards([&PATIENT].into_iter());
        assert_eq!(discretion.shown_family("patient"), "patient");
    }

    #[test]
    fn where_sensitive_tags_come_from_code_only_those_of_others_are_shown() {
        let discretion = Discretion::towards([&OPEN, &VISIT].into_iter());
        assert!(is_hidden(&discretion.shown(Guard::Tag, "whatever")));
        assert_eq!(discretion.shown(Guard::Tag, "visits"), "visits");
    }
}
