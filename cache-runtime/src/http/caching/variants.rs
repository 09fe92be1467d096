//! What responses vary on (RFC 9111 §4.1, RFC 9110 §12.5.5).
//!
//! The first response under the key of a request stands there, and under a key with the values of the fields that it varies on.
//! Whoever finds another variant than his own under the first key looks under his own key, and knows from then on.

use super::fields::{listed, text};
use crate::key::Key;
use crate::key::encode::digest_of_text;
use foldhash::quality::RandomState;
use http::header::VARY;
use http::{HeaderMap, HeaderName};
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use std::sync::Arc;

/// Names of fields, in lower case and order.
pub(super) type Names = Arc<[String]>;

/// The fields that a response varies on.
pub(super) fn names(headers: &HeaderMap) -> Names {
    let names = listed(headers, VARY).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_ascii_lowercase).collect();
    together(&names, &[])
}

/// A digest of the values that a request has of these fields.
pub(super) fn values(names: &[String], request: &HeaderMap) -> u128 {
    let mut all = String::new();
    for name in names {
        let value = value(request, name);
        // Neither has a line break.
        all.push_str(name);
        all.push(if value.is_some() { '=' } else { '-' });
        all.push_str(value.as_deref().unwrap_or_default());
        all.push('\n');
    }
    u128::from_be_bytes(digest_of_text(&all))
}

/// The value of a field, of several lines the list of them, without blanks that mean nothing (RFC 9111 §4.1).
fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let name = HeaderName::try_from(name).ok()?;
    let mut lines = headers.get_all(name).iter().map(text).peekable();
    lines.peek()?;
    let mut value = String::new();
    for line in lines {
        for item in line.split(',') {
            if !value.is_empty() {
                value.push(',');
            }
            value.push_str(item.trim());
        }
    }
    Some(value)
}

/// All of both.
pub(super) fn together(one: &[String], other: &[String]) -> Names {
    let mut names = [one, other].concat();
    names.sort();
    names.dedup();
    names.into()
}

/// On what the responses to requests vary, as far as this process knows.
pub(super) struct Variants(Cache<Key, Names, UnitWeighter, RandomState>);

/// So many requests are remembered. One that is forgotten costs a look.
const MOST: u64 = 10_000;

impl Default for Variants {
    fn default() -> Self {
        let hasher = RandomState::default();
        let lifecycle = DefaultLifecycle::default();
        Variants(Cache::with(0, MOST, UnitWeighter, hasher, lifecycle))
    }
}

impl Variants {
    pub(super) fn learn(&self, key: &Key, names: Names) {
        self.0.insert(key.clone(), names);
    }

    pub(super) fn of(&self, key: &Key) -> Option<Names> {
        self.0.get(key)
    }
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
