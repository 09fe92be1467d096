//! What the keys of a namespace are called on the server; see `docs/redis-protocol.md`.

use super::slot::{self, hash_tag};
use crate::generation::Guard;

/// The names in one namespace.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The namespace and its separator, or nothing.
    prefix: Box<str>,
}

/// A guard that ends with every tag, or with every scope and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Any {
    Tag,
    Key,
}

impl Any {
    /// What ends with it.
    pub(crate) fn of(guard: Guard) -> Self {
        match guard {
            Guard::Tag => Any::Tag,
            Guard::Scope | Guard::Key => Any::Key,
        }
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning<'n> {
    /// The entry under this key.
    Entry(&'n str),
    /// Its lease.
    Lease(&'n str),
    Generation(Guard, &'n str),
}

impl Names {
    pub(crate) fn new(namespace: &str) -> Self {
        let prefix = match namespace {
            "" => String::new(),
            namespace => format!("{namespace}:"),
        };
        Names {
            prefix: prefix.into(),
        }
    }

    /// An entry: the key as its author wrote it, unless that could be the name of something else, or no other name could
    /// share its slot.
    pub(crate) fn entry(&self, key: &str) -> String {
        if is_internal(key) || is_odd(key) {
            [&self.prefix, ENTRY, key].concat()
        } else {
            [&self.prefix, key].concat()
        }
    }

    pub(crate) fn lease(&self, key: &str) -> String {
        self.beside("~lease", key)
    }

    pub(crate) fn generation(&self, guard: Guard, name: &str) -> String {
        match guard {
            Guard::Tag => [&self.prefix, "~tag:", name].concat(),
            Guard::Scope => [&self.prefix, "~scope:", name].concat(),
            Guard::Key => self.beside("~key", name),
        }
    }

    /// On the cluster slot of the root, without which nothing can be read anyway.
    pub(crate) fn any(&self, any: Any) -> String {
        let kind = match any {
            Any::Tag => "~any:tag",
            Any::Key => "~any:key",
        };
        let root = self.generation(Guard::Scope, "");
        if hash_tag(&root).is_some() {
            [&self.prefix, kind].concat()
        } else {
            [&self.prefix, kind, ":{", &root, "}"].concat()
        }
    }

    /// Who was there lately.
    pub(crate) fn active(&self, set: &str) -> String {
        [&self.prefix, "~active:", set].concat()
    }

    /// One turn of a job.
    pub(crate) fn turn(&self, job: &str, turn: u64) -> String {
        format!("{}~job:{job}:{turn}", self.prefix)
    }

    /// A name on the entry's cluster slot. The slot is that of the first text in braces, or else of the whole name.
    fn beside(&self, kind: &str, key: &str) -> String {
        let entry = self.entry(key);
        if hash_tag(&entry).is_some() {
            [&self.prefix, kind, "~", &entry].concat()
        } else {
            [&self.prefix, kind, ":{", &entry, "}"].concat()
        }
    }

    /// The key of an entry's name, if it is one.
    pub(crate) fn key_of_entry<'n>(&self, name: &'n str) -> Option<&'n str> {
        let rest = name.strip_prefix(&*self.prefix)?;
        match rest.strip_prefix(ENTRY) {
            Some(key) => (is_internal(key) || is_odd(key)).then_some(key),
            None => (!is_internal(rest) && !is_odd(rest)).then_some(rest),
        }
    }

    /// The key that a lease or a key generation belongs to.
    pub(crate) fn key_of_companion<'n>(&self, name: &'n str) -> Option<&'n str> {
        match self.meaning(name)? {
            Meaning::Lease(key) | Meaning::Generation(Guard::Key, key) => Some(key),
            _ => None,
        }
    }

