//! What responses vary on (RFC 9111 §4.1, RFC 9110 §12.5.5).
//!
//! The first response under the key of a request stands there, and under a key with the values of the fields that it varies on.
//! Whoever finds another variant than his own under the first key looks under his own key, and knows from then on.

use crate::key::Key;
use foldhash::fast::FixedState;
use http::HeaderMap;
use http::header::VARY;
use quick_cache::sync::Cache;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Names of fields, in lower case and order.
pub(super) type Names = Arc<[String]>;

/// The fields that a response varies on.
pub(super) fn names(headers: &HeaderMap) -> Names {
    let lines = headers.get_all(VARY).iter();
    let mut names: Vec<String> = lines
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort();
    names.dedup();
    names.into()
}

/// All of both.
pub(super) fn together(one: &[String], other: &[String]) -> Names {
    let mut names = [one, other].concat();
    names.sort();
    names.dedup();
    names.into()
}

/// On what the responses to requests vary, as far as this process knows.
pub(super) struct Variants(Cache<u64, Names>);

/// So many requests are remembered. One that is forgotten costs a look.
const MOST: usize = 10_000;

impl Default for Variants {
    fn default() -> Self {
        Variants(Cache::new(MOST))
    }
}

impl Variants {
    pub(super) fn learn(&self, key: &Key, names: Names) {
        self.0.insert(hash(key), names);
    }

    /// Of two keys with one hash, the other one's answers stand under keys with more in them than is needed.
    pub(super) fn of(&self, key: &Key) -> Option<Names> {
        self.0.get(&hash(key))
    }
}

fn hash(key: &Key) -> u64 {
    FixedState::default().hash_one(key.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn names_are_those_of_all_lines() {
        let lines = ["Accept-Language, accept", "", "ACCEPT,, x"];
        let lines = lines.map(|line| (VARY, HeaderValue::from_static(line)));
        let names = names(&lines.into_iter().collect());
        assert_eq!(*names, ["accept", "accept-language", "x"]);
        assert_eq!(
            *together(&names, &["b".to_owned()]),
            ["accept", "accept-language", "b", "x"]
        );
    }
}