    /// What a name stands for, if it is one that is written here.
    pub(crate) fn meaning<'n>(&self, name: &'n str) -> Option<Meaning<'n>> {
        let rest = name.strip_prefix(&*self.prefix)?;
        if let Some(tag) = rest.strip_prefix("~tag:") {
            return Some(Meaning::Generation(Guard::Tag, tag));
        }
        if let Some(scope) = rest.strip_prefix("~scope:") {
            return Some(Meaning::Generation(Guard::Scope, scope));
        }
        let beside = |kind| self.beside_what(rest.strip_prefix(kind)?);
        if let Some(key) = beside("~lease") {
            return Some(Meaning::Lease(key));
        }
        if let Some(key) = beside("~key") {
            return Some(Meaning::Generation(Guard::Key, key));
        }
        self.key_of_entry(name).map(Meaning::Entry)
    }

    /// The key of what [`beside`](Self::beside) was given.
    fn beside_what<'n>(&self, rest: &'n str) -> Option<&'n str> {
        let entry = match rest.strip_prefix(":{") {
            Some(in_braces) => in_braces.strip_suffix('}')?,
            None => rest.strip_prefix('~')?,
        };
        self.key_of_entry(entry)
    }

    /// The slot on which everything lies, if the namespace has a hash tag.
    pub(crate) fn only_slot(&self) -> Option<u16> {
        hash_tag(&self.prefix).map(slot::of)
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// What a name begins with, after the namespace, that is not an entry's.
const INTERNAL: [&str; 10] = [
    "~lease:", "~lease~", "~key:", "~key~", "~tag:", "~scope:", "~any:", "~active:", "~job:", ENTRY,
];

/// Stands before a key that begins as an internal name does, since whoever chooses a key must not write over a
/// generation; and before one with braces that are no hash tag.
const ENTRY: &str = "~entry:{~}";

fn is_internal(key: &str) -> bool {
    key.starts_with('~') && INTERNAL.iter().any(|internal| key.starts_with(internal))
}

/// Whether it has braces, but none around a text: in braces of ours it would be cut short.
fn is_odd(key: &str) -> bool {
    key.contains(['{', '}']) && hash_tag(key).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_called_what_its_author_wrote() {
        let names = Names::new("therapist");
        assert_eq!(names.entry("session:abc"), "therapist:session:abc");
        assert_eq!(Names::new("").entry("session:abc"), "session:abc");
    }

    #[test]
    fn no_key_is_called_what_a_generation_is() {
        let names = Names::new("ns");
        let tag = names.generation(Guard::Tag, "x");
        for key in [
            "~tag:x",
            "~scope:",
            "~lease:{ns:a}",
            "~any:key",
            "~entry:{~}~tag:x",
        ] {
            let name = names.entry(key);
            assert_ne!(name, tag);
            assert_eq!(name, format!("ns:~entry:{{~}}{key}"));
            assert_eq!(names.key_of_entry(&name), Some(key));
            assert_eq!(names.key_of_companion(&names.lease(key)), Some(key));
        }
        for key in ["~", "~tag", "tag:~tag:x"] {
            assert_eq!(names.entry(key), format!("ns:{key}"));
        }
        // Nobody writes such a name.
        assert_eq!(names.key_of_entry("ns:~entry:{~}x"), None);
    }

    #[test]
    fn a_lease_and_a_key_generation_share_the_slot_of_their_entry() {
        for (namespace, key) in [
            ("ns", "user:42"),
            ("{t}", "user:42"),
            ("", "a{b}c"),
            ("", "{x}"),
            ("ns", "a}b"),
            ("ns", "{}x"),
            ("", "{"),
            ("ns", "~tag:{x"),
            ("ns", "~tag:{x}"),
        ] {
            let names = Names::new(namespace);
            let slot_of = |name: &str| hash_tag(name).unwrap_or(name).to_owned();
            let entry = slot_of(&names.entry(key));
            assert_eq!(slot_of(&names.lease(key)), entry, "{namespace} {key}");
            assert_eq!(slot_of(&names.generation(Guard::Key, key)), entry);
        }
    }

    #[test]
    fn what_stands_for_all_shares_the_slot_of_the_root() {
        for namespace in ["ns", "{t}", "a{b}c", ""] {
            let names = Names::new(namespace);
            let slot_of = |name: &str| hash_tag(name).unwrap_or(name).to_owned();
            let root = slot_of(&names.generation(Guard::Scope, ""));
            for any in [Any::Tag, Any::Key] {
                let name = names.any(any);
                assert_eq!(slot_of(&name), root, "{name}");
                let key = &name[names.prefix().len()..];
                assert_ne!(names.entry(key), name, "a key can be called so");
            }
        }
    }

    #[test]
    fn names_are_read_back_and_kept_apart() {
        let keys = [
            "user:42",
            "u",
            "a{b}c",
            "x",
            "a}b",
            "{}x",
            "~tag:x",
            "~leasehold",
            "~keys",
            "~lease:{x}",
            "~key~{x}",
        ];
        for (namespace, key) in ["ns", "{t}", ""]
            .iter()
            .flat_map(|ns| keys.map(|key| (*ns, key)))
        {
            let names = Names::new(namespace);
            let (lease, generation) = (names.lease(key), names.generation(Guard::Key, key));
            assert_eq!(names.key_of_companion(&lease), Some(key));
            assert_eq!(names.key_of_companion(&generation), Some(key));
            assert_eq!(names.meaning(&lease), Some(Meaning::Lease(key)));
            let own = Meaning::Generation(Guard::Key, key);
            assert_eq!(names.meaning(&generation), Some(own));
            let entry = names.entry(key);
            assert_eq!(names.meaning(&entry), Some(Meaning::Entry(key)));
            assert_eq!(names.key_of_entry(&names.entry(key)), Some(key));
            assert_eq!(names.key_of_entry(&lease), None);
            assert_eq!(names.key_of_entry(&names.generation(Guard::Tag, key)), None);
            assert_eq!(
                names.key_of_companion(&names.generation(Guard::Scope, key)),
                None
            );
            assert_ne!(lease, generation);
        }
        let bare = Names::new("");
        assert_ne!(bare.lease("x"), bare.lease("{x}"));
    }
}
